# The image the Airbyte platform runs: one static binary on a Debian with a shell, because the
# platform starts connectors through `sh -c "eval $AIRBYTE_ENTRYPOINT ..."` in their own image.
FROM golang:1.26-bookworm AS build
# Set by BuildKit and buildah for the platform being built; empty means the builder's own.
ARG TARGETOS
ARG TARGETARCH
WORKDIR /src
# The modules change rarely: they get a layer of their own.
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 GOOS=${TARGETOS:-linux} GOARCH=${TARGETARCH} \
    go build -trimpath -buildvcs=false -ldflags "-s -w" -o /out/destination-astra .

FROM debian:bookworm-slim
# The same user, ids and directories as the platform's base images; the working directory of a sync
# is /dest, where the platform's wrapper writes its exit code.
RUN groupadd --gid 1000 airbyte \
 && useradd --uid 1000 --gid airbyte --create-home --shell /bin/sh airbyte \
 && mkdir -p /airbyte /config /dest /secrets /staging/files \
 && chown -R airbyte:airbyte /airbyte /config /dest /secrets /staging
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build --chown=airbyte:airbyte /out/destination-astra /airbyte/destination-astra
COPY --chown=airbyte:airbyte LICENSE NOTICE metadata.yaml /airbyte/
USER airbyte
WORKDIR /airbyte
ENV AIRBYTE_ENTRYPOINT="/airbyte/destination-astra"
ENTRYPOINT ["/airbyte/destination-astra"]
LABEL io.airbyte.name="airbyte/destination-astra" \
      io.airbyte.version="0.2.0" \
      org.opencontainers.image.licenses="MIT"
