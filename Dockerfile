# The image the Airbyte platform runs: one static binary on a Debian with a shell, because the
# platform starts connectors through `sh -c "eval $AIRBYTE_ENTRYPOINT ..."` in their own image.
# `go -C tools run ./pin` puts the digests that the tags have today behind them.
ARG GO_IMAGE=golang:1.26-bookworm
ARG BASE_IMAGE=debian:bookworm-slim

FROM ${GO_IMAGE} AS build
# Set by BuildKit and buildah for the platform being built; empty means the builder's own.
ARG TARGETOS
ARG TARGETARCH
WORKDIR /src
# The modules change rarely: they get a layer of their own.
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 GOOS=${TARGETOS:-linux} GOARCH=${TARGETARCH} \
    go build -trimpath -buildvcs=false -ldflags "-s -w" -o /out/destination-astra . \
 && chmod 0555 /out/destination-astra

FROM ${BASE_IMAGE}
# The same user, ids and directories as the platform's base images; the working directory of a sync
# is /dest, where the platform's wrapper writes its exit code. /airbyte can be written, but what root
# puts there can be neither changed nor replaced. Nothing in the image gives anybody another's rights.
RUN groupadd --gid 1000 airbyte \
 && useradd --uid 1000 --gid airbyte --create-home --shell /bin/sh airbyte \
 && mkdir -p /airbyte /config /dest /secrets /staging/files \
 && chown -R airbyte:airbyte /config /dest /secrets /staging \
 && chmod 1777 /airbyte \
 && find / -xdev -type f -perm /6000 -exec chmod ug-s {} +
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/destination-astra /airbyte/destination-astra
COPY LICENSE NOTICE docs/sbom.json metadata.yaml /airbyte/
USER airbyte
WORKDIR /airbyte
ENV AIRBYTE_ENTRYPOINT="/airbyte/destination-astra"
ENTRYPOINT ["/airbyte/destination-astra"]
LABEL io.airbyte.name="airbyte/destination-astra" \
      io.airbyte.version="0.2.0" \
      org.opencontainers.image.licenses="MIT"
