"""Medians and ratios of what was measured, as JSON and as tables."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from statistics import median
from typing import Any

from .measure import Sample, Settings
from .names import THIS
from .peers import Peer
from .scenarios import Scenario

Samples = Mapping[str, Mapping[str, Sequence[Sample]]]

BUSY = 0.9
"""A load generator that takes more than this share of a processor may be what was measured."""


def ratio(ours: Sequence[Sample], theirs: Sequence[Sample]) -> float | None:
    """How many times as many answers a second we give: the median of the rounds' own ratios."""
    pairs = [(mine.rate, other.rate) for mine, other in zip(ours, theirs, strict=True)]
    return median(mine / other for mine, other in pairs) if all(other for _, other in pairs) else None


def figures(samples: Sequence[Sample], ours: Sequence[Sample] | None) -> dict[str, Any]:
    """The figures of one peer with one scenario: rates in answers a second, times in milliseconds."""
    share = ratio(ours, samples) if ours else None
    return {
        "rate": round(median(sample.rate for sample in samples), 1),
        "p50_ms": round(median(sample.p50 for sample in samples) * 1000, 3),
        "p99_ms": round(median(sample.p99 for sample in samples) * 1000, 3),
        "ratio": share if share is None else round(share, 3),
        "cpu": round(median(sample.cpu for sample in samples), 2),
        "load_cpu": round(median(sample.load_cpu for sample in samples), 2),
        "errors": sum(sample.errors for sample in samples),
        "rates": [round(sample.rate, 1) for sample in samples],
    }


def as_json(samples: Samples, settings: Settings) -> dict[str, Any]:
    """All figures, with the machine and the settings they belong to."""
    return {
        "machine": {
            "python": platform.python_version(),
            "system": platform.platform(),
            "processors": len(os.sched_getaffinity(0)),
        },
        "settings": asdict(settings),
        "results": {
            scenario: {peer: figures(rounds, peers.get(THIS)) for peer, rounds in peers.items()}
            for scenario, peers in samples.items()
        },
    }


def as_text(report: Mapping[str, Any], scenarios: Mapping[str, Scenario], peers: Mapping[str, Peer]) -> str:
    """A table for each scenario, fastest peer first."""
    settings = report["settings"]
    lines = [
        "{processors} processors, Python {python}".format(**report["machine"])
        + "; medians of {rounds} rounds of {seconds} s, {connections} connections".format(**settings)
    ]
    width = max(map(len, peers))
    for name, results in report["results"].items():
        lines += ["", f"{name}: {scenarios[name].about}"]
        lines.append(f"  {'':<{width}}  answers/s  p50 ms  p99 ms  server cpu  {THIS} is")
        for peer, found in sorted(results.items(), key=lambda item: -float(item[1]["rate"])):
            share = "" if found["ratio"] is None or peer == THIS else f"{found['ratio']:.2f} x"
            errors = f"  {found['errors']} ERRORS" if found["errors"] else ""
            lines.append(
                f"  {peer:<{width}}  {found['rate']:>9,.0f}  {found['p50_ms']:>6.2f}  {found['p99_ms']:>6.1f}"
                f"  {found['cpu']:>9.0%}   {share:>10}{errors}"
            )
    lines += ["", *(f"{name:<{width}}  {peer.about}" for name, peer in peers.items())]
    slow = [
        name
        for name, results in report["results"].items()
        if any(r["load_cpu"] > BUSY for r in results.values())
    ]
    if slow:
        lines += [
            "",
            f"The load generator was busy throughout in {', '.join(slow)}: those figures are its own.",
        ]
    return "\n".join(lines)
