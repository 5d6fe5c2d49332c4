package embedtest

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"math"

	"destination-astra/embed"
)

// Vectors returns the vectors that a Server of these dimensions answers: those of
// embed.Fake, folded or repeated to the length asked for and made unit length again.
func Vectors(texts []string, dimensions int) []embed.Vector {
	full, _ := embed.NewFake().Embed(context.Background(), texts)
	vectors := make([]embed.Vector, len(full))
	for i, v := range full {
		vectors[i] = resize(v, dimensions)
	}
	return vectors
}

func resize(v embed.Vector, dimensions int) embed.Vector {
	if len(v) == dimensions {
		return v
	}
	out := make(embed.Vector, dimensions)
	for i := range max(len(v), dimensions) {
		out[i%dimensions] += v[i%len(v)]
	}
	var square float64
	for _, f := range out {
		square += float64(f) * float64(f)
	}
	if square == 0 {
		out[0], square = 1, 1
	}
	for i := range out {
		out[i] /= float32(math.Sqrt(square))
	}
	return out
}

// embedding is one element of a reply's data.
type embedding struct {
	Object    string `json:"object"`
	Index     int    `json:"index"`
	Embedding any    `json:"embedding"`
}

// Reply is the body of OpenAI's good answer, with the vectors in the form asked for,
// and without usage when there are no tokens.
func Reply(model string, vectors []embed.Vector, inBase64 bool, tokens int) []byte {
	data := make([]embedding, len(vectors))
	for i, v := range vectors {
		data[i] = embedding{Object: "embedding", Index: i, Embedding: v}
		if inBase64 {
			data[i].Embedding = Base64(v)
		}
	}
	reply := map[string]any{"object": "list", "data": data, "model": model}
	if tokens > 0 {
		reply["usage"] = map[string]int{"prompt_tokens": tokens, "total_tokens": tokens}
	}
	body, _ := json.Marshal(reply)
	return body
}

// CohereReply is the body of Cohere's good answer, with the vectors as base64 or float,
// or as the API answers when no type is asked for.
func CohereReply(texts []string, vectors []embed.Vector, as string, tokens int) []byte {
	reply := map[string]any{"id": "0", "texts": texts, "response_type": "embeddings_by_type"}
	meta := map[string]any{"api_version": map[string]string{"version": "2"}}
	if tokens > 0 {
		meta["billed_units"] = map[string]int{"input_tokens": tokens}
	}
	reply["meta"] = meta
	switch as {
	case "base64":
		encoded := make([]string, len(vectors))
		for i, v := range vectors {
			encoded[i] = Base64(v)
		}
		reply["embeddings"] = map[string]any{"base64": encoded}
	case "float":
		reply["embeddings"] = map[string]any{"float": vectors}
	default:
		reply["embeddings"], reply["response_type"] = vectors, "embeddings_floats"
	}
	body, _ := json.Marshal(reply)
	return body
}

// Base64 is a vector as an embeddings API writes it: little-endian float32 in base64.
func Base64(v embed.Vector) string {
	raw := make([]byte, 0, 4*len(v))
	for _, f := range v {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(f))
	}
	return base64.StdEncoding.EncodeToString(raw)
}
