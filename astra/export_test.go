package astra

// For tests of what needs a public network otherwise.
var (
	NeedsPrivateAddress = needsPrivateAddress
	IsPrivate           = isPrivate
)
