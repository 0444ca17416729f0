"""Takes steps on the files of a code base: what becomes of each file, as text, as a diff, on the disk."""

from __future__ import annotations

import contextlib
import difflib
import os
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import libcst

from ..sources import Broken, Source, parse
from ..uses import CodeBase, Module
from .steps import Left, Rewrite, Step, Work

ROUNDS = 5
"""How often a step may look at a file: what it corrects may show it more."""


@dataclass(frozen=True)
class Rewritten:
    """A file and what has become of it.

    Attributes:
        before, after: its bytes, in its own encoding.
    """

    path: Path
    shown: str
    before: bytes
    after: bytes
    encoding: str

    @property
    def changed(self) -> bool:
        """Whether there is a difference."""
        return self.before != self.after

    def diff(self) -> str:
        """The difference as a unified diff; empty where there is none."""
        before, after = (
            content.decode(self.encoding).splitlines(keepends=True) for content in (self.before, self.after)
        )
        lines = difflib.unified_diff(before, after, f"a/{self.shown}", f"b/{self.shown}")
        no_end = "\n\\ No newline at end of file\n"
        return "".join(line if line.endswith("\n") else line + no_end for line in lines)

    def write(self) -> None:
        """Put the new text in the file's place, at once; its permissions stay. Raises OSError."""
        handle, name = tempfile.mkstemp(prefix=f".{self.path.name}.", dir=self.path.parent)
        try:
            with open(handle, "wb") as file:
                file.write(self.after)
            os.chmod(name, self.path.stat().st_mode & 0o7777)
            os.replace(name, self.path)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(name)
            raise


def rewrite(paths: Iterable[Path], steps: Sequence[Step]) -> tuple[list[Rewritten], list[Left]]:
    """Take steps on the Python files below some paths; nothing is written.

    Returns all files that could be read, and what was left and why.
    """
    base = CodeBase(paths)
    left = [Left(each.shown, each.line, "", f"the file {each.reason}; {each.todo}") for each in base.broken]
    # each step is finished for all files before the next begins: imports of one file tell about another
    contents = {module.source.path: module.source.path.read_bytes() for module in base.modules}
    files = dict(contents)
    base_lines = {module.source.path: module.source.lines for module in base.modules}
    encodings: dict[Path, str] = {}
    for step in steps:
        take = step.load()
        sources = {path: parse(content, path) for path, content in files.items()}
        current = CodeBase.of(*(source for source in sources.values() if isinstance(source, Source)))
        for module in current.modules:
            path = module.source.path
            notes: list[tuple[int, str]] = []
            try:
                tree = libcst.parse_module(files[path])
                encodings[path] = tree.encoding
                files[path] = _taken(take, files[path], module, current, notes)
            except (libcst.ParserSyntaxError, UnicodeEncodeError, RecursionError) as error:
                notes.append((1, f"the file cannot be rewritten: {error}"))
            place = _line_before(base_lines[path], module.source.lines)
            left += [Left(module.source.shown, place(line), step.name, reason) for line, reason in notes]
    found = [
        Rewritten(path, module.source.shown, contents[path], files[path], encodings.get(path, "utf8"))
        for module in base.modules
        for path in (module.source.path,)
    ]
    return found, sorted(set(left))


def _line_before(before: list[str], after: list[str]) -> Callable[[int], int]:
    """Gives the line of the file as it is on the disk for a line of what earlier steps have made of it."""
    if before == after:
        return lambda line: line
    blocks = difflib.SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks()

    def found(line: int) -> int:
        block = max((each for each in blocks if each.b < line), key=lambda each: each.b, default=None)
        return line if block is None else block.a + min(line - block.b, block.size + 1)

    return found


def _taken(
    take: Rewrite, content: bytes, module: Module, base: CodeBase, notes: list[tuple[int, str]]
) -> bytes:
    """The file after a step, taken until it changes nothing more."""
    tree = libcst.parse_module(content)
    if tree.bytes != content:  # a backslash on the first line is lost, for example
        notes.append((1, "the file has something unusual that would be lost: rewrite it by hand"))
        return content
    for number in range(ROUNDS):
        # what is left is told by the lines that the file has before the step
        after = take(Work(tree, module, base, notes if number == 0 else [])).bytes
        if after == content:
            break
        source = parse(after, module.source.path)
        if isinstance(source, Broken):  # a step that does this is wrong; the file stays as it was
            notes.append((source.line, f"the step would have broken the file: it {source.reason}"))
            return content
        content = after
        tree, module = libcst.parse_module(content), base.module_of(source)
    return content


def rewrite_text(text: str, step: Step, path: Path = Path("serve.py")) -> tuple[str, list[tuple[int, str]]]:
    """Take one step on a text that stands alone; returns the new text, and what was left and why.

    Raises ValueError for a text that cannot be parsed.
    """
    source = parse(text.encode(), path)
    if isinstance(source, Broken):
        raise ValueError(source.reason)
    base = CodeBase.of(source)
    if not base.modules:
        raise ValueError(base.broken[0].reason)
    notes: list[tuple[int, str]] = []
    try:
        content = _taken(step.load(), text.encode(), base.modules[0], base, notes)
    except libcst.ParserSyntaxError as error:
        raise ValueError(str(error)) from error
    return content.decode(), sorted(set(notes))
