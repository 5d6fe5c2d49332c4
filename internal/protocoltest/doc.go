// Package protocoltest checks, in tests, that what a connector prints is the Airbyte protocol:
// each line of stdout against messages.json, which holds what we rely on in our own words.
//
// A test of its own holds these rules against the protocol's JSON schema (airbyte_protocol.yaml
// of the airbyte-protocol repository), where AIRBYTE_PROTOCOL names that file.
package protocoltest
