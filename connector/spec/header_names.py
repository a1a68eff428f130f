"""Header names: which ones a caller may not set."""

# The connection's and the transport's own; a caller who could set them could pose as somebody else.
RESERVED_HEADERS = frozenset(
    {
        "authorization", "proxy-authorization", "cookie", "host", "content-length", "transfer-encoding",
        "connection", "keep-alive", "te", "trailer", "upgrade", "expect",
    }
)  # fmt: skip
