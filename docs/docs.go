package docs

import "embed"

// Files are the pages of this folder, so that the demo has something real to
// index wherever the binary runs.
//
//go:embed *.md adr/*.md
var Files embed.FS
