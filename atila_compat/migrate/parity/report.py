"""The outcome of a comparison: a line for each difference, JSON for machines, a page for people."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from .case import Answer, Case, Exchange
from .compare import body
from .player import Outcome

PAGE = Path(__file__).with_name("report.html.j2")
MOST_LINES = 400
"""Lines of a body that the page shows."""


@dataclass
class Compared:
    """A case and how its exchanges went."""

    case: Case
    outcomes: list[Outcome] = field(default_factory=list)

    @property
    def same(self) -> int:
        """How many answers are the recorded ones."""
        return sum(not outcome.differs for outcome in self.outcomes)


def as_lines(compared: Iterable[Compared]) -> list[str]:
    """What differs, a line each, then a line for each case, then the sum."""
    lines = []
    cases = list(compared)
    for each in cases:
        for outcome in each.outcomes:
            lines += [f"{each.case.name} {outcome.id}: {text}" for text in outcome.differs]
    width = max((len(each.case.name) for each in cases), default=0)
    lines += [f"{each.case.name:<{width}}  {each.same:>4}/{len(each.outcomes)}" for each in cases]
    same, count = sum(each.same for each in cases), sum(len(each.outcomes) for each in cases)
    lines.append(f"{same} of {count} answers as recorded")
    return lines


def as_json(compared: Iterable[Compared], url: str) -> str:
    """The outcome as an object: `url`, and `cases` with what differs in each."""
    cases = [
        {
            "case": each.case.name,
            "exchanges": len(each.outcomes),
            "same": each.same,
            "differs": {outcome.id: outcome.differs for outcome in each.outcomes if outcome.differs},
        }
        for each in compared
    ]
    return json.dumps({"url": url, "cases": cases}, indent=1, ensure_ascii=False) + "\n"


# -- the page ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """A line of both bodies side by side; `kind` is same, changed, gone or new."""

    kind: str
    before: str
    after: str


def rows(before: str, after: str) -> list[Row]:
    """Two texts side by side."""
    one, two = before.splitlines(), after.splitlines()
    found: list[Row] = []
    for tag, start, end, begin, stop in difflib.SequenceMatcher(None, one, two, autojunk=False).get_opcodes():
        left, right = one[start:end], two[begin:stop]
        if tag == "equal":
            found += [Row("same", line, line) for line in left]
            continue
        for index in range(max(len(left), len(right))):
            old = left[index] if index < len(left) else ""
            new = right[index] if index < len(right) else ""
            kind = "new" if index >= len(left) else "gone" if index >= len(right) else "changed"
            found.append(Row(kind, old, new))
    return found[:MOST_LINES]


def pretty(answer: Answer | None, masks: list[str]) -> str:
    """An answer's body for people: JSON indented, WebSocket messages a line each."""
    if answer is None:
        return ""
    if "frames" in answer:
        return "\n".join(each if isinstance(each, str) else json.dumps(each) for each in answer["frames"])
    content = body(answer, masks)
    return content if isinstance(content, str) else json.dumps(content, indent=2, ensure_ascii=False)


def asked(exchange: Exchange) -> tuple[str, str, str]:
    """Method, path and body of an exchange, for people."""
    if "websocket" in exchange:
        spec: dict[str, Any] = exchange["websocket"]
        return "WS", spec["path"], "\n".join(json.dumps(step, ensure_ascii=False) for step in spec["steps"])
    if "request" in exchange:
        request: dict[str, Any] = exchange["request"]
        sent = {key: value for key, value in request.items() if key not in ("path", "method")}
        text = json.dumps(sent, indent=2, ensure_ascii=False) if sent else ""
        return request.get("method", "GET"), request["path"], text
    kind = "raw" if "raw" in exchange else "script"
    return kind, "", str(exchange[kind])


def _shown(outcome: Outcome) -> dict[str, Any]:
    method, path, sent = asked(outcome.exchange)
    masks = list(outcome.exchange.get("mask", ()))
    want, got = outcome.want, outcome.got
    return {
        "id": outcome.id,
        "method": method,
        "path": path,
        "sent": sent,
        "differs": outcome.differs,
        "before": want["status"] if want else "-",
        "after": got["status"] if got else "-",
        "seconds": (want or {}).get("elapsed"),
        "seconds_now": (got or {}).get("elapsed"),
        "rows": rows(pretty(want, masks), pretty(got, masks)),
        "headers_before": _headers(want),
        "headers_after": _headers(got),
    }


def _differs_first(shown: dict[str, Any]) -> bool:
    return not shown["differs"]


def _headers(answer: Answer | None) -> list[str]:
    return sorted(f"{name}: {value}" for name, value in (answer or {}).get("headers", ()))


def page(compared: Iterable[Compared], url: str, now: datetime | None = None) -> str:
    """The outcome as a page that needs nothing else: what differs first, answers beside the recorded ones."""
    from jinja2 import Environment

    cases: list[dict[str, Any]] = [
        {
            "name": each.case.name,
            "about": each.case.about,
            "same": each.same,
            "count": len(each.outcomes),
            "exchanges": sorted(map(_shown, each.outcomes), key=_differs_first),
        }
        for each in compared
    ]
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(PAGE.read_text("utf8"))
    same, count = sum(case["same"] for case in cases), sum(case["count"] for case in cases)
    moment = (now or datetime.now()).strftime("%Y-%m-%d %H:%M")
    return template.render(cases=cases, url=url, same=same, count=count, now=moment)
