"""The host's OpenAPI documents, and what other platforms register of them."""
