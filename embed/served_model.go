package embed

import (
	"fmt"
	"regexp"
	"strings"
)

// AnyModel as the expected model takes whatever name a service's replies give.
const AnyModel = "*"

// servedModel is the name of the model that replies are to give; "" takes any.
type servedModel string

// check returns why a reply that names a model is not one of this model, or nil.
func (m servedModel) check(named string) *Error {
	if m == "" || m == AnyModel || named == "" || sameModel(string(m), named) {
		return nil
	}
	return &Error{
		Message: fmt.Sprintf("the service answered with the model %q, not with %q: "+
			"vectors of two models cannot be searched together", named, string(m)),
		fault: faultOtherModel,
	}
}

// datePattern matches what providers put behind a model's name to tell when it was
// made, such as 2024-01-25, 20240125, 0125 or 001.
var datePattern = regexp.MustCompile(`^[-@:](20\d\d-?\d\d(-?\d\d)?|(0[1-9]|1[0-2])([0-2]\d|3[01])|0\d\d)$`)

// firstNames are other names of OpenAI's first model, as its own API and Azure gave them.
var firstNames = []string{"text-embedding-ada-002-v2", "ada"}

// sameModel reports whether two names are of the same model: one may have a date, the tag
// latest, or the name of its maker in front.
func sameModel(a, b string) bool {
	a, b = plainModel(a), plainModel(b)
	if before, after := strings.LastIndexByte(a, '/'), strings.LastIndexByte(b, '/'); before < 0 || after < 0 {
		a, b = a[before+1:], b[after+1:]
	}
	if len(a) > len(b) {
		a, b = b, a
	}
	if a == b || strings.HasPrefix(b, a) && datePattern.MatchString(b[len(a):]) {
		return true
	}
	for _, name := range firstNames {
		if a == name && b == DefaultModel || b == name && a == DefaultModel {
			return true
		}
	}
	return false
}

func plainModel(name string) string {
	return strings.TrimSuffix(strings.ToLower(strings.TrimSpace(name)), ":latest")
}
