"""The figures beside what they must not pass and what is aimed for, as a table and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

# What each figure is, its unit, its floor and its aim.
GOALS = {
    "get_cpu": ("small GET, CPU of bare httpx's", "x", "<= 1.15", "0.80"),
    "edit_cpu": ("edit, 1 MB up and 1.5 MB down, CPU of bare httpx's", "x", "<= 1.00", "0.40"),
    "edits16_throughput": ("16 edits at once in threads, calls a second of httpx's", "x", ">= 1.50", "2.50"),
    "list_wall": ("connector actions, time of python -c pass", "x", "<= 4.00", "3.00"),
    "up100_rss_mb": ("100 MB up, resident memory grows by", "MB", "<= 5.00", "1.50"),
    "down100_rss_mb": ("100 MB down to a file, resident memory grows by", "MB", "<= 5.00", "1.50"),
    "pollers1000_core": ("1,000 jobs polled every 10 s, share of a core", "", "<= 0.20", "0.12"),
    "in_flight1000_rss_mb": ("1,000 durable jobs in flight, resident memory", "MB", "<= 200", "100"),
    "in_flight1000_core": ("1,000 durable jobs in flight, share of a core", "", "<= 0.30", "0.15"),
    "queued_cpu_growth": ("a queued run, CPU at 10,000 of that at 100", "x", "<= 1.20", "1.00"),
    "shared4_used": ("four processes with one key, share of the limit used", "", ">= 0.95", "0.98"),
    "shared4_refused": ("four processes with one key, requests refused for it", "", "<= 0", "0"),
    "host_added_ms": ("small call through the host, beyond the engine", "ms", "<= 3.00", "2.00"),
}


def lines(
    figures: Mapping[str, float], also: Mapping[str, float], machine: Mapping[str, float]
) -> Iterator[str]:
    """The table, what stands beside it, and under what circumstances it was measured."""
    yield f"{'':56}{'measured':>10}{'floor':>10}{'aim':>8}"
    for name, (title, unit, floor, aim) in GOALS.items():
        yield f"{title:56}{figures[name]:>7.2f} {unit:2}{floor:>10}{aim:>8}"
    yield ""
    for name, value in also.items():
        yield f"  {name:54}{value:>10.2f}"
    yield ""
    yield ", ".join(f"{name} {value:.4g}" for name, value in machine.items())


def write(
    path: Path, figures: Mapping[str, float], also: Mapping[str, float], machine: Mapping[str, float]
) -> None:
    """The same as JSON: the figures by their names, the rest under ``also`` and ``machine``."""
    path.parent.mkdir(exist_ok=True)
    known = {name: round(figures[name], 3) for name in GOALS}
    beside = {"also": _rounded(also), "machine": _rounded(machine)}
    path.write_text(json.dumps(known | beside, indent=2) + "\n", encoding="utf-8")


def _rounded(figures: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 3) for name, value in figures.items()}
