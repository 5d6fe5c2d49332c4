package spec

import (
	"encoding/base64"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Indexing says where the documents go.
type Indexing struct {
	// Token is the application token. It may be empty for a local endpoint only.
	Token Secret
	// Endpoint is where the Data API is.
	Endpoint Endpoint
	// Keyspace and Collection are 1 to 48 letters, digits and underscores.
	Keyspace   string
	Collection string
	// SimilarityMetric is how a new collection compares vectors: cosine, dot_product or
	// euclidean. Vectors are the same either way.
	SimilarityMetric string
	// IndexingDeny are more paths that a new collection leaves out of its indexes, in the
	// words of createCollection's indexing.deny (a dot in a name is "&.").
	IndexingDeny []string
	// ServerTimeout is when the Data API gives up a request to its database: until then a
	// write that it has not answered may still be applied.
	ServerTimeout time.Duration
}

// schemaName is what the Data API (v1.0.51, observed) takes as a name.
var schemaName = regexp.MustCompile(`^[A-Za-z0-9_]{1,48}$`)

// alwaysIndexed are the fields that a write looks its own documents up by. What a
// collection indexes is fixed when it is created, and the streams that come later are not
// known then, so that each is needed whatever the first catalog is.
var alwaysIndexed = []string{
	"_ab_stream", "_ab_record_id", "_ab_generation_id", "_ab_text_hash", "_ab_embedder", "_ab_attempt",
}

func parseIndexing(o *object) Indexing {
	i := Indexing{
		Endpoint:   o.endpoint("astra_db_endpoint"),
		Keyspace:   o.schemaName("astra_db_keyspace", "default_keyspace is there in every database"),
		Collection: o.schemaName("collection", "it is created when it does not exist"),
		SimilarityMetric: o.choice("similarity_metric",
			[]string{"cosine", "dot_product", "euclidean"}),
		IndexingDeny: o.texts("indexing_deny", "name a field or remove the entry"),
	}
	i.ServerTimeout = time.Duration(o.integer("server_timeout_seconds", 20, limits{1, 600})) * time.Second
	i.Token = o.token("astra_db_app_token", i.Endpoint)
	for n, path := range i.IndexingDeny {
		if reason := refuseDeny(path); reason != "" {
			_, at := o.list("indexing_deny")
			o.fail(at(n), "%s", reason)
		}
	}
	return i
}

// endpoint returns where the Data API is; the zero Endpoint when that cannot be told.
func (o *object) endpoint(name string) Endpoint {
	text, ok := o.requireText(name, "copy the API endpoint from your database's page in Astra, "+
		"or use local: and a folder")
	if !ok {
		return Endpoint{}
	}
	e, err := ParseEndpoint(text)
	if err != nil {
		o.fail(o.at(name), "%s", err)
	}
	if e.doubt {
		o.warn(o.at(name), "is plain http, so your token travels unencrypted, and is refused where "+
			"its host has a public address; use https if the Data API offers it")
	}
	return e
}

// token returns the application token. The embedded server takes any, even none.
func (o *object) token(name string, e Endpoint) Secret {
	const hint = "generate an application token on your database's page in Astra"
	if _, local := e.IsLocal(); local {
		if _, present := o.require(name, "the local server takes any text, even an empty one"); !present {
			return ""
		}
		return Secret(o.text(name, ""))
	}
	if e.origin != "" && !e.IsAstra() {
		return o.selfHostedToken(name)
	}
	token := o.secret(name, hint)
	if e.IsAstra() && token.IsSet() && !strings.HasPrefix(token.Reveal(), "AstraCS:") {
		o.warn(o.at(name), "does not begin with AstraCS: as the tokens of Astra do; "+
			"if it is refused, %s", hint)
	}
	return token
}

// cassandraToken is how the token begins that a Data API outside Astra takes.
const cassandraToken = "Cassandra:"

// selfHostedToken returns the token for a Data API that the user runs. It may be anything
// where something else guards the Data API, but one that begins as the Data API's own has
// its form, or the Data API fails with an error of the server's.
func (o *object) selfHostedToken(name string) Secret {
	const hint = "give Cassandra:<user>:<password>, user and password each in base64"
	token := o.secret(name, hint)
	rest, own := strings.CutPrefix(token.Reveal(), cassandraToken)
	user, password, found := strings.Cut(rest, ":")
	if own && !(found && isBase64(user) && isBase64(password)) {
		o.fail(o.at(name), "begins with Cassandra: but a user and a password, each in base64, do not follow; %s", hint)
	}
	return token
}

func isBase64(text string) bool {
	_, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
	return err == nil
}

// schemaName returns the name of a keyspace or collection.
func (o *object) schemaName(name, hint string) string {
	s, ok := o.requireText(name, "give a name; "+hint)
	if ok && !schemaName.MatchString(s) {
		o.fail(o.at(name), "is %s; use 1 to 48 letters (a to z, A to Z), digits and underscores",
			excerpt(s))
	}
	return s
}

// refuseDeny says why a path cannot be left out of the indexes.
func refuseDeny(path string) string {
	if path == "*" || slices.Contains(alwaysIndexed, path) {
		return "is " + excerpt(path) + ", which covers fields that a sync looks up; remove it"
	}
	if strings.HasPrefix(path, "$") {
		return "is " + excerpt(path) + ", but a name cannot begin with a dollar sign; remove it"
	}
	unescaped := strings.NewReplacer("&&", "", "&.", "").Replace(path)
	if strings.Contains(unescaped, "&") {
		return "is " + excerpt(path) + "; write an ampersand as && and a dot in a name as &."
	}
	return ""
}
