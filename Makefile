# Every target is one command that you could type yourself.
VERSION ?= 0.2.0
PKG ?= protocol
FUZZ ?= FuzzReader

.PHONY: build test race check golden fuzz bench image

build:
	CGO_ENABLED=0 go build -trimpath -o destination-astra .

test:
	go test ./...

race:
	go test -race ./...

# What CI runs, and nothing else.
check:
	.ci/run

# Rewrites the golden files; read their diff before you commit it.
golden:
	GOLDEN_UPDATE=1 go test ./...

# One target of one package: make fuzz PKG=chunk FUZZ=FuzzSplit
fuzz:
	go test -run '^$$' -fuzz '^$(FUZZ)$$' -fuzztime 30s ./$(PKG)

bench:
	go test -run '^$$' -bench . -benchmem ./...

image:
	docker build -t airbyte/destination-astra:$(VERSION) .
