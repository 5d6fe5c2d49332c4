package localastra

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// scope is the part of the path that a command is sent to.
type scope int

const (
	generalScope scope = iota
	keyspaceScope
	collectionScope
)

// String is the word that COMMAND_UNKNOWN uses for the scope.
func (s scope) String() string { return [...]string{"General", "Keyspace", "Collection"}[s] }

// command is one entry of the command table.
type command struct {
	scope scope
	// fields and options are the names it knows, in alphabetical order. A nil options
	// accepts an absent or empty options object only.
	fields  []string
	options []string
	// write is true for commands that a read-only token may not send.
	write bool
	run   func(*request) (*reply, *apiError)
}

// request is one command on its way.
type request struct {
	// ctx is that of the HTTP request; a request lives no longer.
	ctx    context.Context
	server *Server
	header http.Header
	// keyspace and collection are empty where the path does not name them.
	keyspace   string
	collection string
	// command is empty until decode has found it.
	command string
	// args is the content of the command, an object; options is args.options.
	args    value
	options value
	// vectorized is true once vectors were put in the place of texts: a document may
	// then have both, which a client must not send.
	vectorized bool
}

// reply is what a command answers; absent parts are left out of the response.
type reply struct {
	data     []field
	status   []field
	errors   []*apiError
	warnings []*apiError
}

// commandTable lists the commands. Its entries stand in the file of their group. It is
// made anew for each server, because a table that is shared by all could be changed by
// one.
func commandTable() map[string]command {
	table := map[string]command{}
	for _, group := range []map[string]command{
		keyspaceCommands(), collectionCommands(), insertCommands(), findCommands(), countCommands(),
		deleteCommands(), updateCommands(), findOneAndCommands(), rerankCommands(),
		providerCommands(),
	} {
		maps.Copy(table, group)
	}
	return table
}

// decode finds the command in a parsed body and checks its field names. The order of
// its checks is the order in which the real server was observed to report: structure,
// command, fields, options.
func (s *Server) decode(body value, r *request) (*command, *apiError) {
	mismatch := func(problem string) *apiError {
		return newError("REQUEST_STRUCTURE_MISMATCH", "Request is valid JSON but has a structural mismatch: "+problem+
			".\n\nResend request with valid structure.")
	}
	switch {
	case body.kind == kindNull:
		return nil, invalidValue("command", value{}, "must not be null")
	case body.kind != kindObject:
		return nil, mismatch("expected a JSON Object that contains one command")
	case len(body.fields) != 1:
		return nil, mismatch("expected exactly one command")
	}
	r.command, r.args = body.fields[0].name, body.fields[0].value
	cmd, known := s.commands[r.command]
	if !known || cmd.scope != r.scope() {
		return nil, s.unknownCommand(r)
	}
	if r.args.kind == kindNull {
		r.args = objectValue()
	}
	if r.args.kind != kindObject {
		return nil, mismatch("expected a JSON Object as the command's content")
	}
	if err := onlyKnown(r.args, cmd.fields); err != nil {
		return nil, err
	}
	r.options, _ = r.args.get("options")
	if cmd.scope != collectionScope && r.command == "createCollection" {
		return &cmd, nil // has its own error for unknown options
	}
	if cmd.options == nil && len(r.options.fields) > 0 {
		return nil, errorf("COMMAND_ACCEPTS_NO_OPTIONS", "Command '%s' does not accept options but some were "+
			"included.\n\nResend command without options.", r.command)
	}
	return &cmd, onlyKnown(r.options, cmd.options)
}

// scope is where the path leads: the same command name in another place is an unknown
// command.
func (r *request) scope() scope {
	switch {
	case r.collection != "":
		return collectionScope
	case r.keyspace != "":
		return keyspaceScope
	default:
		return generalScope
	}
}

// unknownCommand lists what the place does know, in alphabetical order, as the Data API
// does: most such errors come from a missing keyspace or collection in the URL.
func (s *Server) unknownCommand(r *request) *apiError {
	var names []string
	for name, cmd := range s.commands {
		if cmd.scope == r.scope() {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return errorf("COMMAND_UNKNOWN", "Command '%s' is not a %s Command recognized by Data API.\n\n"+
		"Data API supports following %s Commands: [%s].\n\nResend using one of the supported commands.",
		r.command, r.scope(), r.scope(), strings.Join(names, ", "))
}

// onlyKnown refuses names that a command does not have. The Data API does so
// everywhere, so a misspelt option is never silently without effect.
func onlyKnown(v value, names []string) *apiError {
	for _, f := range v.fields {
		if !slices.Contains(names, f.name) {
			return errorf("COMMAND_FIELD_UNKNOWN", "Command field '%s' not recognized: not one of known fields ('%s')."+
				"\n\nResend command with valid command fields.", f.name, strings.Join(names, "', '"))
		}
	}
	return nil
}

// text returns a string argument. A number is taken as its text, as by the real server.
// A missing argument is an empty string, which every command that needs one refuses
// with its own error.
func (r *request) text(name string) string {
	v, _ := r.args.get(name)
	return v.text
}

// view runs fn over the collection that the request names, beside other readers.
// The caches that it wants are there, and all requests share them.
func (r *request) view(want wanted, fn func(*collection, reader) *apiError) *apiError {
	for {
		if err := r.server.store.warm(r.keyspace, r.collection, want); err != nil {
			return err
		}
		var failed *apiError
		cold := false
		err := r.server.store.view(func(t reader) error {
			c, err := r.server.store.catalog.collection(r.keyspace, r.collection)
			if cold = err == nil && !c.warm(want); cold {
				return nil // a write came between, and dropped what was built
			}
			if err == nil {
				err = fn(c, t)
			}
			failed = err
			return nil
		})
		switch {
		case err != nil:
			return serverError(err)
		case !cold:
			return failed
		case r.ctx.Err() != nil:
			return serverError(r.ctx.Err())
		}
	}
}

// update runs fn in a transaction. fn returns a failed write as err; an answer such as
// a refused document is refusal, and must come before the first write.
func (r *request) update(fn func(*collection, tx) (refusal *apiError, err error)) *apiError {
	var refused *apiError
	err := r.server.store.update(func(t tx) error {
		c, refusal := r.server.store.catalog.collection(r.keyspace, r.collection)
		if refused = refusal; refused != nil {
			return nil
		}
		var err error
		refused, err = fn(c, t)
		return err
	})
	if err != nil {
		return serverError(err)
	}
	return refused
}
