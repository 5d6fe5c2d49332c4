package embed

// Forecast is what embedding some texts would take.
type Forecast struct {
	Requests int64
	// Tokens are counted by the provider's tokenizer where Exact is set, else by one that may
	// be off by a third, or by the bytes.
	Tokens int64
	Exact  bool
}

// Forecast says what one call of Embed with these texts would send when all goes well, by what
// is known of the service so far. It sends nothing.
func (s *service) Forecast(texts []string) Forecast {
	known := s.provider == ProviderOpenAI || s.provider == ProviderAzureOpenAI
	f := Forecast{Exact: s.counter != nil && known}
	pieces := s.cut(texts)
	for _, p := range pieces {
		f.Tokens += int64(p.tokens)
	}
	for len(pieces) > 0 {
		f.Requests++
		pieces = pieces[s.packer.next(pieces):]
	}
	return f
}
