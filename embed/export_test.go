package embed

// DecodeEmbeddings gives the fuzz target and the benchmarks the decoder alone.
var DecodeEmbeddings = decodeEmbeddings
