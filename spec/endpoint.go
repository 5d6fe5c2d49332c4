package spec

import (
	"errors"
	"net/url"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"destination-astra/internal/nearby"
)

// Base paths of the Data API: at Astra, and where someone runs it himself.
const (
	astraPath      = "/api/json/v1"
	selfHostedPath = "/v1"
)

const localPrefix = "local:"

// astraHost matches the hosts of databases in Astra and its development stages.
var astraHost = regexp.MustCompile(`\.apps\.astra(-dev|-test)?\.datastax\.com$`)

// Endpoint is where the Data API is: a folder that the embedded server keeps its file
// in, or a URL. The zero value is neither. Endpoints can be compared with ==.
type Endpoint struct {
	text   string
	dir    string // local only
	origin string // scheme, host and port
	path   string // given by the user; "" means that we choose
	astra  bool
	doubt  bool // plain http to a name that may be anywhere
}

// ParseEndpoint reads "local:DIR" or an http or https URL. The error says what is wrong
// and what to do, continues a sentence that begins with the setting's name, and does not
// quote the text, in which people leave passwords.
func ParseEndpoint(text string) (Endpoint, error) {
	text = strings.TrimSpace(text)
	if dir, ok := strings.CutPrefix(text, localPrefix); ok {
		return parseLocal(strings.TrimSpace(dir))
	}
	if err := refuseEndpoint(text); err != nil {
		return Endpoint{}, err
	}
	u, err := parseHTTPURL(text)
	if err != nil {
		return Endpoint{}, err
	}
	e := Endpoint{
		text:   text,
		origin: u.Scheme + "://" + u.Host,
		path:   strings.TrimRight(u.EscapedPath(), "/"),
		astra:  astraHost.MatchString(hostName(u)),
		doubt:  inClear(u) == nearby.Elsewhere,
	}
	switch {
	case hostName(u) == "astra.datastax.com":
		return Endpoint{}, errors.New("is the address of the Astra portal; " +
			"copy the API endpoint that your database's page shows there")
	case inClear(u) == nearby.Public, e.astra && u.Scheme == "http":
		return Endpoint{}, errors.New("is plain http to a host that is neither loopback nor private, " +
			"so your token would travel unencrypted; use https")
	}
	return e, nil
}

// databaseID is what Astra calls a database in its lists and URLs.
var databaseID = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// hostLike is the beginning of a URL whose scheme was left out.
var hostLike = regexp.MustCompile(`^(localhost|[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+|[A-Za-z0-9-]+:[0-9]+)(:[0-9]+)?(/|$)`)

// refuseEndpoint says what to write instead of a text that is nearly an endpoint.
func refuseEndpoint(text string) error {
	const form = "https://ID-REGION.apps.astra.datastax.com"
	lower := strings.ToLower(text)
	switch {
	case strings.HasPrefix(text, "https://"), strings.HasPrefix(text, "http://"):
		return nil
	case strings.HasPrefix(lower, "https://"), strings.HasPrefix(lower, "http://"), strings.HasPrefix(lower, localPrefix):
		return errors.New("must begin with https://, http:// or local: in small letters")
	case strings.HasPrefix(lower, "file:"):
		return errors.New("is a file URL; to keep the data in a folder write local: and the folder, such as local:/data")
	case databaseID.MatchString(text):
		return errors.New("is the id of a database; copy its API endpoint instead, which has the form " + form)
	case hostLike.MatchString(text):
		return errors.New("has no scheme; begin it with https:// (or http:// for a host of your own network)")
	}
	return errors.New("is not a URL; it must begin with https:// (or http://): use the API endpoint of your database, " +
		"which has the form " + form + ", or local: and a folder")
}

func parseLocal(dir string) (Endpoint, error) {
	switch {
	case dir == "":
		return Endpoint{}, errors.New("names no folder; use local: and a folder, such as local:data")
	case strings.HasPrefix(dir, "//"):
		return Endpoint{}, errors.New("has slashes after local: as a URL does; " +
			"use local:data for a relative folder or local:/data for an absolute one")
	case strings.ContainsFunc(dir, func(r rune) bool { return r < ' ' }):
		return Endpoint{}, errors.New("has a control character in the folder's name; remove it")
	}
	dir = filepath.Clean(dir)
	return Endpoint{text: localPrefix + dir, dir: dir}, nil
}

// IsLocal returns the folder of a local endpoint, absolute or relative to the working
// directory, and whether this is one.
func (e Endpoint) IsLocal() (dir string, ok bool) { return e.dir, e.dir != "" }

// IsAstra tells whether the endpoint is a database in Astra.
func (e Endpoint) IsAstra() bool { return e.astra }

// BaseURLs returns the URLs that a keyspace's name is appended to (after a slash), in the
// order to try them: the next one only where one answers 404 to everything. It returns
// none for a local endpoint and one or two for a URL. Astra has one base path whatever
// path was pasted; elsewhere a path of the user's stays as it is.
func (e Endpoint) BaseURLs() []string {
	switch {
	case e.origin == "":
		return nil
	case e.IsAstra():
		return []string{e.origin + astraPath}
	case e.path == "":
		return []string{e.origin + selfHostedPath, e.origin + astraPath}
	default:
		return []string{e.origin + e.path}
	}
}

// String returns the endpoint as configured. It holds no credentials.
func (e Endpoint) String() string { return e.text }

// MarshalText returns the endpoint as configured. It never fails.
func (e Endpoint) MarshalText() ([]byte, error) { return []byte(e.text), nil }

// parseHTTPURL reads an absolute http or https URL that holds nothing but scheme, host,
// port and path. Its errors never quote the URL.
func parseHTTPURL(text string) (*url.URL, error) {
	if !strings.HasPrefix(text, "https://") && !strings.HasPrefix(text, "http://") {
		return nil, errors.New("is not a URL; it must begin with https:// (or http://)")
	}
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, errors.New("is not a valid URL; copy it again")
	case u.User != nil:
		return nil, errors.New("has a user name or password before the host; remove it")
	case u.RawQuery != "" || u.ForceQuery || strings.Contains(text, "#"):
		return nil, errors.New("has a ? or # part; remove it")
	case u.Hostname() == "":
		return nil, errors.New("names no host; copy it again")
	case !isPort(u.Port()):
		return nil, errors.New("has a port that does not exist; ports go from 1 to 65535")
	}
	return u, nil
}

// isPort accepts no port at all, too.
func isPort(text string) bool {
	n, err := strconv.ParseUint(text, 10, 16)
	return text == "" || err == nil && n > 0
}

// hostName is the host as it is dialled, in small letters and without a dot at its end.
func hostName(u *url.URL) string {
	return strings.ToLower(strings.TrimRight(nearby.Normal(u.Hostname()), "."))
}

// inClear tells where what is sent to u travels unencrypted; what https carries does so
// nowhere, as if u were nearby.
func inClear(u *url.URL) nearby.Place {
	if u.Scheme != "http" {
		return nearby.Nearby
	}
	return nearby.Judge(u.Hostname())
}
