package astra_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEstimatedDocumentCount(t *testing.T) {
	server := script(reply(`{"status":{"count":525}}`))
	n, err := articles(t, server).EstimatedDocumentCount(t.Context())
	require.NoError(t, err)
	require.Equal(t, 525, n)
	require.JSONEq(t, `{"estimatedDocumentCount":{}}`, server.bodies[0])

	_, err = articles(t, script(reply(`{"status":{}}`))).EstimatedDocumentCount(t.Context())
	require.Error(t, err, "an answer without a count")
	refused := script(answer(http.StatusUnauthorized, `{"errors":[{"errorCode":"UNAUTHORIZED_ACCESS"}]}`))
	_, err = articles(t, refused).EstimatedDocumentCount(t.Context())
	require.Error(t, err)
}
