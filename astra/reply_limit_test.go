package astra_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/astra"
)

// endless is an answer that begins with text and never ends. It counts what is read of it.
type endless struct {
	text string
	read int
}

func (e *endless) Read(p []byte) (int, error) {
	n := copy(p, e.text)
	e.text = e.text[n:]
	for i := n; i < len(p); i++ {
		p[i] = ' '
	}
	e.read += len(p)
	return len(p), nil
}

// TestRepliesAreBounded answers without an end. No more is read than the command can have an
// answer for, whatever length was announced, and nothing is repeated.
func TestRepliesAreBounded(t *testing.T) {
	find := func(short bool) func(context.Context, *astra.Collection) error {
		return func(ctx context.Context, c *astra.Collection) error {
			_, err := c.Find(ctx, astra.FindQuery{Projection: map[string]int{"n": 1}, ShortFields: short})
			return err
		}
	}
	tests := map[string]struct {
		limit     int
		announced int64
		call      func(context.Context, *astra.Collection) error
	}{
		"find":                       {astra.MaxPageBytes, -1, find(false)},
		"find short fields":          {astra.MaxReplyBytes, -1, find(true)},
		"a length that is too large": {astra.MaxReplyBytes, 1 << 40, find(true)},
		"insertMany": {astra.MaxReplyBytes, -1, func(ctx context.Context, c *astra.Collection) error {
			_, err := c.InsertMany(ctx, notes("a"))
			return err
		}},
		"deleteMany": {astra.MaxReplyBytes, -1, func(ctx context.Context, c *astra.Collection) error {
			_, err := c.DeleteMany(ctx, map[string]int{"n": 1})
			return err
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			body := &endless{text: `{"data":{"documents":[`}
			transport := script(func(*http.Request, string) (*http.Response, error) {
				return &http.Response{StatusCode: http.StatusOK, ContentLength: test.announced, Body: io.NopCloser(body)}, nil
			})
			err := test.call(t.Context(), articles(t, transport))
			require.ErrorIs(t, err, astra.ErrResponseTooLarge)
			require.ErrorContains(t, err, "the answer is too large: over ")
			require.LessOrEqual(t, body.read, test.limit+1)
			require.Len(t, transport.bodies, 1)
		})
	}
}

// TestPagesOfLongDocumentsAreRead reads what is too large for an answer of short fields.
func TestPagesOfLongDocumentsAreRead(t *testing.T) {
	text := strings.Repeat("x", astra.MaxReplyBytes)
	c := articles(t, script(reply(`{"data":{"documents":[{"text":"`+text+`"}],"nextPageState":null}}`)))
	page, err := c.Find(t.Context(), astra.FindQuery{Projection: map[string]int{"*": 1}})
	require.NoError(t, err)
	require.Len(t, page.Documents[0], len(text)+len(`{"text":""}`))
}
