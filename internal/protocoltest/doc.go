// Package protocoltest checks, in tests, that what a connector prints is the Airbyte protocol:
// each line of stdout against messages.json, which holds what we rely on in our own words.
//
// Where the protocol's own JSON schema (airbyte_protocol.yaml of the airbyte-protocol
// repository) lies beside the checkout, it is read in place, and each line is held against its
// definition AirbyteMessage as well.
package protocoltest
