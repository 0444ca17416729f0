"""What `run --usage FILE` has counted, for people: `atila-compat usage FILE`."""

from __future__ import annotations

from collections.abc import Iterable

from ..deprecated import REPLACED
from .record import Record


def columns(rows: Iterable[tuple[str, ...]]) -> list[str]:
    """Rows as lines whose columns stand below each other; the first is a number."""
    lines = list(rows)
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return [
        "  ".join(
            [
                row[0].rjust(widths[0]),
                *(cell.ljust(width) for cell, width in zip(row[1:], widths[1:], strict=True)),
            ]
        ).rstrip()
        for row in lines
    ]


def table(record: Record) -> str:
    """The tables of names and of routes, most used first."""
    blocks = [f"counted by {record.runs} process{'es' * (record.runs != 1)}"]
    names = sorted(record.names.items(), key=lambda item: (-item[1], item[0]))
    if names:
        rows = [
            (str(count), f"{name.thing}.{name.attribute}", name.place, _current(name.thing, name.attribute))
            for name, count in names
        ]
        blocks.append("\n".join(columns([("USES", "NAME", "PLACE", ""), *rows])))
    routes = sorted(record.routes.items(), key=lambda item: (-item[1], item[0].rule, item[0].methods))
    if routes:
        shown = [(str(n), each.methods, each.rule, each.place, "" if n else "never") for each, n in routes]
        blocks.append("\n".join(columns([("HITS", "METHODS", "RULE", "PLACE", ""), *shown])))
    if not names and not routes:
        blocks.append("nothing of the original's was used")
    return "\n\n".join(blocks) + "\n"


def _current(thing: str, attribute: str) -> str:
    new = REPLACED.get((thing, attribute))
    return f"deprecated, now {new}" if new else ""
