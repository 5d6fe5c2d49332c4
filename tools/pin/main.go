// Pin puts the digest behind each image that the Dockerfile builds on (its lines ARG ..._IMAGE=name:tag), so that
// what is built tomorrow is what was tested today. Run it again to take what the tags have become:
//
//	go -C tools run ./pin
//
// It asks the registry by way of docker buildx, and so needs both. The digest is that of the list of all platforms.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "pin:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out, messages io.Writer) error {
	flags := flag.NewFlagSet("pin", flag.ContinueOnError)
	flags.SetOutput(messages)
	root := flags.String("root", "..", "the folder of the Dockerfile")
	docker := flags.String("docker", "docker", "the command that has buildx imagetools")
	if err := flags.Parse(args); err != nil {
		return err
	}
	name := filepath.Join(*root, "Dockerfile")
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	pinned, err := pin(string(text), func(image string) (string, error) {
		command := exec.CommandContext(ctx, *docker, "buildx", "imagetools", "inspect", "--format", "{{.Manifest.Digest}}", image)
		command.Stderr = messages
		digest, err := command.Output()
		fmt.Fprintf(out, "%s@%s", image, digest)
		return strings.TrimSpace(string(digest)), err
	})
	if err != nil {
		return err
	}
	return os.WriteFile(name, []byte(pinned), 0o644)
}

// pin returns the Dockerfile with the digests that ask answers with. With an error nothing is changed.
func pin(dockerfile string, ask func(image string) (digest string, err error)) (string, error) {
	images := regexp.MustCompile(`(?m)^(ARG \w+_IMAGE=)([^@\s]+)(@\S+)?$`)
	digests := regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
	if !images.MatchString(dockerfile) {
		return "", fmt.Errorf("the Dockerfile has no ARG ..._IMAGE=")
	}
	var failed error
	pinned := images.ReplaceAllStringFunc(dockerfile, func(line string) string {
		parts := images.FindStringSubmatch(line)
		digest, err := ask(parts[2])
		if err == nil && !digests.MatchString(digest) {
			err = fmt.Errorf("%q is no digest", digest)
		}
		if err != nil && failed == nil {
			failed = fmt.Errorf("%s: %w", parts[2], err)
		}
		return parts[1] + parts[2] + "@" + digest
	})
	return pinned, failed
}
