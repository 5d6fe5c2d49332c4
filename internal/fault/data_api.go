package fault

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"syscall"

	"destination-astra/astra"
	"destination-astra/internal/failure"
	"destination-astra/internal/nearby"
	"destination-astra/internal/proxy"
	"destination-astra/internal/quote"
	"destination-astra/internal/retry"
	"destination-astra/protocol"
	"destination-astra/spec"
)

// dataAPIFault explains the Data API's errors: first what the user can mend, by the
// codes and by how far the command came.
func dataAPIFault(err error, t *protocol.ErrorTrace) bool {
	var e *astra.Error
	if !errors.As(err, &e) {
		return false
	}
	for _, explain := range []func(*astra.Error) string{accessFault, addressFault, collectionFault, queryFault} {
		if message := explain(e); message != "" {
			t.FailureType, t.Message = protocol.ConfigError, message
			return true
		}
	}
	switch message := connectionFault(e); {
	case message != "":
		t.FailureType, t.Message = protocol.TransientError, message
	case retry.Retryable(err):
		t.FailureType = protocol.TransientError
		t.Message = "The Data API did not answer as it should, also after retries: " + sentence(quote.Excerpt(e.Error()))
	default:
		t.Message = "The Data API refused a command: " + sentence(quote.Excerpt(e.Error()))
	}
	return true
}

// accessFault: the token is not known, or it is and its role may not do this.
func accessFault(e *astra.Error) string {
	switch {
	case e.HasCode(astra.CodeUnauthorized):
		return fmt.Sprintf("The token is valid, but its role does not allow %s. Give the role of "+
			"indexing.astra_db_app_token this right, or use a token whose role has it%s.", deed(e), grantHint(e))
	case e.HasCode(astra.CodeMissingToken):
		return "The Data API saw no token: something between here and indexing.astra_db_endpoint takes the header Token out."
	case e.HTTPStatus == http.StatusUnauthorized, e.HTTPStatus == http.StatusForbidden:
		return "The Data API refuses the token. Check indexing.astra_db_app_token: " + tokenHint(e)
	}
	return ""
}

// deed is what the command does, in words.
func deed(e *astra.Error) string {
	switch e.Command {
	case "createCollection":
		return fmt.Sprintf("creating a collection in the keyspace %q", e.Keyspace)
	case "insertOne", "insertMany", "updateOne", "updateMany", "deleteOne", "deleteMany":
		return fmt.Sprintf("writing to the collection %q", e.Collection)
	case "find":
		return fmt.Sprintf("reading the collection %q", e.Collection)
	case "findCollections":
		return fmt.Sprintf("reading the collections of the keyspace %q", e.Keyspace)
	}
	return "the command " + e.Command
}

// grantHint continues the sentence about a missing right.
func grantHint(e *astra.Error) string {
	switch {
	case isAstra(e):
		return ", such as Database Administrator"
	case e.Command == "createCollection":
		return ": creating needs CREATE on the keyspace, writing needs SELECT and MODIFY"
	}
	return ": writing needs SELECT and MODIFY on the keyspace or the table"
}

// tokenHint says which token the endpoint takes.
func tokenHint(e *astra.Error) string {
	if isAstra(e) {
		return "it must be an application token (AstraCS:...) of the database at indexing.astra_db_endpoint, with a role " +
			"that may read and write, such as Database Administrator. A token that is only minutes old may not be " +
			"known everywhere yet, and the database's access list may keep this address out."
	}
	return "a Data API that you run yourself takes Cassandra:<user>:<password>, user and password each in base64, " +
		"of a user of the database behind indexing.astra_db_endpoint; application tokens belong to Astra DB."
}

func isAstra(e *astra.Error) bool {
	endpoint, err := spec.ParseEndpoint(e.Endpoint)
	return err == nil && endpoint.IsAstra()
}

