"""The pages of this folder: listings of the original's README, and what clients see of them.

A page is Markdown. Its fenced blocks make an app, and ask it; the rest is for readers:

    ```python readme FILE [indent=N]   a listing as the README has it, appended to FILE of the app
    ```python ours FILE                what the README leaves out, appended to FILE
    ```text readme                     a listing that is shown only; the text below says why
    - Mended: `old` -> `new`, why      applied to the listing above; `old` has to be in it
    ```http                            a request: method and path, headers, an empty line, the body
    ```gets                            lines of `PATH -> STATUS TEXT`: short for requests and answers
    ```answer                          its answer: status and media type, headers, an empty line, the body
    ```websocket PATH                  a conversation: `> TEXT` to send, `< TEXT` to receive, `GET PATH`
    ```run [FOLDER]                    a command to run there, beside the app
    ```output                          what it prints
    ```file PATH                       what a file holds by now
    ```log [stopped]                   what the app's log says by now, or when it has been stopped

A line `Runs with: ARGUMENTS` gives the launch script arguments, `Needs: SERVERS` names database servers.
Where a feature is not there yet, a line `Not built yet: AREA` in a section makes it an expected failure,
which fails when it passes.

In answers `...` stands for anything, and `{{name}}` for a text that later requests of the section can refer
to as `{{name}}`. Each section has cookies of its own. `{{PORT}}` is the app's port; `{{GRPC_PORT}}` and
`{{OTHER_PORT}}` are free; all three are in the environment, too, for whatever runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).parent
FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<text>.*?)^```$", re.M | re.S)
MEND = re.compile(r"^- Mended: `+(?P<old>.+?)`+ -> `+(?P<new>.*?)`+(?=,|$)", re.M)
STEPS = ("http", "answer", "gets", "websocket", "run", "output", "file", "log")


@dataclass(eq=False)
class Step:
    """One thing that a section does: asks, and looks at the answer, or looks at the log.

    Attributes:
        kind: one of STEPS.
        options: words behind the kind.
        line: where it is in the page.
    """

    kind: str
    options: list[str]
    text: str
    line: int


@dataclass(eq=False)
class Section:
    """What stands below a heading.

    Attributes:
        missing: the area that is not built yet, empty where nothing is missing.
    """

    page: Page = field(repr=False)
    title: str
    steps: list[Step] = field(default_factory=list)
    missing: str = ""

    @property
    def name(self) -> str:
        """For the test's name: page and heading."""
        return f"{self.page.path.stem}:{self.title}"


@dataclass(eq=False)
class Page:
    """A page: the files of its app, and the sections that ask it."""

    path: Path
    files: dict[str, str] = field(default_factory=dict)
    arguments: list[str] = field(default_factory=list)
    needs: list[str] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)


def mended(listing: str, mends: list[tuple[str, str]], where: str) -> str:
    """The listing with its mends; ValueError for a mend of what is not in it."""
    for old, new in mends:
        if old not in listing:
            raise ValueError(f"{where}: there is no {old!r} to mend")
        listing = listing.replace(old, new)
    return listing


def indented(text: str, options: list[str]) -> str:
    """The text, further to the right by the `indent=N` of the options."""
    width = next((int(word.partition("=")[2]) for word in options if word.startswith("indent=")), 0)
    return "".join(" " * width + line if line.strip() else line for line in text.splitlines(keepends=True))


def read(path: Path) -> Page:
    """Read a page; ValueError where it is not as the docstring of this module has it."""
    page = Page(path)
    source = path.read_text()
    for title, start, end in _sections(source):
        section = Section(page, title)
        text = source[start:end]
        blocks = list(FENCE.finditer(text))
        for block, following in zip(blocks, [*blocks[1:], None], strict=True):
            prose = text[block.end() : following.start() if following else len(text)]
            line = source.count("\n", 0, start + block.start()) + 1
            mends = [(mend["old"], mend["new"]) for mend in MEND.finditer(prose)]
            _take(section, block, mends, line)
        prose = FENCE.sub("", text)
        page.arguments += _words("Runs with", prose)
        page.needs += _words("Needs", prose)
        section.missing = " ".join(_words("Not built yet", prose))
        if section.steps:
            page.sections.append(section)
    return page


def _sections(source: str) -> Iterator[tuple[str, int, int]]:
    """Heading, begin and end of each section; `#` in listings is no heading."""
    hidden = FENCE.sub(lambda block: re.sub(r"[^\n]", ".", block[0]), source)
    headings = list(re.finditer(r"^#+ (.+)\n", hidden, re.M))
    for heading, following in zip(headings, [*headings[1:], None], strict=True):
        yield heading[1], heading.end(), following.start() if following else len(source)


def _words(name: str, prose: str) -> list[str]:
    found = re.search(rf"^{name}: (.+)$", prose, re.M)
    return found[1].rstrip(".").replace(",", "").split() if found else []


def _take(section: Section, block: re.Match[str], mends: list[tuple[str, str]], line: int) -> None:
    """Put a block where it belongs: into the app's files, or into the section's steps."""
    kind, *options = block["info"].split()
    where = f"{section.page.path.name}, line {line}"
    if kind in STEPS:
        section.steps.append(Step(kind, options, block["text"], line))
        return
    origin, *rest = options or [""]
    if origin not in ("readme", "ours"):
        raise ValueError(f"{where}: the block says neither `readme` nor `ours`")
    listing = mended(block["text"], mends, where)
    if rest:
        files = section.page.files
        files[rest[0]] = files.get(rest[0], "") + indented(listing, rest[1:])


def read_all() -> list[Page]:
    """All pages, sorted by name."""
    return [read(path) for path in sorted(FOLDER.glob("*.md"))]
