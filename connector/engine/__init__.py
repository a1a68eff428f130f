"""One invocation, from arguments to result."""
