package localastra_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"destination-astra/internal/effort"
	"destination-astra/localastra"
)

// TestJSONText stores strings in every spelling that JSON has, and reads them back in
// one spelling.
func TestJSONText(t *testing.T) {
	ones := strings.Repeat("1", 97) // a number may have 100 characters in a request, and more once it is stored
	tests := map[string]struct{ sent, stored string }{
		"plain":              {`"abc"`, `"abc"`},
		"short escapes":      {`"\"\\\/\b\f\n\r\t"`, `"\"\\/\u0008\u000c\n\r\t"`},
		"letters":            {`"é漢😀"`, `"é漢😀"`},
		"escaped letters":    {`"\u00e9\u6F22\ud83d\ude00"`, `"é漢😀"`},
		"zero":               {`"\u0000"`, `"\u0000"`},
		"delete":             {"\"\x7f\"", "\"\x7f\""},
		"escapes in names":   {`{"\u0061\n":1}`, `{"a\n":1}`},
		"hangul":             {`"한"`, `"한"`}, // begins with the byte that halves of pairs begin with
		"white space":        {" [ 1 ,\t{ } ,\r\n[ ] ] ", `[1,{},[]]`},
		"empty names inside": {`{"a":{"b":[]}}`, `{"a":{"b":[]}}`},
		"words":              {`[true,false,null]`, `[true,false,null]`},
		"numbers":            {`[0,-0,1.50,1e2,-1E-2]`, `[0,0,1.5,1E+2,-0.01]`},
		"grown numbers":      {"[" + ones + "e9," + ones[1:] + "e-98]", "[1." + ones[1:] + "E+105,0.00" + ones[1:] + "]"},
	}
	c := openVec(t)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c.must("c", `{"findOneAndReplace":{"filter":{"_id":1},"replacement":{"v":`+test.sent+`},"options":{"upsert":true}}}`)
			got := c.must("c", `{"findOne":{"filter":{"_id":1},"projection":{"v":1,"_id":0}}}`)
			require.Equal(t, `{"data":{"document":{"v":`+test.stored+`}}}`, got.text)
		})
	}
}

func TestBrokenJSON(t *testing.T) {
	for _, text := range []string{
		`{`, `{"find"`, `{"find":`, `{"find":{}`, `{"find":{}}}`, `{find:{}}`, `{"find":{},}`, `[1,]`, `[1 2]`,
		`{"a" 1}`, `"`,
		`"\`, `"\x"`, `"\u12"`, `"\u12g4"`, "\"a\nb\"", "\"a\\n\nb\"", `nul`, `tru`, `-`, `+1`, `.5`, `1.`,
		`1e`, `1e+`, `01`,
		`--1`, `NaN`, `Infinity`, `'a'`, `// comment`, "\ufeff{}", `{"a":1,"a":2}`,
		`{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7,"h":8,"i":9,"j":10,"k":11,"l":12,"m":13,"a":14}`,
	} {
		t.Run(text, func(t *testing.T) {
			require.Equal(t, []string{"REQUEST_NOT_JSON"}, openVec(t).send("c", text).codes())
		})
	}
}

// TestDefaultIDs looks at the ids that the server makes up.
func TestDefaultIDs(t *testing.T) {
	const uuid = `[0-9a-f]{8}-[0-9a-f]{4}-%s[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`
	tests := map[string]string{
		"":         `^"` + fmt.Sprintf(uuid, "4") + `"$`,
		"uuid":     `^{"\$uuid":"` + fmt.Sprintf(uuid, "4") + `"}$`,
		"uuidv6":   `^{"\$uuid":"` + fmt.Sprintf(uuid, "6") + `"}$`,
		"uuidv7":   `^{"\$uuid":"` + fmt.Sprintf(uuid, "7") + `"}$`,
		"objectId": `^{"\$objectId":"[0-9a-f]{24}"}$`,
	}
	for kind, pattern := range tests {
		t.Run(kind, func(t *testing.T) {
			c := open(t, localastra.Options{Memory: true})
			c.must("", `{"createCollection":{"name":"c","options":{"defaultId":{"type":"`+kind+`"}}}}`)
			got := c.insert(`{}`, `{"_id":"own"}`)
			ids := got.Status["insertedIds"].([]any)
			require.Len(t, ids, 2)
			made, err := json.Marshal(ids[0])
			require.NoError(t, err)
			require.Regexp(t, regexp.MustCompile(pattern), string(made))
			require.Equal(t, "own", ids[1])
			require.Len(t, c.must("c", `{"find":{"filter":{"_id":`+string(made)+`}}}`).ids(), 1)
		})
	}
}

// TestNumbersCompare draws two decimal numbers and asks the server which is greater.
func TestNumbersCompare(t *testing.T) {
	c := openVec(t)
	effort.Check(t, 1, func(rt *rapid.T) {
		number := rapid.Custom(func(rt *rapid.T) json.Number {
			text := fmt.Sprint(rapid.IntRange(-99999, 99999).Draw(rt, "digits"))
			if rapid.Bool().Draw(rt, "fraction") {
				text += "." + rapid.StringMatching(`[0-9]{1,4}`).Draw(rt, "places")
			}
			if rapid.Bool().Draw(rt, "exponent") {
				text += fmt.Sprintf("e%d", rapid.IntRange(-9, 9).Draw(rt, "power"))
			}
			return json.Number(text)
		})
		a, b := number.Draw(rt, "a"), number.Draw(rt, "b")
		order, ok, err := refCompare(a, b)
		require.NoError(rt, err)
		require.True(rt, ok)
		c.must("c", fmt.Sprintf(`{"findOneAndReplace":{"filter":{"_id":1},"replacement":{"n":%s},"options":{"upsert":true}}}`, a))
		for operator, holds := range map[string]bool{
			"$lt": order < 0, "$lte": order <= 0, "$gt": order > 0, "$gte": order >= 0, "$eq": order == 0,
			"$ne": order != 0,
		} {
			found := c.must("c", fmt.Sprintf(`{"find":{"filter":{"n":{%q:%s}}}}`, operator, b)).ids()
			require.Equal(rt, holds, len(found) == 1, "%s %s %s", a, operator, b)
		}
	})
}

