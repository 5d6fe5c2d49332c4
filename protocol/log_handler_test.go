package protocol_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"destination-astra/internal/protocoltest"
	"destination-astra/protocol"
)

// token is a secret as package spec has one.
type token string

func (token) String() string               { return "[redacted]" }
func (token) Format(f fmt.State, _ rune)   { _, _ = f.Write([]byte("[redacted]")) }
func (token) LogValue() slog.Value         { return slog.StringValue("[redacted]") }
func (token) MarshalText() ([]byte, error) { return []byte("[redacted]"), nil }

// logged returns level and message of each LOG line.
func logged(t *testing.T, output []byte) []string {
	t.Helper()
	protocoltest.Validate(t, output)
	var texts []string
	for _, line := range bytes.Split(bytes.TrimSpace(output), []byte{'\n'}) {
		var m struct {
			Log struct{ Level, Message string }
		}
		require.NoError(t, json.Unmarshal(line, &m))
		texts = append(texts, m.Log.Level+" "+m.Log.Message)
	}
	return texts
}

func TestLogHandlerLevels(t *testing.T) {
	var out bytes.Buffer
	logger := slog.New(protocol.NewLogHandler(newWriter(&out), protocol.LevelTrace))
	for _, level := range []slog.Level{
		protocol.LevelTrace - 1, protocol.LevelTrace, slog.LevelDebug, slog.LevelInfo, slog.LevelInfo + 1,
		slog.LevelWarn, slog.LevelError, protocol.LevelFatal, protocol.LevelFatal + 9,
	} {
		logger.Log(t.Context(), level, "x")
	}
	require.Equal(t, []string{
		"TRACE x", "DEBUG x", "INFO x", "INFO x", "WARN x", "ERROR x", "FATAL x", "FATAL x",
	}, logged(t, out.Bytes()), "the first one is below the level")
}

func TestLogHandlerDefaultLevel(t *testing.T) {
	var out bytes.Buffer
	logger := slog.New(protocol.NewLogHandler(newWriter(&out), nil))
	logger.Debug("quiet")
	logger.Info("loud")
	require.Equal(t, []string{"INFO loud"}, logged(t, out.Bytes()))
}

func TestLogHandlerAttributes(t *testing.T) {
	tests := map[string]struct {
		log  func(*slog.Logger)
		want string
	}{
		"none":     {func(l *slog.Logger) { l.Info("flushed") }, "flushed"},
		"in order": {func(l *slog.Logger) { l.Info("flushed", "b", 1, "a", "x", "c", true) }, "flushed b=1 a=x c=true"},
		"quoted": {
			func(l *slog.Logger) { l.Info("x", "a", "two words", "b", "", "c", "a=b", "d", "line\n", "e f", `"`) },
			`x a="two words" b="" c="a=b" d="line\n" "e f"="\""`,
		},
		"values": {
			func(l *slog.Logger) {
				l.Info("x", "d", 1500*time.Millisecond, "t", time.UnixMilli(1732150000123).UTC(),
					"f", 2.5, "err", errors.New("read x: EOF"), "nil", nil, "list", []int{1, 2},
					"stream", protocol.StreamDescriptor{Namespace: "public", Name: "users"})
			},
			`x d=1.5s t=2024-11-21T00:46:40.123Z f=2.5 err="read x: EOF" nil=<nil> list="[1 2]" stream=public.users`,
		},
		"groups": {
			func(l *slog.Logger) {
				l.With("job", 7).WithGroup("batch").With("n", 1).Info("x", slog.Group("size", "bytes", 5), "docs", 2)
			},
			"x job=7 batch.n=1 batch.size.bytes=5 batch.docs=2",
		},
		"inlined and empty": {
			func(l *slog.Logger) {
				l.WithGroup("").Info("x", slog.Group("", "a", 1), slog.Group("empty"), slog.Attr{}, "b", 2)
			},
			"x a=1 b=2",
		},
		"secrets": {
			func(l *slog.Logger) {
				l.With("with", token("AstraCS:1")).Info("x", "attr", token("AstraCS:2"),
					"list", []token{"AstraCS:3"}, slog.Group("g", "t", token("AstraCS:4")))
			},
			"x with=[redacted] attr=[redacted] list=[[redacted]] g.t=[redacted]",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			tt.log(slog.New(protocol.NewLogHandler(newWriter(&out), slog.LevelInfo)))
			require.Equal(t, []string{"INFO " + tt.want}, logged(t, out.Bytes()))
		})
	}
}

func TestLogHandlerWithDoesNotShare(t *testing.T) {
	var out bytes.Buffer
	base := slog.New(protocol.NewLogHandler(newWriter(&out), nil)).With("a", 1)
	left, right := base.With("l", 1), base.With("r", 1)
	left.Info("x")
	right.Info("x")
	base.Info("x")
	require.Equal(t, []string{"INFO x a=1 l=1", "INFO x a=1 r=1", "INFO x a=1"}, logged(t, out.Bytes()))
}

func TestLogHandlerReturnsWriteErrors(t *testing.T) {
	out := &flaky{writes: 1, err: errors.New("broken pipe")}
	h := protocol.NewLogHandler(newWriter(out), nil)
	err := h.Handle(context.Background(), slog.NewRecord(time.Time{}, slog.LevelInfo, "x", 0))
	require.ErrorIs(t, err, protocol.ErrStdoutClosed)
}

func BenchmarkLogHandler(b *testing.B) {
	logger := slog.New(protocol.NewLogHandler(protocol.NewWriter(&lines{}), nil))
	b.ReportAllocs()
	for b.Loop() {
		logger.Info("flushed", "stream", "public.users", "documents", 100, "took", time.Second)
	}
}
