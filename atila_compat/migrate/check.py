"""`atila-compat check`: which uses of the original's names are served, and which are not or differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from .deprecated import HOOKS, REPLACED
from .differences import GUIDE, concerned
from .slips import is_missing, is_own, meant_attribute, slips
from .sources import Broken
from .templates import is_template, template_files, template_uses
from .uses import CodeBase, Module, Use

BROKEN = "migration_guide/12-troubleshooting.md#broken-file"
"""Where the guide says what to do with files that cannot be read."""


class Status(StrEnum):
    """What becomes of a use."""

    SUPPORTED = "supported"
    DIFFERS = "differs"
    MISSING = "missing"
    BROKEN = "broken"
    """A file that cannot be read: nobody knows what it uses."""


@dataclass(frozen=True, order=True)
class Finding:
    """One use and what becomes of it.

    Attributes:
        path: of the file, with slashes.
        line, column: where, both from 1.
        name: what is used: `was.request.g`.
        rule: what the finding is an instance of: `missing-name`, `session-format`.
        what: what is to be known; empty where it is served as it was.
        todo: what to do; empty where there is nothing.
        link: the section of the migration guide, where there is one.
    """

    path: str
    line: int
    column: int
    name: str
    status: Status
    rule: str
    what: str = ""
    todo: str = ""
    link: str = ""


@dataclass(frozen=True)
class Report:
    """All findings of a code base, by path and line.

    Attributes:
        files: how many files were looked at.
    """

    findings: tuple[Finding, ...]
    files: int

    def count(self, status: Status) -> int:
        """How many uses have this status."""
        return sum(finding.status is status for finding in self.findings)

    @property
    def exit_code(self) -> int:
        """0 where nothing is missing, else 1: a file that cannot be read may miss anything."""
        return 1 if self.count(Status.MISSING) or self.count(Status.BROKEN) else 0


def check(paths: Iterable[Path]) -> Report:
    """Look at the Python files and templates below these paths; nothing of them is run."""
    roots = list(paths)
    base = CodeBase(roots)
    found = {_broken(each) for each in base.broken}
    for module in base.modules:
        found.update(_findings(module, base))
    templates = list(dict.fromkeys(path for root in roots for path in template_files(root)))
    for path in templates:
        for use in template_uses(path):
            found.update(judge(use, base))
    return Report(tuple(sorted(found)), len(base.modules) + len(base.broken) + len(templates))


def _broken(file: Broken) -> Finding:
    return Finding(
        file.shown,
        file.line,
        file.column + 1,
        "",
        Status.BROKEN,
        "broken-file",
        f"the file {file.reason}",
        file.todo,
        BROKEN,
    )


def _findings(module: Module, base: CodeBase) -> Iterator[Finding]:
    misprints = {(slip.line, slip.wrong) for slip in slips(module, base)}
    for slip in slips(module, base):
        what = f"{slip.wrong} means nothing; {slip.right} was meant"
        todo = f"write {slip.right}; `atila-compat migrate --step slips` does it"
        yield Finding(
            module.source.shown,
            slip.line,
            slip.column + 1,
            slip.wrong,
            Status.MISSING,
            "misprint",
            what,
            todo,
        )
    for use in module.uses:
        if (use.line, use.attribute) not in misprints:
            yield from judge(use, base)


def judge(use: Use, base: CodeBase) -> Iterator[Finding]:
    """The findings of one use; several where several things are to be known of it."""

    def finding(status: Status, rule: str, what: str = "", todo: str = "", link: str = "") -> Finding:
        return Finding(use.source.shown, use.line, use.column + 1, use.name, status, rule, what, todo, link)

    surface = use.surface
    if surface is None:
        what, _, todo = use.refusal.partition(": ")
        todo = todo or "remove the import, or write what you need of it into a module of your own"
        yield finding(Status.MISSING, "missing-module", what, todo)
        return
    if use.name.startswith("hooks.") and use.attribute in HOOKS:
        yield finding(Status.SUPPORTED, "deprecated", todo=_rename(HOOKS[use.attribute], use))
        return
    differs = concerned(use.name, use.keywords, use.literals, stored=use.stored)
    if use.stored and surface.name == "was" and surface.has(use.attribute):
        differs = []  # what was has of its own is not what an app adds to it
    if is_missing(use, base):
        yield finding(Status.MISSING, "missing-name", *_missing(use, base))
        return
    allowed = surface.keywords(use.attribute) if use.keywords else None
    for keyword in use.keywords:
        if allowed is not None and keyword not in allowed:
            known = ", ".join(sorted(allowed)) or "none"
            what = f"{use.name} takes no argument {keyword}"
            yield finding(Status.MISSING, "missing-argument", what, f"leave it out; known are: {known}")
    idle = surface.without_effect(use.attribute) if use.attribute else None
    if idle:
        yield finding(Status.DIFFERS, "no-effect", "is accepted and has no effect", idle)
        return
    for each in differs:
        yield finding(Status.DIFFERS, each.id, f"{each.title}. {each.now}", each.todo, each.link)
    if differs:
        return
    current = REPLACED.get((surface.name, use.attribute))
    if current is not None and surface.has(current) and not is_own(use, base):
        yield finding(Status.SUPPORTED, "deprecated", todo=_rename(current, use))
    else:
        yield finding(Status.SUPPORTED, "supported")


def _rename(current: str, use: Use) -> str:
    if is_template(use.source):
        return f"its current name is {current}; write it by hand, migrate changes Python files only"
    return f"its current name is {current}; `atila-compat migrate --step names` writes it"


def _missing(use: Use, base: CodeBase) -> tuple[str, str, str]:
    surface = use.surface
    assert surface is not None
    near = meant_attribute(use, base)
    what = f"{surface.name} has no {use.attribute} here"
    todo = f"did you mean {near}?" if near else "do without it"
    if surface.name in ("was", "app"):
        todo += "; where the app itself adds it, let an assignment say so in the code that is checked"
    return what, todo, GUIDE
