"""The console as a person meets it: in a real browser, by a host on a real port."""
