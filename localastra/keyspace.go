package localastra

import (
	"maps"
	"slices"
)

// systemKeyspaces are listed beside the user's by a self-hosted Data API.
var systemKeyspaces = []string{
	"system_auth", "system_schema", "system_distributed", "system", "system_traces", "system_views",
	"system_virtual_schema",
}

// keyspaceCommands are the commands on the base path. createNamespace,
// dropNamespace and findNamespaces are the deprecated names, which add a warning.
func keyspaceCommands() map[string]command {
	create := command{scope: generalScope, write: true, fields: []string{"name", "options"},
		options: []string{"replication"}, run: createKeyspace}
	drop := command{scope: generalScope, write: true, fields: []string{"name", "options"}, run: dropKeyspace}
	find := command{scope: generalScope, fields: []string{"options"}, run: findKeyspaces}
	return map[string]command{
		"createKeyspace":  create,
		"dropKeyspace":    drop,
		"findKeyspaces":   find,
		"createNamespace": deprecated(create, "createKeyspace"),
		"dropNamespace":   deprecated(drop, "dropKeyspace"),
		"findNamespaces":  deprecated(find, "findKeyspaces"),
	}
}

// deprecated makes the old name of a command: it does the same and adds a warning to
// the status.
func deprecated(c command, now string) command {
	run := c.run
	c.run = func(r *request) (*reply, *apiError) {
		result, err := run(r)
		if err != nil {
			return nil, err
		}
		if names, has := (objectValue(result.status...)).get("keyspaces"); has {
			result.status = []field{{"namespaces", names}}
		}
		result.warnings = append(result.warnings, errorf("DEPRECATED_COMMAND", "A deprecated command was used, it may "+
			"still be used but will be removed in future releases.\n\nThe deprecated command is: %s.\nThe new command "+
			"to use is: %s.\n\nPlease check the documentation for the new command and update your code.",
			r.command, now))
		return result, nil
	}
	return c
}

// okReply is the status of schema commands: {"ok": 1}.
func okReply() *reply { return &reply{status: []field{{"ok", intValue(1)}}} }

// createKeyspace creates a keyspace unless it exists. Replication is accepted and means
// nothing here. On Astra DB itself keyspaces are made through the DevOps API.
func createKeyspace(r *request) (*reply, *apiError) {
	name := r.text("name")
	if !validSchemaName(name) {
		return nil, badName("Keyspace", name)
	}
	if slices.Contains(systemKeyspaces, name) {
		return nil, refusedQuery("INVALID_DATABASE_QUERY")
	}
	if err := r.server.store.createKeyspace(name); err != nil {
		return nil, serverError(err)
	}
	return okReply(), nil
}

// badName is the answer to a name that is too long, or has other characters than
// letters, digits and underscores.
func badName(what, name string) *apiError {
	return errorf("UNSUPPORTED_SCHEMA_NAME", "The command attempted to create a %[1]s with a name that is not "+
		"supported.\n\nThe supported %[1]s names must not be empty, more than 48 characters long, or contain "+
		"non-alphanumeric-underscore characters.\nThe command used the unsupported %[1]s name: '%[2]s'.\n\n"+
		"Resend the command using a supported %[1]s name.", what, name)
}

// dropKeyspace drops a keyspace with all of its collections. One that does not exist is
// fine, too (Data API v1.0.51, observed).
func dropKeyspace(r *request) (*reply, *apiError) {
	name := r.text("name")
	if name == "" {
		return nil, invalidValue("command.name", stringValue(name), "must not be empty")
	}
	if err := r.server.store.dropKeyspace(name); err != nil {
		return nil, serverError(err)
	}
	return okReply(), nil
}

// findKeyspaces lists names in order, the system's own behind the user's.
func findKeyspaces(r *request) (*reply, *apiError) {
	var names []string
	err := r.server.store.view(func(reader) error {
		names = slices.Sorted(maps.Keys(r.server.store.catalog.keyspaces))
		return nil
	})
	if err != nil {
		return nil, serverError(err)
	}
	names = append(names, systemKeyspaces...)
	return &reply{status: []field{{"keyspaces", stringsValue(names)}}}, nil
}
