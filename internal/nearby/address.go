package nearby

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"syscall"
)

// ErrNotPrivate is why [Control] refuses an address.
var ErrNotPrivate = errors.New("plain http is only allowed to loopback and private addresses; use https")

// Error is what [Control] returns. It wraps ErrNotPrivate.
type Error struct {
	// Address is what was about to be dialled.
	Address netip.Addr
}

// Error says what is allowed, and what the address is instead.
func (e *Error) Error() string {
	return fmt.Sprintf("%v: %s is %s", ErrNotPrivate, e.Address, e.Kind())
}

// Unwrap returns ErrNotPrivate.
func (e *Error) Unwrap() error { return ErrNotPrivate }

// Kind says in words what the address is.
func (e *Error) Kind() string {
	switch address := bare(e.Address); {
	case isMetadata(address):
		return "the address of a cloud's metadata service"
	case address.IsLinkLocalUnicast():
		return "a link-local address"
	}
	return "a public address"
}

// Control is the net.Dialer.Control of every connection for plain http. It runs after the
// name is resolved and before connecting, for each address that is tried, so that a name
// cannot show one address to a check and another one to the dial.
func Control(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNotPrivate, err)
	}
	if !Allows(at.Addr()) {
		return &Error{Address: at.Addr()}
	}
	return nil
}

// Allows tells whether plain http may go to an address: loopback, RFC 1918, unique local,
// the shared space of RFC 6598 that Kubernetes networks use, and "this host" (0.0.0.0, ::),
// which is loopback to who dials it. Link-local addresses are refused: in clouds they are
// services that hand out secrets, and so are the metadata addresses in private ranges.
func Allows(address netip.Addr) bool {
	address = bare(address)
	switch {
	case isMetadata(address):
		return false
	case address == podmanHost:
		return true
	}
	return address.IsLoopback() || address.IsUnspecified() || address.IsPrivate() || sharedSpace.Contains(address)
}

// podmanHost is host.containers.internal and host.docker.internal in a rootless container
// of Podman 5.3 and later.
var podmanHost = netip.AddrFrom4([4]byte{169, 254, 1, 2})

// sharedSpace is that of RFC 6598.
var sharedSpace = netip.PrefixFrom(netip.AddrFrom4([4]byte{100, 64, 0, 0}), 10)

// metadata are the services that give a cloud's credentials to whoever asks.
var metadata = []netip.Addr{
	netip.AddrFrom4([4]byte{169, 254, 169, 254}), // AWS, Azure, Google and most others
	netip.AddrFrom4([4]byte{169, 254, 170, 2}),   // AWS, tasks
	netip.AddrFrom4([4]byte{169, 254, 170, 23}),  // AWS, pods
	netip.AddrFrom4([4]byte{100, 100, 100, 200}), // Alibaba
	netip.MustParseAddr("fd00:ec2::254"),         // AWS
	netip.MustParseAddr("fd00:ec2::23"),          // AWS, pods
	netip.MustParseAddr("fd20:ce::254"),          // Google
}

func isMetadata(address netip.Addr) bool { return slices.Contains(metadata, address) }

// bare takes off what makes two forms of one address differ.
func bare(address netip.Addr) netip.Addr { return address.Unmap().WithZone("") }
