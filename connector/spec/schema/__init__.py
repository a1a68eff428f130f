"""JSON Schema: values checked against it, mistakes and limits told in words, texts coerced to its types."""
