"""A first look: every action once, by its own example, against the sandbox on a real port."""

from __future__ import annotations

from connector.cli.demo.show import run

__all__ = ["run"]