// addressFault: the endpoint, the way to it or the keyspace is not the right one, and
// waiting does not help.
func addressFault(e *astra.Error) string {
	if reason, ok := proxy.Fault(e.Err); ok {
		return proxyMessage(reason)
	}
	var dns *net.DNSError
	switch {
	case e.HasCode(astra.CodeUnknownKeyspace) && e.Family != astra.FamilyServer:
		return fmt.Sprintf("The keyspace %q does not exist in this database. Check indexing.astra_db_keyspace; "+
			"default_keyspace is there in every Astra database. It can also mean that the endpoint or the token "+
			"belongs to another database.", e.Keyspace)
	case isNotDataAPI(e) && hasKeyspaceInPath(e):
		return fmt.Sprintf("The path of indexing.astra_db_endpoint holds the keyspace %q: take it out of the endpoint, "+
			"it has a setting of its own, indexing.astra_db_keyspace.", e.Keyspace)
	case e.HasCode(astra.CodeUnknownCommand):
		return fmt.Sprintf("The path of indexing.astra_db_endpoint is not the Data API's base path, such as /v1: "+
			"what is there does not know the command %s.", e.Command)
	case errors.Is(e.Err, astra.ErrNotPrivate):
		return inClearMessage(e)
	case errors.Is(e.Err, astra.ErrRedirect):
		return "Check indexing.astra_db_endpoint: " + sentence(e.Err.Error())
	case isNotDataAPI(e):
		return ended(fmt.Sprintf("Check indexing.astra_db_endpoint: no Data API answers at %s%s%s",
			e.Endpoint, quoted(e), plainHint(e)))
	case errors.As(e.Err, &dns) && dns.IsNotFound:
		return fmt.Sprintf("The host of indexing.astra_db_endpoint does not exist: %s. Copy the endpoint again; "+
			"a database that was deleted has no host any more.", hostOf(e))
	case isTLSFault(e.Err):
		return fmt.Sprintf("No safe connection to %s is possible: %s "+
			"Check indexing.astra_db_endpoint: a Data API without TLS has an endpoint that begins with http://, and "+
			"a certificate of your own must be trusted where the connector runs.", hostOf(e), sentence(quote.Excerpt(e.Err.Error())))
	}
	return ""
}

func proxyMessage(reason string) string {
	return "The proxy that the environment variable HTTPS_PROXY (for http:// endpoints HTTP_PROXY) names " +
		ended(reason) + " Correct the variable, or name the host in NO_PROXY where no proxy is needed."
}

// inClearMessage: the host's address is not where plain http may go.
func inClearMessage(e *astra.Error) string {
	found := ""
	if refused, ok := errors.AsType[*nearby.Error](e.Err); ok {
		found = fmt.Sprintf(", and its host has %s (%s)", refused.Kind(), refused.Address)
	}
	return fmt.Sprintf("indexing.astra_db_endpoint is plain http%s: the token would travel unencrypted. Begin the endpoint with "+
		"https://; http:// is for loopback and private addresses only.", found)
}

// isNotDataAPI reports an answer that only something else gives: a page, an empty or
// foreign 404, a refusal without a code of the Data API.
func isNotDataAPI(e *astra.Error) bool {
	switch {
	case errors.Is(e.Err, astra.ErrUnknownPath), errors.Is(e.Err, astra.ErrNotDataAPI), e.HasCode(astra.CodeUnknownCommand):
		return true
	case e.Code != "" || e.Err != nil && !isCutOff(e.Err):
		return false
	}
	return e.HTTPStatus >= http.StatusBadRequest && e.HTTPStatus < http.StatusInternalServerError && !e.Retryable()
}

// isCutOff reports an answer whose rest was lost: who refuses a request without reading it may
// reset the connection.
func isCutOff(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) || errors.Is(err, io.ErrUnexpectedEOF)
}

// plainHint tells what a 400 to plain http most often means.
func plainHint(e *astra.Error) string {
	if e.HTTPStatus != http.StatusBadRequest || !strings.HasPrefix(e.Endpoint, "http://") {
		return ""
	}
	return "; where HTTPS is spoken, the endpoint begins with https://"
}

// hasKeyspaceInPath: the endpoint was copied together with the keyspace, and perhaps the
// collection behind it.
func hasKeyspaceInPath(e *astra.Error) bool {
	u, err := url.Parse(e.Endpoint)
	return err == nil && e.Keyspace != "" && slices.Contains(strings.Split(u.Path, "/"), e.Keyspace)
}