// TestOptionError wants to know which option it was.
func TestOptionError(t *testing.T) {
	_, badBackend := localastra.Open(localastra.Options{Memory: true, Backend: "mysql"})
	_, badKeyspace := localastra.Open(localastra.Options{Memory: true, Keyspace: "a b"})
	_, badFault := localastra.ParseFault("418")
	_, badEmbedder := localastra.NewEmbedder(localastra.EmbedderOptions{URL: "here"})
	for want, err := range map[string]error{"backend": badBackend, "keyspace": badKeyspace, "fault": badFault,
		"embedder": badEmbedder} {
		option := new(localastra.OptionError)
		require.True(t, errors.As(err, &option), want)
		require.Equal(t, want, option.Option)
		require.Contains(t, err.Error(), option.Value)
		require.Contains(t, err.Error(), option.Want)
	}
}

// TestVectorsInUpdates sets vectors in every form, good and bad.
func TestVectorsInUpdates(t *testing.T) {
	tests := map[string]struct{ set, want string }{
		"array":         {`[0.5,1]`, `"$vector":[0.5,1]`},
		"binary":        {`{"$binary":"PwAAAD+AAAA="}`, `"$vector":{"$binary":"PwAAAD+AAAA="}`},
		"null":          {`null`, `"$vector":null`},
		"wrong length":  {`[1,2,3]`, "INVALID_VECTOR_LENGTH"},
		"zero":          {`[0,0]`, "UNEXPECTED_SERVER_ERROR"},
		"not a vector":  {`"x"`, "SHRED_BAD_DOCUMENT_VECTOR_TYPE"},
		"too great":     {`[1e39,1]`, "UNEXPECTED_SERVER_ERROR"},
		"NaN in binary": {`{"$binary":"f8AAAH/AAAA="}`, "UNEXPECTED_SERVER_ERROR"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := openVec(t)
			c.insert(`{"_id":"a","$vector":[1,0]}`)
			got := c.send("c", `{"findOneAndUpdate":{"filter":{"_id":"a"},"update":{"$set":{"$vector":`+test.set+`}},
				"projection":{"*":1},"options":{"returnDocument":"after"}}}`)
			if strings.HasPrefix(test.want, `"`) {
				require.Empty(t, got.codes(), got.text)
				require.Contains(t, got.text, test.want)
				return
			}
			require.Equal(t, []string{test.want}, got.codes())
			require.Contains(t, c.must("c", `{"findOne":{"projection":{"*":1}}}`).text, `"$vector":[1,0]`, "it stays")
		})
	}
	t.Run("no vectors at all", func(t *testing.T) {
		c := open(t, localastra.Options{Memory: true})
		c.must("", `{"createCollection":{"name":"c"}}`)
		c.insert(`{"_id":"a"}`)
		for _, command := range []string{`{"updateOne":{"filter":{"_id":"a"},"update":{"$set":{"$vector":[1]}}}}`,
			`{"insertOne":{"document":{"$vector":[1]}}}`, `{"find":{"sort":{"$vector":[1]}}}`} {
			require.Equal(t, []string{"VECTOR_SEARCH_NOT_SUPPORTED"}, c.send("c", command).codes())
		}
	})
}

// TestExtendedIDs takes ids that are UUIDs and ObjectIds, and refuses what only looks like
// them: a client would not find the document again by the value that it parsed.
func TestExtendedIDs(t *testing.T) {
	const uuid, object = "01234567-89ab-cdef-ABCD-EF9876543210", "0123456789abcdefABCDEF09"
	c := openVec(t)
	for name, good := range map[string]string{"$uuid": uuid, "$objectId": object} {
		c.insert(fmt.Sprintf(`{"_id":{%q:%q}}`, name, good))
		bad := []string{"", good + "0", good[1:], good[:len(good)-1] + "g", "/" + good[1:], ":" + good[1:], "@" + good[1:],
			"G" + good[1:], "`" + good[1:], "g" + good[1:], strings.Repeat("0", len(good)-1) + "-", "-" + good[1:]}
		if name == "$uuid" {
			bad = append(bad, strings.ReplaceAll(good, "-", "0"))
		}
		for _, text := range bad {
			got := c.send("c", fmt.Sprintf(`{"insertOne":{"document":{"_id":{%q:%q}}}}`, name, text))
			require.Equal(t, []string{"SHRED_BAD_DOCID_TYPE"}, got.codes(), "%s %s", name, text)
		}
		require.Equal(t, []string{"SHRED_BAD_DOCID_TYPE"},
			c.send("c", fmt.Sprintf(`{"insertOne":{"document":{"_id":{%q:5}}}}`, name)).codes())
	}
}
