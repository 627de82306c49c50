"""The ground floor: what any platform needs and nothing that knows what music is."""
