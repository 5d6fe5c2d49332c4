// Package jsonscan walks over JSON without building anything: a [Scanner] hands out the parts
// that its caller asks for as slices of the text, and validates everything that it passes. It is
// for texts of megabytes of which little is wanted: a record's data, the vectors of a reply.
package jsonscan
