"""Command lines become values: options, inputs, files, orders for batches."""
