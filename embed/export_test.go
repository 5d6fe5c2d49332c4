package embed

// DecodeEmbeddings and DecodeCohere give the fuzz targets and the benchmarks the
// decoders alone.
var (
	DecodeEmbeddings = func(reply []byte, count, dimension int) ([]Vector, int64, error) {
		return decodeEmbeddings(reply, count, dimension, "")
	}
	DecodeCohere = decodeCohere
)

// CutText gives the property test the splitter alone.
func CutText(c Counter, text string, window int) []string { return cutText(c, text, window) }
