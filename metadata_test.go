package main_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// metadata is the part of metadata.yaml that other files repeat or rely on.
type metadata struct {
	Data struct {
		ConnectorType     string `yaml:"connectorType"`
		DockerRepository  string `yaml:"dockerRepository"`
		DockerImageTag    string `yaml:"dockerImageTag"`
		License           string `yaml:"license"`
		ProtocolVersion   string `yaml:"protocolVersion"`
		SupportsRefreshes bool   `yaml:"supportsRefreshes"`
	} `yaml:"data"`
}

// TestMetadata keeps metadata.yaml, which the platform's registry reads, in step with the tree.
func TestMetadata(t *testing.T) {
	var m metadata
	require.NoError(t, yaml.Unmarshal(readFile(t, "metadata.yaml"), &m))

	require.Equal(t, "destination", m.Data.ConnectorType)
	require.Equal(t, "MIT", m.Data.License, "the licence of LICENSE")
	require.True(t, m.Data.SupportsRefreshes, "finalising waits for a COMPLETE that comes only with it")
	// The version of the protocol, not of its package: the platform accepts 0.0.0 to 0.3.0.
	require.Equal(t, "0.2.0", m.Data.ProtocolVersion)

	dockerfile := string(readFile(t, "Dockerfile"))
	require.Contains(t, dockerfile, `io.airbyte.version="`+m.Data.DockerImageTag+`"`)
	require.Contains(t, dockerfile, `io.airbyte.name="`+m.Data.DockerRepository+`"`)
	require.Contains(t, string(readFile(t, "Makefile")), "VERSION ?= "+m.Data.DockerImageTag+"\n")
	require.Contains(t, string(readFile(t, "internal/cli/run.go")), `defaultVersion = "`+m.Data.DockerImageTag+`"`)
}

// TestDockerfileStartsTheBinary checks what the platform's wrapper relies on: its variable names the
// same absolute path as the entry point, and the user can write where the wrapper works.
func TestDockerfileStartsTheBinary(t *testing.T) {
	dockerfile := string(readFile(t, "Dockerfile"))
	const binary = "/airbyte/destination-astra"

	require.Contains(t, dockerfile, `ENV AIRBYTE_ENTRYPOINT="`+binary+`"`)
	require.Contains(t, dockerfile, `ENTRYPOINT ["`+binary+`"]`)
	require.Regexp(t, `(?m)^USER airbyte$`, dockerfile)
	require.Regexp(t, `chown -R airbyte:airbyte .*/dest`, dockerfile)
	require.Contains(t, dockerfile, "chmod 1777 /airbyte")
}

// TestDockerfileGivesNoRights: the program runs as a user who can change neither it nor who he is, and its licences
// come with it. What others build on is named where its digest can be put.
func TestDockerfileGivesNoRights(t *testing.T) {
	dockerfile := string(readFile(t, "Dockerfile"))
	_, last, found := strings.Cut(dockerfile, "\nFROM ${BASE_IMAGE}\n")
	require.True(t, found)

	require.Contains(t, dockerfile, "chmod 0555 /out/destination-astra")
	require.NotContains(t, last, "COPY --chown", "what is copied is root's")
	require.NotContains(t, last, "COPY --chmod")
	require.Contains(t, last, "find / -xdev -type f -perm /6000 -exec chmod ug-s {} +")
	require.Less(t, strings.Index(last, "chmod ug-s"), strings.Index(last, "\nUSER airbyte\n"))
	require.NotRegexp(t, `(?m)^USER (root|0)`, last)
	require.Contains(t, last, "COPY LICENSE NOTICE docs/sbom.json metadata.yaml /airbyte/")
	for _, from := range regexp.MustCompile(`(?m)^FROM (\S+)`).FindAllStringSubmatch(dockerfile, -1) {
		require.Regexp(t, `^\$\{(GO|BASE)_IMAGE\}$`, from[1])
	}
	require.Regexp(t, `(?m)^ARG GO_IMAGE=golang:1\.26-bookworm(@sha256:[0-9a-f]{64})?$`, dockerfile)
	require.Regexp(t, `(?m)^ARG BASE_IMAGE=debian:bookworm-slim(@sha256:[0-9a-f]{64})?$`, dockerfile)
}

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	return data
}
