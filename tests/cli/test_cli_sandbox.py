"""What the command that serves the sandbox says."""

from __future__ import annotations

from connector.cli.commands.sandbox import greeting
from connector.sandbox import Sandbox, Settings


def test_the_greeting_says_what_is_not_as_it_seems() -> None:
    """Address and key always, the speed only where it is not the world's."""
    plain, fast = Sandbox(), Sandbox(Settings(speed=60))
    assert "http://here" in greeting("http://here", plain)
    assert "sk-sandbox" in greeting("http://here", plain)
    assert "60 times" not in greeting("http://here", plain)
    assert "60 times" in greeting("http://here", fast)
    plain.close()
    fast.close()
