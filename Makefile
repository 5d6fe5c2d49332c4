# Every target is one command that you could type yourself.
VERSION ?= 0.2.0
TIME ?= 10m
FUZZ ?=

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

# All fuzz targets, or those that match: make fuzz TIME=30s FUZZ=chunk.FuzzSplit
fuzz:
	go -C tools run ./fuzz -time $(TIME) -only '$(FUZZ)'

bench:
	go test -run '^$$' -bench . -benchmem ./...

image:
	docker build -t airbyte/destination-astra:$(VERSION) .
