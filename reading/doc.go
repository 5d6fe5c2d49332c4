// Package reading is what comes out of a database: discover, which finds the streams that its
// collections hold and what their documents look like, read, which prints them as a source does,
// and search, which finds the documents nearest to a text. Nothing is written.
package reading
