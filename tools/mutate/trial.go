package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// verdict is what came of a mutant.
type verdict string

const (
	killed    verdict = "killed"
	survived  verdict = "survived"
	unreached verdict = "unreached" // no test comes there
	invalid   verdict = "invalid"   // it does not compile
)

// trial are packages under trial, and name is the one whose tests run.
type trial struct {
	root, name, work string
	module           string // its path
	budget           time.Duration
	tests            []test // the shortest first
	counted          map[string][]block
}

// test is a top-level test, and what it reaches.
type test struct {
	name   string
	took   time.Duration
	blocks map[string][]block // by the file's name, after the package's path
}

// block is a stretch of code that coverage counts as one.
type block struct{ from, to place }

// measure runs each test of the package alone, to know how long it takes and what it reaches of the packages to break.
func (p *trial) measure(ctx context.Context, broken []string) error {
	module, err := p.command(ctx, "go", "list", "-m").Output()
	if err != nil {
		return err
	}
	p.module = strings.TrimSpace(string(module))
	binary := filepath.Join(p.work, "cover.test")
	build := p.command(ctx, "go", "test", "-c", "-coverpkg", strings.Join(broken, ","), "-o", binary, p.name)
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	list, err := p.inPackage(ctx, binary, "-test.list", ".").Output()
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(list)) {
		name := strings.TrimSpace(line)
		if strings.HasPrefix(name, "Benchmark") {
			continue
		}
		profile := filepath.Join(p.work, "profile")
		began := time.Now()
		out, err := p.inPackage(ctx, binary, "-test.run", "^"+name+"$", "-test.coverprofile", profile).CombinedOutput()
		if err != nil {
			return fmt.Errorf("%s: %w\n%s", name, err, out)
		}
		t := test{name: name, took: time.Since(began)}
		if t.blocks, p.counted, err = readProfile(profile); err != nil {
			return err
		}
		p.tests = append(p.tests, t)
	}
	slices.SortFunc(p.tests, func(a, b test) int { return cmp.Compare(a.took, b.took) })
	return nil
}

// command runs in the module's folder, with the least effort of tests that try many points.
func (p *trial) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, name, args...)
	c.Dir, c.Env = p.root, append(os.Environ(), "TEST_EFFORT=low", "GOFLAGS=-buildvcs=false")
	return c
}

// inPackage runs where tests expect to.
func (p *trial) inPackage(ctx context.Context, name string, args ...string) *exec.Cmd {
	c := p.command(ctx, name, args...)
	c.Dir = filepath.Join(p.root, p.name)
	return c
}

// readProfile returns the blocks of a coverage profile: those that were reached, and all.
func readProfile(path string) (reached, all map[string][]block, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer file.Close()
	reached, all = map[string][]block{}, map[string][]block{}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		name, rest, found := strings.Cut(lines.Text(), ".go:")
		if !found {
			continue // the mode
		}
		var b block
		var statements, count int
		if _, err := fmt.Sscanf(rest, "%d.%d,%d.%d %d %d",
			&b.from.line, &b.from.column, &b.to.line, &b.to.column, &statements, &count); err != nil {
			return nil, nil, fmt.Errorf("profile: %q: %w", lines.Text(), err)
		}
		all[name] = append(all[name], b)
		if count > 0 {
			reached[name] = append(reached[name], b)
		}
	}
	return reached, all, lines.Err()
}

func (b block) holds(p place) bool { return b.from.compare(p) <= 0 && p.compare(b.to) <= 0 }

func anyHolds(blocks []block, p place) bool {
	return slices.ContainsFunc(blocks, func(b block) bool { return b.holds(p) })
}

// counts is how a coverage profile names a file.
func (p *trial) counts(file string) string {
	name := strings.TrimSuffix(strings.TrimPrefix(file, p.root), ".go")
	return p.module + filepath.ToSlash(name)
}

// reaching are the names of the tests that reach the mutant, the shortest first, as many as the budget has time
// for and one at least, and how long they take.
func (p *trial) reaching(m mutant) (names []string, took time.Duration) {
	file, at := p.counts(m.file), m.at
	if !anyHolds(p.counted[file], at) {
		at = m.within // such as the value of a case, which is not counted
	}
	for _, t := range p.tests {
		if !anyHolds(t.blocks[file], at) {
			continue
		}
		if len(names) > 0 && took+t.took > p.budget {
			break
		}
		names = append(names, t.name)
		took += t.took
	}
	return names, took
}

// try runs the tests that reach the mutant.
func (p *trial) try(ctx context.Context, m mutant) (verdict, error) {
	names, took := p.reaching(m)
	if len(names) == 0 {
		return unreached, nil
	}
	broken, overlay := filepath.Join(p.work, "broken.go"), filepath.Join(p.work, "overlay.json")
	if err := os.WriteFile(broken, m.source, 0o600); err != nil {
		return "", err
	}
	text, err := json.Marshal(map[string]any{"Replace": map[string]string{m.file: broken}})
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(overlay, text, 0o600); err != nil {
		return "", err
	}
	limit := 10*took + 30*time.Second
	out, err := p.command(ctx, "go", "test", "-overlay", overlay, "-vet=off", "-count=1", "-failfast",
		"-timeout", limit.String(), "-run", "^("+strings.Join(names, "|")+")$", p.name).CombinedOutput()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case err == nil:
		return survived, nil
	case !errors.As(err, &exit):
		return "", err
	case bytes.Contains(out, []byte("[build failed]")):
		return invalid, nil
	}
	return killed, nil
}
