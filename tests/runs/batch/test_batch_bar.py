"""A bar grows where somebody looks, and is a line now and then where nobody does."""

import io
import sys

import pytest

from connector.cli.terminal.bar import ProgressBar, length


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


class Screen(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock():
    return Clock()


def test_nobody_looks(clock, capsys):
    """A line is told so often, where there is something new, with what is left."""
    bar = ProgressBar(100, 20, quiet=False, clock=clock)
    bar.show(21, "3 credits")
    clock.now += 20
    bar.show(40, "60 credits")
    clock.now += 20
    bar.show(40, "60 credits")
    clock.now += 20
    bar.show(100, "240 credits")
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["40 of 100, 60 credits, 1 min left", "100 of 100, 240 credits"]


def test_somebody_looks(clock, monkeypatch):
    """It is drawn anew in its place, and gone when it is over."""
    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    with ProgressBar(4, quiet=False, clock=clock) as bar:
        bar.show(1, "3 credits")
        clock.now += 10
        bar.show(2, "6 credits")
        bar.tell("row 3: failed")
        clock.now += 10
        bar.show(3, "6 credits")
    first, second, told, third, last = screen.getvalue().split("\r\x1b[K")[1:]
    assert first == "[######..................] 1 of 4, 3 credits"
    assert second == "[############............] 2 of 4, 6 credits, 10 s left"
    assert told == "row 3: failed\n"
    assert third == "[##################......] 3 of 4, 6 credits, 7 s left"
    assert last == ""


def test_quiet_is_quiet(clock, capsys):
    """Not even a failure is told."""
    with ProgressBar(4, quiet=True, clock=clock) as bar:
        clock.now += 60
        bar.show(1, "")
        bar.tell("row 3: failed")
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.2, "1 s"), (59, "59 s"), (61, "1 min"), (3540, "59 min"), (3600, "1 h 0 min"), (9000, "2 h 30 min")],
)
def test_a_length_of_time_is_as_exact_as_anybody_wants(seconds, said):
    """No more."""
    assert length(seconds) == said
