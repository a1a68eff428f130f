"""How a request leaves and an answer comes."""
