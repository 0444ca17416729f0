from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from atila_compat.routing.module_hooks import MOUNT_NAMES, UMOUNT_NAMES, call_hook, find_hook, namespace_of


def both(app: Any, options: Any) -> None:
    app.append(options)


def one(app: Any) -> None:
    app.append("one")


def with_default(app: Any, options: Any = None) -> None:
    app.append(options)


def var_args(*args: Any) -> None:
    args[0].append(args[1])


@pytest.mark.parametrize(
    ("hook", "seen"), [(both, {"a": 1}), (one, "one"), (with_default, {"a": 1}), (var_args, {"a": 1})]
)
def test_hooks_take_the_options_or_not(hook: Callable[..., Any], seen: Any) -> None:
    """Hooks of mounted modules are `(app, mntopt)` or `(app)`."""
    app: list[Any] = []
    call_hook(hook, app, {"a": 1})
    assert app == [seen]


def test_todays_names_of_hooks_come_first() -> None:
    """`__mount__` is taken before `mount`, which old modules have; what is no function is no hook."""
    module = ModuleType("a_module")
    assert find_hook(module, MOUNT_NAMES) is None
    module.mount = one  # type: ignore[attr-defined]
    assert find_hook(module, MOUNT_NAMES) is one
    module.__mount__ = both  # type: ignore[attr-defined]
    assert find_hook(module, MOUNT_NAMES) is both
    module.__umount__ = "not a function"  # type: ignore[attr-defined]
    module.dettach = one  # type: ignore[attr-defined]
    assert find_hook(module, UMOUNT_NAMES) is one


def test_namespaces_begin_behind_services(monkeypatch: pytest.MonkeyPatch) -> None:
    """The id of a resource leaves out an app package and its `services` folder (spec/02 section 1.1)."""
    package, other = ModuleType("shop"), ModuleType("lib")
    package.__app__ = one  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "shop", package)
    monkeypatch.setitem(sys.modules, "lib", other)
    assert namespace_of("shop.services.sub.pages") == "sub.pages"
    assert namespace_of("shop.services") == ""
    assert namespace_of("shop.stock") == "shop.stock"
    assert namespace_of("services.pages") == "services.pages"
    assert namespace_of("lib.services.pages") == "lib.services.pages"
    assert namespace_of("") == ""
