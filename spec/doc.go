// Package spec is the configuration of destination-astra: the JSON schema that a user
// interface draws its form from, the typed [Config] that the other packages are given,
// and the checks between the two.
//
// [ConnectorSpecification] returns the specification that the spec command prints. Its
// schema accepts every configuration that the schema of the Python connector
// (destination-astra 0.1.x) accepts, so that a stored configuration keeps working.
//
// [Parse] reads a configuration. It reports everything that is wrong in one go, as
// [Errors], and never quotes a secret in a message. It is a little more lenient than the
// schema where a configuration can only mean one thing:
//
//   - a whole number may be written as 1000.0 or 1e3, or as a string such as "1000";
//   - true and false may be written as strings;
//   - a property that is null counts as absent;
//   - a byte order mark before it is dropped;
//   - white space round a key, a token, a URL or a name is dropped;
//   - a property that nobody knows is ignored, with a [Warning].
//
// Credentials have the type [Secret], which prints as [redacted] wherever a Config goes.
//
// The package reads no environment variable and no file, and opens no connection. It
// does not know the packages that use its options.
package spec
