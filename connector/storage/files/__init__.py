"""Kept files, by reference: in a folder, or in an object store."""
