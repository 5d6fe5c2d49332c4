package astra_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/astra"
)

// TestAReplyThatRepeatsTheToken: wherever in a reply it stands and however it is written, nothing
// that the client returns holds it or a usable piece of it. Documents are data and stay.
func TestAReplyThatRepeatsTheToken(t *testing.T) {
	t.Parallel()
	const secret = "AstraCS:MarkedIdMarkedId:0123456789abcdef0123456789abcdef"
	encodings := map[string]string{
		"plain": secret, "percent": url.QueryEscape(secret), "base64": base64.StdEncoding.EncodeToString([]byte(secret)),
		"lower case": strings.ToLower(secret), "other marks": strings.ReplaceAll(secret, ":", "-"),
		"cut": secret[:len(secret)-20],
	}
	replies := map[string]string{
		"code":     `{"errors":[{"errorCode":%q}]}`,
		"the rest": `{"errors":[{"id":%[1]q,"family":%[1]q,"scope":%[1]q,"errorCode":"X","title":%[1]q,"documentIds":[%[1]q]}]}`,
		"message":  `{"errors":[{"errorCode":"X","message":"` + strings.Repeat("long ", 390) + `%s"}]}`,
		"snippet":  `no JSON at all` + strings.Repeat(" and", 40) + ` %s`,
		"settings": `{"status":{"collections":[{"name":%[1]q,"options":{"vector":{"service":{"provider":%[1]q}},"indexing":{"deny":[%[1]q]}}}]}}`,
		"wrong":    `{"status":{"collections":%q}}`,
		"page":     `{"data":{"documents":[],"nextPageState":%q}}`,
	}
	for how, said := range encodings {
		for where, format := range replies {
			for _, status := range []int{http.StatusOK, http.StatusBadRequest} {
				client := newClient(t, script(answer(status, fmt.Sprintf(format, said))), func(o *astra.Options) { o.Token = secret })
				database := client.Database("ks")
				found, err := database.FindCollections(t.Context())
				page, findErr := database.Collection("c").Find(t.Context(), astra.FindQuery{Projection: map[string]any{"a": 1}})
				shown := strings.ToLower(fmt.Sprintf("%+v %+v %v %+v %s", err, found, findErr, page, serviceOf(found)))
				for _, piece := range []string{"markedidmarke", "0123456789abcdef", "qxn0cmfduzpnyxj"} {
					require.NotContains(t, shown, piece, "%s, %s, %d", how, where, status)
				}
			}
		}
	}
	location := answer(http.StatusFound, "", "Location", "https://astracs.markedidmarkedid-0123456789ABCDEF0123456789abcdef.example/")
	_, err := newClient(t, script(location), func(o *astra.Options) { o.Token = secret }).FindKeyspaces(t.Context())
	require.ErrorIs(t, err, astra.ErrRedirect)
	require.ErrorContains(t, err, "([redacted].example)")

	kept := script(reply(`{"data":{"documents":[{"_id":"` + secret + `"}],"nextPageState":null}}`))
	page, err := newClient(t, kept, func(o *astra.Options) { o.Token = secret }).Database("ks").Collection("c").
		Find(t.Context(), astra.FindQuery{Projection: map[string]any{"a": 1}})
	require.NoError(t, err)
	require.JSONEq(t, `{"_id":"`+secret+`"}`, string(page.Documents[0]))
}

// serviceOf is the first collection's embedding service.
func serviceOf(found []astra.CollectionDescriptor) []byte {
	if len(found) == 0 || found[0].Options.Vector == nil {
		return nil
	}
	return found[0].Options.Vector.Service
}
