package astra

import "encoding/json"

// CollectionOptions are the settings of a collection, in createCollection's JSON form.
// Parts left zero are not sent: the server then applies its defaults, or, for Lexical
// and Rerank of an existing collection, keeps what it has.
type CollectionOptions struct {
	// Vector is nil for a collection without vectors.
	Vector *VectorOptions `json:"vector,omitempty"`
	// Indexing nil indexes everything. It is non-nil and empty for a collection that
	// was created with an empty allow list.
	Indexing *IndexingOptions `json:"indexing,omitempty"`
	// DefaultID is {"type": "uuid"} or the like; absent means UUIDv4 strings.
	DefaultID json.RawMessage `json:"defaultId,omitempty"`
	// Lexical and Rerank are {"enabled": ...} with more keys; their defaults differ
	// between deployments, so a creator that must meet the same collection again
	// names them. See [Disabled].
	Lexical json.RawMessage `json:"lexical,omitempty"`
	Rerank  json.RawMessage `json:"rerank,omitempty"`
}

// VectorOptions describe $vector.
type VectorOptions struct {
	// Dimension is 1 to 4096.
	Dimension int `json:"dimension,omitempty"`
	// Metric is cosine (the default), dot_product or euclidean.
	Metric string `json:"metric,omitempty"`
	// SourceModel tunes the index, such as openai-v3-small; the default is other.
	SourceModel string `json:"sourceModel,omitempty"`
	// Service is set where the server itself embeds ($vectorize).
	Service json.RawMessage `json:"service,omitempty"`
}

// IndexingOptions hold one of two lists of paths, in which a literal dot is written
// &. and an ampersand &&. Deny ["*"] indexes nothing but _id and $vector.
type IndexingOptions struct {
	Allow []string `json:"allow,omitzero"`
	Deny  []string `json:"deny,omitzero"`
}

// Disabled is the value of Lexical or Rerank that turns the feature off.
func Disabled() json.RawMessage {
	return json.RawMessage(`{"enabled":false}`)
}

// Enabled reports whether the value of Lexical or Rerank turns the feature on.
func Enabled(feature json.RawMessage) bool {
	var f struct {
		Enabled bool `json:"enabled"`
	}
	return json.Unmarshal(feature, &f) == nil && f.Enabled
}
