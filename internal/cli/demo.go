package cli

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"
	"golang.org/x/term"

	"destination-astra/connector"
	"destination-astra/docs"
	"destination-astra/internal/clients"
	"destination-astra/protocol"
	"destination-astra/reading"
	"destination-astra/spec"
)

// The demo's one stream, and how many hits, and how much of each, it shows of a
// search.
const (
	demoStream   = "docs"
	demoHits     = 3
	excerptRunes = 100
)

// demoSearches are questions that the indexed pages answer.
func demoSearches() []string {
	return []string{
		"which documents are deleted when an overwrite completes?",
		"record rejected because a string is too long for the index",
		"run the docker image on the Airbyte platform",
	}
}

func (a *app) demoCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "demo",
		Short: "Index this project's documentation into a temporary local store and search it",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.demo(cmd.Context()); err != nil {
				return peopleError{err}
			}
			return nil
		},
	}
}

// demo is the real thing on a small scale: the same write that the platform
// calls, with the fake embedder and an embedded Data API.
func (a *app) demo(ctx context.Context) (err error) {
	dir, err := os.MkdirTemp("", "destination-astra-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	config, err := demoConfig(dir)
	if err != nil {
		return err
	}
	p := a.answers()
	p.line("Indexing this project's documentation into a temporary local store (%s).", dir)
	progress := &progressLine{printer: p, show: isTerminal(a.stdout)}
	output := &demoOutput{progress: progress}
	writer := protocol.NewWriter(output)
	c, err := clients.Open(clients.Options{
		Config: config, Writer: writer, Log: newLogger(writer, a.getenv("LOG_LEVEL")),
		OpenLocal: a.openLocal, Version: version(), MemoryBytes: inFlightBytes(),
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	summary, pages, err := a.demoWrite(ctx, connector.New(c))
	progress.end()
	if err != nil {
		return err
	}
	p.line("%d pages, %d records, %d chunks: embedded and stored in %.2f seconds.",
		pages, summary.Records, summary.Chunks, summary.Duration.Seconds())
	for _, query := range demoSearches() {
		if err := demoSearch(ctx, c, query, p); err != nil {
			return err
		}
	}
	p.print(demoNext)
	return p.err
}

const demoNext = `
The embedder was "fake": it finds texts that share words. A real one finds texts that share meaning.

Next, with your own data: put the configuration, the catalog and the messages of README.md into files, and

  go run . write --config config.json --catalog catalog.json < messages.jsonl
  go run . local --data data      serves what was written to any Data API client
`

func demoConfig(dir string) (*spec.Config, error) {
	text, err := json.Marshal(map[string]any{
		"embedding": map[string]any{"mode": spec.ModeFake},
		"processing": map[string]any{
			"chunk_size": 200, "text_fields": []string{"title", "body"}, "metadata_fields": []string{"page", "title"},
			"text_splitter": map[string]any{"mode": spec.ModeMarkdown, "split_level": 3},
		},
		"indexing": map[string]any{
			"astra_db_endpoint": "local:" + dir, "astra_db_app_token": "local",
			"astra_db_keyspace": "default_keyspace", "collection": "demo",
		},
	})
	if err != nil {
		return nil, err
	}
	config, _, err := spec.Parse(text)
	return config, err
}

// demoWrite feeds one record a section to the connector, as a source would.
func (a *app) demoWrite(ctx context.Context, c *connector.Connector) (connector.Summary, int, error) {
	catalog, err := protocol.ParseCatalog([]byte(`{"streams":[{"stream":{"name":"` + demoStream +
		`","json_schema":{"type":"object"},"supported_sync_modes":["full_refresh"]},"sync_mode":"full_refresh",` +
		`"destination_sync_mode":"append_dedup","primary_key":[["page"],["section"]]}]}`))
	if err != nil {
		return connector.Summary{}, 0, err
	}
	in, out := io.Pipe()
	var group errgroup.Group
	pages := 0
	group.Go(func() error {
		n, err := writeDocs(out, docs.Files)
		pages = n
		return out.CloseWithError(err)
	})
	summary, err := c.Write(ctx, catalog, in)
	return summary, pages, errors.Join(err, in.Close(), group.Wait())
}

// writeDocs prints a RECORD for each section of each page and a STATE after
// each page, and returns the number of pages.
func writeDocs(out io.Writer, files fs.FS) (pages int, err error) {
	encoder := json.NewEncoder(out)
	err = fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".md" {
			return err
		}
		text, err := fs.ReadFile(files, path)
		if err != nil {
			return err
		}
		pages++
		for i, s := range sections(string(text)) {
			record := map[string]any{"page": path, "section": i, "title": s.title, "body": s.body}
			if err := encoder.Encode(map[string]any{"type": "RECORD", "record": map[string]any{
				"stream": demoStream, "emitted_at": time.Now().UnixMilli(), "data": record}}); err != nil {
				return err
			}
		}
		return encoder.Encode(map[string]any{"type": "STATE", "state": map[string]any{"type": "STREAM",
			"stream": map[string]any{"stream_descriptor": map[string]any{"name": demoStream},
				"stream_state": map[string]any{"page": path}}}})
	})
	return pages, err
}

type section struct{ title, body string }

// sections cuts a page at its second-level headings.
func sections(page string) []section {
	var all []section
	for _, part := range strings.Split("\n"+page, "\n## ") {
		part = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(part), "# "))
		title, body, _ := strings.Cut(part, "\n")
		if title != "" {
			all = append(all, section{title: strings.TrimSpace(title), body: strings.TrimSpace(body)})
		}
	}
	return all
}

func demoSearch(ctx context.Context, c *clients.Clients, query string, p *printer) error {
	hits, err := reading.Search(ctx, c, reading.Query{Text: query, Limit: demoHits})
	if err != nil {
		return err
	}
	p.line("\nSearch: %s", query)
	for i, h := range hits {
		var d struct{ Page, Title string }
		if err := json.Unmarshal(h.Document, &d); err != nil {
			return err
		}
		_, body, _ := strings.Cut(h.Text, "body: ")
		p.line("  %d. %.3f  docs/%s, %q\n     %s", i+1, h.Similarity, d.Page, d.Title,
			p.excerpt(cmp.Or(body, h.Text), excerptRunes))
	}
	return nil
}

// demoOutput takes the protocol's messages, which nobody reads here: it counts
// the states and shows warnings and errors.
type demoOutput struct{ progress *progressLine }

// Write takes one line.
func (o *demoOutput) Write(line []byte) (int, error) {
	var m struct {
		Type string `json:"type"`
		Log  struct{ Level, Message string }
	}
	if err := json.Unmarshal(bytes.TrimSpace(line), &m); err != nil {
		return 0, err
	}
	switch {
	case m.Type == "STATE":
		o.progress.step()
	case m.Type == "LOG" && m.Log.Level != string(protocol.LogInfo):
		o.progress.say(m.Log.Level + ": " + m.Log.Message)
	}
	return len(line), nil
}

// progressLine shows on a terminal how many pages are stored.
type progressLine struct {
	printer *printer
	show    bool
	pages   int
}

func (p *progressLine) step() {
	p.pages++
	if p.show {
		p.printer.print("\r  %d pages stored", p.pages)
	}
}

func (p *progressLine) say(text string) { p.printer.line("\n  %s", text) }

func (p *progressLine) end() {
	if p.show && p.pages > 0 {
		p.printer.line("")
	}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(interface{ Fd() uintptr })
	return ok && term.IsTerminal(int(f.Fd()))
}
