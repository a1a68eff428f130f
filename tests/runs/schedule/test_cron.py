"""A cron line means what it means everywhere; what happens when the clocks change is settled."""

from datetime import datetime

import pytest
from declared import CASES, load_yaml

from connector.errors import InvalidArguments
from connector.runs.schedule.cron import Cron

TIMES = load_yaml(CASES.parent / "cron" / "times.yaml")
BROKEN = load_yaml(CASES.parent / "cron" / "broken.yaml")


@pytest.mark.parametrize("case", TIMES, ids=lambda case: case["name"])
def test_the_times_of_a_line(case):
    """Each is told in its own zone, with how far that is from UTC just then."""
    cron = Cron.read(case["line"], case["zone"])
    after = datetime.fromisoformat(case["after"]).timestamp()
    found = cron.upcoming(after, len(case["times"]))
    assert [one.isoformat() for one in found] == case["times"]
    moments = [one.timestamp() for one in found]
    assert all(map(cron.is_time, moments))
    assert not any(cron.is_time(at + 60) for at in moments if at + 60 not in moments)
    assert cron.between(after, moments[-1], 1000) == moments
    assert cron.between(after, moments[-1], 1) == moments[-1:]


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: f"{case['line']} {case['zone']}")
def test_what_is_wrong_with_a_line(case):
    """Every mistake is told at once, with what to write."""
    with pytest.raises(InvalidArguments) as caught:
        Cron.read(case["line"], case["zone"])
    assert [text for text in case["told"] if text not in str(caught.value)] == []


def test_looking_back_far_is_quick():
    """Of a year of minutes, the last few are found without going through them all."""
    cron = Cron.read("* * * * *", "UTC")
    assert cron.between(0.0, 31_536_000.0, 3) == [31_535_880.0, 31_535_940.0, 31_536_000.0]
