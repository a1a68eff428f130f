"""What tests in every folder may ask for: one server of databases for all of a process's tests."""

from postgres import postgres, postgres_url

__all__ = ["postgres", "postgres_url"]
