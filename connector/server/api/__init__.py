"""What the API can be asked for, a module for each thing it is about."""
