"""The OpenAPI document of the host, made of its operations and of the specs."""
