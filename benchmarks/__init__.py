"""How fast, how exact and how light probecli is, beside its peers, on loopback servers."""
