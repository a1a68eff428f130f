"""What other platforms register of a host: OpenAPI 3.1, and Swagger 2.0 for Power Platform."""
