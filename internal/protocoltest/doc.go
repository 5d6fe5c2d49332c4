// Package protocoltest checks, in tests, that what a connector prints is the Airbyte protocol:
// each line of stdout against the definition AirbyteMessage of the protocol's own JSON schema.
//
// The schema file (airbyte_protocol.yaml of the airbyte-protocol repository) is read in place
// beside the checkout and is not part of it. Where it is absent only the lines' form is
// checked, and the test's log says so.
package protocoltest
