package embed

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// fingerprint names what determines the vectors: provider/model/dimension, and behind an
// @ after the model which service it is, unless that is the provider itself.
func fingerprint(provider, model, service string, dimension int) string {
	if service == "" || service == provider {
		return fmt.Sprintf("%s/%s/%d", provider, model, dimension)
	}
	return fmt.Sprintf("%s/%s@%s/%d", provider, model, service, dimension)
}

// ownHosts are the hosts of the providers themselves; hosts below them are regions.
var ownHosts = map[string][]string{
	ProviderOpenAI: {"api.openai.com"},
	ProviderCohere: {"api.cohere.com", "api.cohere.ai"},
}

// serviceAt names the service at a URL: by a hash of its address, which is short and
// tells nothing of it; "" for the provider's own. How an address is written makes no
// difference: letter case of the host, the scheme and its port, a slash at the end.
func serviceAt(provider string, u *url.URL) string {
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	for _, own := range ownHosts[provider] {
		if host == own || strings.HasSuffix(host, "."+own) {
			return ""
		}
	}
	if port := u.Port(); port != "" && port != "80" && port != "443" {
		host = net.JoinHostPort(host, port)
	}
	address := host + strings.TrimRight(u.EscapedPath(), "/") + "?" + tellingQuery(u.Query()).Encode()
	sum := sha256.Sum256([]byte(address))
	return hex.EncodeToString(sum[:6])
}

// tellingQuery returns what of a query may determine the vectors. Credentials change
// without that, and so does the version of the API.
func tellingQuery(query url.Values) url.Values {
	for name := range query {
		lower := strings.ToLower(name)
		for _, other := range []string{"key", "token", "secret", "sig", "auth", "pass", "code", "version"} {
			if strings.Contains(lower, other) {
				query.Del(name)
			}
		}
	}
	return query
}
