package localastra

import (
	"encoding/base64"
	"encoding/binary"
)

// pageState is where the next page starts. Clients see it as an opaque text.
type pageState struct {
	from      uint64 // the first sequence number of the next page
	remaining int    // how many documents limit still allows; 0 means no limit
}

const pageStateBytes = 12

// json prints the state as base64, as the states of the real server look. Clients must
// not look inside: it changes between versions.
func (p pageState) json() value {
	raw := binary.BigEndian.AppendUint64(nil, p.from)
	raw = binary.BigEndian.AppendUint32(raw, uint32(p.remaining))
	return stringValue(base64.StdEncoding.EncodeToString(raw))
}

// parsePageState reads options.pageState; absent and null are the first page. A state
// of another server, or one that was cut, is refused as the real server does: with an
// error of the driver.
func parsePageState(options value) (pageState, *apiError) {
	v, has := options.get("pageState")
	if !has || v.kind == kindNull {
		return pageState{}, nil
	}
	raw, err := base64.StdEncoding.DecodeString(v.text)
	if err != nil || len(raw) != pageStateBytes {
		return pageState{}, driverError("Invalid paging state")
	}
	return pageState{binary.BigEndian.Uint64(raw), int(binary.BigEndian.Uint32(raw[8:]))}, nil
}
