package localastra_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"destination-astra/localastra"
)

// A server in memory, reached by any HTTP client.
func Example() {
	server, err := localastra.Open(localastra.Options{Memory: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()
	web := httptest.NewServer(server)
	defer web.Close()

	post := func(path, command string) {
		request, err := http.NewRequest(http.MethodPost, web.URL+"/v1/"+path, strings.NewReader(command))
		if err != nil {
			fmt.Println(err)
			return
		}
		request.Header.Set("Token", "any")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			fmt.Println(err)
			return
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		fmt.Println(string(text), err)
	}
	post("default_keyspace", `{"createCollection":{"name":"articles","options":{"vector":{"dimension":2}}}}`)
	post("default_keyspace/articles", `{"insertMany":{"documents":[
		{"_id":"a","title":"one","$vector":[1,0]}, {"_id":"b","title":"two","$vector":[0,1]}]}}`)
	post("default_keyspace/articles", `{"find":{"sort":{"$vector":[1,0]},"projection":{"title":1},
		"options":{"limit":1,"includeSimilarity":true}}}`)
	// Output:
	// {"status":{"ok":1}} <nil>
	// {"status":{"insertedIds":["a","b"]}} <nil>
	// {"data":{"documents":[{"_id":"a","title":"one","$similarity":1.0}],"nextPageState":null}} <nil>
}
