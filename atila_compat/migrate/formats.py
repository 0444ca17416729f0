"""The report of `atila-compat check`, as text for people, and as JSON and SARIF for machines."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from .check import BROKEN, Finding, Report, Status
from .differences import DIFFERENCES, GUIDE

SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
PLACES_A_LINE = 4
_HEADINGS = {
    Status.BROKEN: "Files that cannot be read",
    Status.MISSING: "Missing",
    Status.DIFFERS: "Behaves differently",
    Status.SUPPORTED: "Supported",
}
_LEVELS = {Status.BROKEN: "error", Status.MISSING: "error", Status.DIFFERS: "warning"}
_RULES = {
    "broken-file": "A file that cannot be read",
    "misprint": "A misprint",
    "missing-name": "A name that is not served",
    "missing-module": "A module that is not served",
    "missing-argument": "An argument that is not known",
    "not-served": "A function that is not served",
    "no-effect": "A setting without effect",
} | {each.id: each.title for each in DIFFERENCES}


def as_text(report: Report) -> str:
    """The report for people: what is missing first, each thing once with all its places."""
    blocks = []
    for status, heading in _HEADINGS.items():
        chosen = [finding for finding in report.findings if finding.status is status]
        if chosen:
            lines = _supported(chosen) if status is Status.SUPPORTED else _explained(chosen)
            blocks.append("\n".join([f"{heading}: {len(chosen)}", *lines]))
    counts = [f"{report.count(status)} {status}" for status in _HEADINGS if status is not Status.BROKEN]
    files = f"{report.files} file{'s' * (report.files != 1)}"
    blocks.append(f"{files}: {', '.join(counts)}, {report.count(Status.BROKEN)} unreadable")
    return "\n\n".join(blocks) + "\n"


def _grouped(
    findings: Iterable[Finding], key: Callable[[Finding], Any]
) -> Iterable[tuple[Any, list[Finding]]]:
    groups: dict[Any, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(key(finding), []).append(finding)
    return groups.items()


def _explained(findings: list[Finding]) -> list[str]:
    lines = []
    for _, group in _grouped(findings, lambda each: (each.name, each.rule, each.what)):
        first = group[0]
        lines.append(f"  {first.name or first.path}: {first.what}")
        lines += [f"      {line}" for line in _places(group)]
        if first.todo:
            lines.append(f"      -> {first.todo}")
        if first.link:
            lines.append(f"         {first.link}")
    return lines


def _supported(findings: list[Finding]) -> list[str]:
    lines = []
    for name, group in sorted(_grouped(findings, lambda each: each.name)):
        lines.append(f"  {name}")
        lines += [f"      {line}" for line in _places(group)]
        if group[0].todo:
            lines.append(f"      -> {group[0].todo}")
    return lines


def _places(findings: list[Finding]) -> list[str]:
    places = list(dict.fromkeys(f"{each.path}:{each.line}" for each in findings))
    cut = range(0, len(places), PLACES_A_LINE)
    return ["  ".join(places[start : start + PLACES_A_LINE]) for start in cut]


def as_json(report: Report) -> str:
    """The report as an object: `files`, `summary` by status, and `findings`."""
    findings = [
        {
            "path": each.path,
            "line": each.line,
            "column": each.column,
            "name": each.name,
            "status": each.status,
            "rule": each.rule,
            "what": each.what,
            "todo": each.todo,
            "link": each.link,
        }
        for each in report.findings
    ]
    summary = {status: report.count(status) for status in Status}
    content = {"files": report.files, "summary": summary, "findings": findings}
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def as_sarif(report: Report, version: str) -> str:
    """The report as SARIF 2.1.0, which code hosts show beside the code; what is supported is left out.

    Args:
        version: of this package.
    """
    chosen = [finding for finding in report.findings if finding.status in _LEVELS]
    used = sorted({finding.rule for finding in chosen})
    rules = [_rule(rule) for rule in used]
    numbers = {rule: number for number, rule in enumerate(used)}
    results = [_result(finding, numbers[finding.rule]) for finding in chosen]
    driver = {"name": "atila-compat check", "semanticVersion": version, "rules": rules}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    content = {"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _rule(rule: str) -> dict[str, Any]:
    found: dict[str, Any] = {"id": rule, "shortDescription": {"text": _RULES.get(rule, rule)}}
    difference = next((each for each in DIFFERENCES if each.id == rule), None)
    if difference is not None:
        text = f"Before: {difference.before} Now: {difference.now} Why: {difference.why}"
        found["fullDescription"] = {"text": text}
        found["help"] = {"text": f"{difference.todo} See {difference.link}"}
    else:
        found["help"] = {"text": f"See {BROKEN if rule == 'broken-file' else GUIDE}"}
    return found


def _result(finding: Finding, number: int) -> dict[str, Any]:
    name = f"{finding.name}: " if finding.name else ""
    sentences = [part.rstrip(".") for part in (finding.what, finding.todo) if part]
    text = f"{name}{'. '.join(sentences)}"
    location = {
        "artifactLocation": {"uri": quote(_uri(finding.path))},
        "region": {"startLine": finding.line, "startColumn": finding.column},
    }
    return {
        "ruleId": finding.rule,
        "ruleIndex": number,
        "level": _LEVELS[finding.status],
        "message": {"text": text},
        "locations": [{"physicalLocation": location}],
    }


def _uri(path: str) -> str:
    return PurePosixPath(path).as_posix()


FORMATS = ("text", "json", "sarif")


def rendered(report: Report, form: str) -> str:
    """The report in one of FORMATS."""
    if form == "json":
        return as_json(report)
    if form == "sarif":
        from .. import __version__

        return as_sarif(report, __version__)
    return as_text(report)
