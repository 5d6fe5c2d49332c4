package protocol

import (
	"encoding/json"
	"strings"
)

// SyncMode is how the source reads a stream.
type SyncMode string

// The sync modes of the protocol.
const (
	FullRefresh SyncMode = "full_refresh"
	Incremental SyncMode = "incremental"
)

// DestinationSyncMode is how the destination writes a stream.
type DestinationSyncMode string

// The destination sync modes of the protocol. A connector need not support all of them;
// overwrite_dedup exists in the platform only and never reaches a connector.
const (
	Append      DestinationSyncMode = "append"
	Overwrite   DestinationSyncMode = "overwrite"
	AppendDedup DestinationSyncMode = "append_dedup"
	Update      DestinationSyncMode = "update"
	SoftDelete  DestinationSyncMode = "soft_delete"
)

// Catalog is a ConfiguredAirbyteCatalog. No two of its streams have the same descriptor.
type Catalog struct {
	Streams []ConfiguredStream
}

// ConfiguredStream is a ConfiguredAirbyteStream.
type ConfiguredStream struct {
	Stream              Stream
	SyncMode            SyncMode
	DestinationSyncMode DestinationSyncMode
	CursorField         []string
	PrimaryKey          [][]string // paths, none of them empty; nil when there is no key
	// The three numbers are nil when absent or null: the caller numbers nothing. That is
	// different from 0.
	GenerationID, MinimumGenerationID, SyncID *int64
}

// Stream is an AirbyteStream.
type Stream struct {
	StreamDescriptor
	JSONSchema              json.RawMessage `json:"json_schema"` // an object, or nil when absent
	SupportedSyncModes      []SyncMode      `json:"supported_sync_modes"`
	SourceDefinedCursor     bool            `json:"source_defined_cursor,omitempty"`
	DefaultCursorField      []string        `json:"default_cursor_field,omitempty"`
	SourceDefinedPrimaryKey [][]string      `json:"source_defined_primary_key,omitempty"`
	IsResumable             *bool           `json:"is_resumable,omitempty"` // nil when absent
}

// Descriptor returns the name under which the stream's records and states come.
func (s Stream) Descriptor() StreamDescriptor { return s.StreamDescriptor }

// CatalogProblem is one thing wrong with a catalog.
type CatalogProblem struct {
	Path   string // such as streams[2].destination_sync_mode; "" means the whole text
	Reason string
}

// String returns "path: reason".
func (p CatalogProblem) String() string {
	if p.Path == "" {
		return p.Reason
	}
	return p.Path + ": " + p.Reason
}

// CatalogError lists all that is wrong with a catalog, in its order.
type CatalogError struct {
	// File is the path of the catalog; whoever read it may set it.
	File     string
	Problems []CatalogProblem
}

// Error joins the problems with semicolons.
func (e *CatalogError) Error() string {
	texts := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		texts[i] = p.String()
		if i < len(e.Problems)-1 {
			texts[i] = strings.TrimRight(texts[i], ".")
		}
	}
	return "protocol: parse catalog: " + strings.Join(texts, "; ")
}
