"""The steps of a rewrite, by name; the code of each is loaded when it is taken."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...errors import MissingExtra

if TYPE_CHECKING:
    import libcst

    from ..uses import CodeBase, Module


@dataclass(frozen=True, order=True)
class Left:
    """Something that a step has left as it is.

    Attributes:
        path: of the file, with slashes.
        line: where, from 1.
        step: the step's name.
        reason: why.
    """

    path: str
    line: int
    step: str
    reason: str


@dataclass(frozen=True)
class Work:
    """What a step is given.

    Attributes:
        tree: the module's text, parsed by libcst.
        module: what it uses.
        base: the code base that it belongs to.
        left: where the step notes what it leaves, by line.
    """

    tree: libcst.Module
    module: Module
    base: CodeBase
    left: list[tuple[int, str]]


Rewrite = Callable[[Work], "libcst.Module"]


@dataclass(frozen=True)
class Step:
    """One kind of rewrite.

    Attributes:
        name: on the command line.
        about: what it does, in a line.
        place: module and function that do it.
        usual: whether it is taken where no step is named.
    """

    name: str
    about: str
    place: str
    usual: bool = True

    def load(self) -> Rewrite:
        """The function. MissingExtra where libcst is not installed."""
        try:
            import libcst  # noqa: F401 - the extra
        except ImportError as error:
            raise MissingExtra("atila-compat migrate", "migrate") from error
        module, _, function = self.place.partition(":")
        rewrite: Rewrite = getattr(importlib.import_module(f".{module}", __package__), function)
        return rewrite


STEPS: Sequence[Step] = (
    Step(
        "slips",
        "misprints that the README has too: __mame__, sktai.oreference, app_inspect, __config (pref)",
        "renaming:correct_slips",
    ),
    Step(
        "names",
        "deprecated names to current ones: app.require to app.inspect, was.ab to was.urlfor",
        "renaming:replace_deprecated",
    ),
    Step(
        "imports",
        "imports of atila, skitai, rs4, aquests and sqlphile to atila_compat: no import hook is needed",
        "imports:rewrite_imports",
    ),
    Step(
        "coroutines",
        "generators with coroutine = True to async def with await",
        "coroutines:rewrite_coroutines",
    ),
    Step(
        "endpoints",
        "simple handlers to Starlette endpoints; only where it is asked for by name",
        "endpoints:rewrite_endpoints",
        usual=False,
    ),
)
"""In the order in which they are taken."""


def chosen(names: Sequence[str]) -> list[Step]:
    """The steps of these names in their order; the usual ones where none is named."""
    return [step for step in STEPS if (step.name in names if names else step.usual)]
