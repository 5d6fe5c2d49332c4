package connector_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/check"
	"destination-astra/connector"
	"destination-astra/internal/fault"
	"destination-astra/localastra"
	"destination-astra/protocol"
	"destination-astra/reading"
)

// refusal answers a command with one error of the Data API.
func refusal(status int, family, scope, code, message string) localastra.ControlFunc {
	reply, err := json.Marshal(map[string]any{"errors": []any{map[string]any{
		"family": family, "scope": scope, "errorCode": code, "title": "t", "message": message,
	}}})
	return func(*http.Request, []byte) (bool, int, []byte) { return err == nil, status, reply }
}

// readOnly makes the server answer as to a role that may only read: a delete that
// matches nothing is answered (Data API v1.0.51, observed).
func readOnly(w *world) {
	denied := refusal(http.StatusUnauthorized, "REQUEST", "SECURITY", "UNAUTHORIZED_ACCESS",
		"The command is not authorized to perform the action on the database.")
	for _, command := range []string{"insertOne", "insertMany", "updateOne", "updateMany", "createCollection"} {
		w.server.KeepControl(command, denied)
	}
}

// someData stores two streams: something to be found by whom a trial document could mislead.
func (w *world) someData() attempt {
	w.t.Helper()
	a := attempt{
		streams: []configured{
			stream("a", toDedup, key("id"), syncID(1)),
			stream("b", toAppend, numbered(2, 2, 2), fullRefresh(false)),
		},
		lines: []string{row("a", 1, "one"), row("b", 2, "two"), streamState("a", 1), streamState("b", 2), complete("b")},
	}
	w.sync(a)
	return a
}

// TestCheckWritesAndLeavesNothing: the proof is a real insert and a real delete.
func TestCheckWritesAndLeavesNothing(t *testing.T) {
	onBothBackends(t, func(w *world) {
		w.someData()
		before := w.stored()
		w.server.ResetCounters()

		notes, err := w.checked(nil)

		require.NoError(w.t, err)
		require.NotContains(w.t, strings.Join(notes, " "), "did not prove")
		sent := w.server.Counters()
		require.EqualValues(w.t, 1, sent["insertMany"].Documents)
		require.EqualValues(w.t, 1, sent["deleteMany"].Documents)
		require.Equal(w.t, before, w.stored())
	})
}

// TestReadOnlyRole: check says which right is missing; a known token is not "refused".
func TestReadOnlyRole(t *testing.T) {
	onBothBackends(t, func(w *world) {
		notes, err := w.checked(nil)
		require.NoError(w.t, err)
		require.Contains(w.t, strings.Join(notes, " "), "did not prove that the token's role may create a collection")
		w.someData()
		readOnly(w)

		_, err = w.checked(nil)

		requireConfigError(w.t, err, "does not allow writing to the collection \"c\"", "indexing.astra_db_app_token")
		require.NotContains(w.t, fault.Classify(err).Message, "refuses the token")
		_, trace := w.fails(attempt{streams: []configured{stream("n", toAppend)}, lines: []string{row("n", 1, "x")}})
		require.Contains(w.t, trace.Message, "does not allow writing")
	})
}

// TestRoleThatMayNotCreate: the write that would create the collection says so.
func TestRoleThatMayNotCreate(t *testing.T) {
	onBothBackends(t, func(w *world) {
		readOnly(w)
		r, trace := w.fails(attempt{streams: []configured{stream("n", toAppend)}, lines: []string{row("n", 1, "x")}})
		require.Equal(w.t, protocol.ConfigError, trace.FailureType)
		require.Contains(w.t, trace.Message, "does not allow creating a collection")
		require.Zero(w.t, r.texts)
	})
}

// TestTrialLeftBehind: a check that was cut off between its insert and its delete leaves a
// document that nobody takes for a record; the next check takes it away, and so does the
// next write.
func TestTrialLeftBehind(t *testing.T) {
	onBothBackends(t, func(w *world) {
		a := w.someData()
		before := w.stored()
		leave := func() {
			stop := w.server.KeepControl("deleteMany", refusal(http.StatusUnauthorized, "REQUEST", "SECURITY",
				"UNAUTHORIZED_ACCESS", "no"))
			defer stop()
			_, err := w.checked(nil)
			require.Error(w.t, err)
			require.Len(w.t, w.stored(), len(before)+1, "it stays")
		}

		leave()
		w.requireNoTrial(a)
		_, err := w.checked(nil)
		require.NoError(w.t, err)
		require.Equal(w.t, before, w.stored())

		leave()
		a.streams[1] = stream("b", toAppend, numbered(3, 3, 3), fullRefresh(false))
		r := w.sync(a)
		require.Zero(w.t, r.Deleted, "finalising does not count it")
		require.Zero(w.t, r.inserted())
		require.Len(w.t, w.stored(), len(before))
	})
}

// requireNoTrial reads the collection in every way there is.
func (w *world) requireNoTrial(a attempt) {
	w.t.Helper()
	c := w.open(nil)
	found, err := reading.Discover(w.t.Context(), c.Clients)
	require.NoError(w.t, err)
	require.Len(w.t, found, 2)
	hits, err := reading.Search(w.t.Context(), c.Clients, reading.Query{Text: "one", Limit: 100})
	require.NoError(w.t, err)
	require.Len(w.t, hits, 2)
	input := strings.Join(a.lines, "\n")
	verification, err := c.Verify(w.t.Context(), catalog(w.t, a.streams), strings.NewReader(input),
		connector.VerifyOptions{Vectors: true})
	require.NoError(w.t, err)
	require.Zero(w.t, verification.Differences)
	plan, err := c.Plan(w.t.Context(), catalog(w.t, a.streams), strings.NewReader(input), connector.PlanOptions{Explain: fault.Explain})
	require.NoError(w.t, err)
	require.Zero(w.t, plan.Total.DocumentsToDelete)
	lines, err := c.read(w.t.Context(), "", stream("a", toAppend, fields("text")), stream("b", toAppend, fields("text")))
	require.NoError(w.t, err)
	require.Len(w.t, records(lines), 2)
	require.NotContains(w.t, fmt.Sprint(found, hits, verification, plan, lines), "_ab_check")
}

// TestCheckStopped after its insert: its document goes all the same.
func TestCheckStopped(t *testing.T) {
	onBothBackends(t, func(w *world) {
		w.someData()
		before := w.stored()
		ctx, stop := context.WithCancel(w.t.Context())
		w.server.Control("deleteMany", func(*http.Request, []byte) (bool, int, []byte) {
			stop()
			return false, 0, nil
		})
		c := w.open(nil)
		_, _ = check.Run(ctx, c.Clients) // whatever it says
		require.NoError(w.t, c.Close())
		require.Error(w.t, ctx.Err())
		require.Equal(w.t, before, w.stored())
	})
}

// TestTwoChecks at a time both pass: the second finds the first one's document.
func TestTwoChecks(t *testing.T) {
	onBothBackends(t, func(w *world) {
		w.someData()
		before := w.stored()
		inner := false
		w.server.Control("deleteMany", func(*http.Request, []byte) (bool, int, []byte) {
			if !inner {
				inner = true
				_, err := w.checked(nil)
				require.NoError(w.t, err)
			}
			return false, 0, nil
		})
		_, err := w.checked(nil)
		require.NoError(w.t, err)
		require.Equal(w.t, before, w.stored())
	})
}