// quoted is what the stranger said, in brackets.
func quoted(e *astra.Error) string {
	switch {
	case e.Err != nil && e.HTTPStatus == http.StatusBadRequest:
		return fmt.Sprintf(" (HTTP %d: %s)", e.HTTPStatus, quote.Excerpt(e.Err.Error()))
	case e.Err != nil:
		return ": " + quote.Excerpt(e.Err.Error())
	case e.Message != "":
		return fmt.Sprintf(" (HTTP %d: %s)", e.HTTPStatus, strings.TrimRight(quote.Excerpt(e.Message), "."))
	}
	return fmt.Sprintf(" (HTTP %d)", e.HTTPStatus)
}

func hostOf(e *astra.Error) string {
	u, err := url.Parse(e.Endpoint)
	if err != nil {
		return e.Endpoint
	}
	return u.Host
}

// isTLSFault reports a host that cannot prove to be the endpoint's, or speaks no TLS.
func isTLSFault(err error) bool {
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var op *net.OpError
	return errors.As(err, &certificate) || errors.As(err, &record) ||
		errors.As(err, &op) && (op.Op == "remote error" || op.Op == "local error") // TLS alerts
}

// connectionFault: no answer came, which may pass, or the endpoint is wrong after all.
func connectionFault(e *astra.Error) string {
	if e.Code != "" || e.HTTPStatus != 0 || e.Err == nil ||
		errors.Is(e.Err, context.Canceled) || errors.Is(e.Err, context.DeadlineExceeded) {
		return ""
	}
	var timeout net.Error
	switch {
	case errors.Is(e.Err, syscall.ECONNREFUSED):
		return fmt.Sprintf("Nothing listens at %s, also after retries: the connection is refused. "+
			"Check indexing.astra_db_endpoint, and whether the Data API runs there.", hostOf(e))
	case errors.Is(e.Err, astra.ErrTimeout), errors.As(e.Err, &timeout) && timeout.Timeout():
		return fmt.Sprintf("The Data API at %s does not answer in time, also after retries. "+
			"Check indexing.astra_db_endpoint, whether the database is up, and whether a firewall is in between.", hostOf(e))
	}
	return fmt.Sprintf("The connection to the Data API at %s fails, also after retries: %s "+
		"Check indexing.astra_db_endpoint, and whether the Data API runs there.", hostOf(e), sentence(quote.Excerpt(e.Err.Error())))
}

// collectionFault: the collection, or the room for it, is not as needed. What
// createCollection refuses is what the configuration asks for.
func collectionFault(e *astra.Error) string {
	switch {
	case e.HasCode(astra.CodeNoVectorize):
		return failure.NoVectorize + "."
	case e.Command == "createCollection" && e.Family == astra.FamilyRequest,
		e.HasCode(astra.CodeDifferentSettings, astra.CodeInvalidVectorLength, astra.CodeTooManyCollections,
			astra.CodeTooManyIndexes, astra.CodeUnsupportedSchemaName):
		name := ""
		if e.Collection != "" {
			name = fmt.Sprintf(" %q", e.Collection)
		}
		return fmt.Sprintf("The collection%s cannot be created or cannot hold the data: %s",
			name, sentence(quote.Excerpt(e.Message)))
	}
	return ""
}

// queryFault: the database behind the Data API does not answer what was asked.
func queryFault(e *astra.Error) string {
	if !e.HasCode(astra.CodeInvalidDatabaseQuery, astra.CodeUnsupportedQuery) {
		return ""
	}
	return backendMessage("refuses what the connector asks with "+e.Command, e)
}

// backendFault: the database lacks what no sync can do without.
func backendFault(err error, t *protocol.ErrorTrace) bool {
	var lack *failure.BackendError
	var e *astra.Error
	if !errors.As(err, &lack) || !errors.As(lack.Err, &e) {
		return false
	}
	t.FailureType, t.Message = protocol.ConfigError, backendMessage(lack.Missing, e)
	return true
}

func backendMessage(missing string, e *astra.Error) string {
	return fmt.Sprintf("The database behind the Data API at %s %s (%s). A plain Apache Cassandra 5.0 is such a one: "+
		"use Astra DB, or a Data API in front of HCD or DSE, at indexing.astra_db_endpoint.",
		hostOf(e), missing, strings.TrimRight(quote.Excerpt(databaseError(e.Message)), "."))
}

// databaseError is the database's own words out of the Data API's, for people.
func databaseError(message string) string {
	_, words, found := strings.Cut(message, "The database error: ")
	if !found {
		return message
	}
	words, _, _ = strings.Cut(words, "\n")
	return words
}
