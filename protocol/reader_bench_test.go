package protocol_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"destination-astra/protocol"
)

// articles returns record lines of about 2.8 KB: 1.6 KB of text, the rest in 20 fields.
func articles(text string) []byte {
	var b bytes.Buffer
	for i := range 1000 {
		fmt.Fprintf(&b, `{"type":"RECORD","record":{"namespace":"public","stream":"articles",`+
			`"emitted_at":1732150000000,"data":{"id":%d,"body":"%s"`, i, text)
		for field := range 20 {
			fmt.Fprintf(&b, `,"field_%d":{"value":"a value of %d","count":%d.5,"flag":true}`, field, i, field)
		}
		b.WriteString("}}}\n")
	}
	return b.Bytes()
}

func BenchmarkReader(b *testing.B) {
	inputs := map[string][]byte{
		"ascii":   articles(strings.Repeat("Lorem ipsum dolor sit amet, ", 57)),
		"escapes": articles(strings.Repeat(`Lorem \"ipsum\" dolor\n sit`, 60)),
		"unicode": articles(strings.Repeat("Größe und Maß, это текст, 文字。", 34)),
		"numbers": bytes.Repeat([]byte(`{"type":"RECORD","record":{"stream":"s","data":{"v":[`+
			strings.Repeat("-12.5e3,", 300)+"0]}}}\n"), 1000),
		"large": bytes.Repeat([]byte(recordStart+strings.Repeat("x", 4<<20)+recordEnd+"\n"), 2),
	}
	for name, input := range inputs {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(input)))
			b.ReportAllocs()
			records := 0
			for b.Loop() {
				r := protocol.NewReader(bytes.NewReader(input), protocol.ReaderOptions{})
				for {
					_, err := r.Next()
					if errors.Is(err, io.EOF) {
						break
					}
					if err != nil {
						b.Fatal(err)
					}
					records++
				}
			}
			b.ReportMetric(float64(records)/b.Elapsed().Seconds(), "records/s")
		})
	}
}
