"""How steps are tested: by what they change and, more often, by what they leave alone."""

from __future__ import annotations

import textwrap

from atila_compat.migrate.codemod.rewriting import rewrite_text
from atila_compat.migrate.codemod.steps import STEPS


class Examples:
    """Examples for one step, by its name."""

    def __init__(self, name: str) -> None:
        (self.step,) = (step for step in STEPS if step.name == name)

    def unchanged(self, source: str) -> list[str]:
        """The step leaves the source as it is; gives the reasons that it names."""
        text = textwrap.dedent(source)
        after, left = rewrite_text(text, self.step)
        assert after == text
        return [reason for _, reason in left]

    def transformed(self, before: str, after: str) -> list[str]:
        """The step makes `after` of `before`, and then nothing more; gives the reasons for what it leaves."""
        text, want = textwrap.dedent(before), textwrap.dedent(after)
        got, left = rewrite_text(text, self.step)
        assert got == want
        assert rewrite_text(got, self.step)[0] == got
        return [reason for _, reason in left]
