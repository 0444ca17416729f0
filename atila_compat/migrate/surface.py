"""What there is: the names that this package gives an app, taken from the package itself.

A Surface is one thing that apps handle, such as `was.request`: its attributes are those of the real class or
module, so that this knowledge cannot be out of date.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import textwrap
from collections.abc import Iterable, Mapping
from functools import cache
from types import ModuleType
from typing import Any

from ..errors import AtilaError
from ..shims.hook import INSTEAD, SERVED


class Surface:
    """One thing that apps handle.

    Args:
        name: as reports call it, `was.request`.
        owner: the class or module that it is.
        is_open: whether it takes any attribute.
        more: attributes that are not found on the owner, since `__getattr__` gives them.
        follow: what its attributes are, where that is known.
        gives: what calling its attributes gives, where that is known.
        instance: what calling it gives.
    """

    def __init__(
        self,
        name: str,
        owner: Any = None,
        *,
        is_open: bool = False,
        more: Iterable[str] = (),
        follow: Mapping[str, Surface] | None = None,
        gives: Mapping[str, Surface] | None = None,
        instance: Surface | None = None,
    ) -> None:
        self.name = name
        self.owner = owner
        self.is_open = is_open
        self.members = frozenset(more) | (names_of(owner) if owner is not None else frozenset())
        self.follow: dict[str, Surface] = dict(follow or {})
        self.gives: dict[str, Surface] = dict(gives or {})
        self.instance = instance

    def has(self, name: str) -> bool:
        """Whether it has this attribute."""
        return self.is_open or name in self.members or hasattr(object, name)

    def without_effect(self, name: str) -> str | None:
        """What a function that is accepted and does nothing says of itself; None for others."""
        value = inspect.getattr_static(self.owner, name, None) if self.owner is not None else None
        text = inspect.getdoc(value) if inspect.isfunction(value) else None
        if text and text.startswith("No effect"):
            return text.partition("\n")[0].partition(":")[2].strip().rstrip(".") or text
        return None

    def keywords(self, name: str) -> frozenset[str] | None:
        """The keywords that a call of an attribute may have; None where it takes any, or nobody knows."""
        value = inspect.getattr_static(self.owner, name, None) if self.owner is not None else None
        if isinstance(value, (staticmethod, classmethod)):
            value = value.__func__
        if not inspect.isfunction(value):
            return None
        parameters = inspect.signature(value).parameters.values()
        if any(each.kind is each.VAR_KEYWORD for each in parameters):
            return None
        kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
        return frozenset(each.name for each in parameters if each.kind in kinds)

    def __repr__(self) -> str:
        return f"<Surface {self.name}>"


@cache
def names_of(owner: Any) -> frozenset[str]:
    """The public names of a class, what its instances are given in `__init__` too; or of a module."""
    if inspect.ismodule(owner):
        return _names_of_module(owner)
    found: set[str] = set()
    for cls in owner.__mro__[:-1]:
        found.update(vars(cls), getattr(cls, "__annotations__", ()), _given_in(cls))
    return frozenset(name for name in found if not name.startswith("_"))


def _names_of_module(module: ModuleType) -> frozenset[str]:
    listed = getattr(module, "__all__", None)
    names = set(listed) if listed is not None else {name for name in dir(module) if not name.startswith("_")}
    if listed is None:
        names = {
            name for name in names if not inspect.ismodule(getattr(module, name)) and name != "annotations"
        }
    return frozenset(names | submodules(module) | set(getattr(module, "_SUBMODULES", ())))


def submodules(module: ModuleType) -> frozenset[str]:
    """The public modules in a package that serves an old name; those beside the engine's face serve none."""
    if ".shims." not in module.__name__:
        return frozenset()
    import pkgutil

    return frozenset(each.name for each in pkgutil.iter_modules(getattr(module, "__path__", ())))


def _given_in(cls: type) -> set[str]:
    """Attributes that the methods of a class assign to `self`."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(cls)))
    except (OSError, TypeError, SyntaxError):  # of a class without source
        return set()
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
    }


# -- modules ----------------------------------------------------------------------------------------------


class NotServed(AtilaError):
    """A module of the original that is not there; the message says what to do."""


def real_name(module: str) -> str | None:
    """The name of the module here that an old name means; None for a name that is not the original's."""
    top, _, rest = module.partition(".")
    real = SERVED.get(top)
    return None if real is None else f"{real}.{rest}" if rest else real


def old_name(module: str) -> str:
    """The original's name of a module of this package, where it has one; else the name as it is."""
    for top, real in SERVED.items():
        if module == real or module.startswith(real + "."):
            return top + module[len(real) :]
    return module


def served_module(module: str) -> ModuleType:
    """The module here that an old name means.

    Raises NotServed, with what to use instead, where there is none; KeyError for names that are not the
    original's.
    """
    real = real_name(module)
    if real is None:
        raise KeyError(module)
    try:
        if importlib.util.find_spec(real) is None:
            raise ModuleNotFoundError(real)
        return importlib.import_module(real)
    except ModuleNotFoundError:
        raise NotServed(f"{module} is not served: {_instead(module)}") from None
    except ImportError as error:
        raise NotServed(str(error)) from None


def is_known_elsewhere(module: str) -> bool:
    """Whether it is known what to use in place of a module of the original."""
    return any(module == each or module.startswith(each + ".") for each in INSTEAD)


def _instead(module: str) -> str:
    if is_known_elsewhere(module):
        known = (each for each in INSTEAD if module == each or module.startswith(each + "."))
        return f"use {INSTEAD[max(known, key=len)]} instead"
    return "remove the import, or write what you need of it into a module of your own"


# -- the tree of surfaces ---------------------------------------------------------------------------------


class World:
    """All surfaces, made when they are first asked for.

    Attributes:
        was, app, pref, request, response: the things that handlers and hooks are given.
    """

    def __init__(self) -> None:
        from ..app import Atila, default_config
        from ..http.cookies import Cookies
        from ..http.mbox import MessageBox
        from ..http.request import Request
        from ..http.response import Response
        from ..http.session import Session
        from ..skitai.preference import Preference
        from ..state import SharedState
        from ..structures import SharedDict
        from ..tasks.group import Mask, Tasks
        from ..tasks.task import _OF_RESULT, Task
        from ..was import Was

        task = Surface("task", Task, more=_OF_RESULT)
        tasks = Surface("tasks", Tasks, more={*names_of(Task), *_OF_RESULT})
        mask = Surface("task", Mask, more=_OF_RESULT)
        anything = Surface("", is_open=True)
        self.cookie = Surface("was.cookie", Cookies)
        self.session = Surface("was.session", Session)
        self.mbox = Surface("was.mbox", MessageBox)
        self.hooks = Surface("hooks", more=("__app__", "__config__", "__mount__", "__setup__", "__umount__"))
        self.config = Surface("app.config", is_open=True, more=default_config())
        self.shared = Surface("app.g", SharedDict, is_open=True)
        self.shared_by_all = Surface("was.g", SharedDict, is_open=True)
        self.state = Surface("skitai.g", SharedState)
        self.response = Surface("was.response", Response)
        client = {"cookie": self.cookie, "session": self.session, "mbox": self.mbox}
        self.request = Surface("was.request", Request, follow=client)
        self.app = Surface(
            "app",
            Atila,
            follow={"config": self.config, "g": self.shared, "store": self.shared},
        )
        self.was = Surface(
            "was",
            Was,
            more=("websocket", "wsclient"),  # of a connection, spec/07 section 1.4
            follow={
                **client,
                "request": self.request,
                "response": self.response,
                "app": self.app,
                "g": self.shared_by_all,
            },
            gives={
                "Thread": task,
                "Process": task,
                "Subprocess": task,
                "Mask": mask,
                "Tasks": tasks,
                "get": task,
                "delete": task,
                "post": task,
                "put": task,
                "patch": task,
                "stub": anything,
                "db": anything,
            },
        )
        self.request.follow["current_app"] = self.app
        self.pref = Surface("pref", Preference, is_open=True, follow={"config": self.config})
        self.atila_class = Surface("atila.Atila", Atila, instance=self.app)
        self._modules: dict[str, Surface | None] = {}

    def module(self, name: str) -> Surface | None:
        """The surface of a module of the original, by its old name or by the one that it has here.

        None for modules of others. Raises NotServed for one that is not there.
        """
        name = old_name(name)
        if name in ("atila_compat", "atila_compat.shims"):
            return self._own_module(name)
        if name.partition(".")[0] not in SERVED:
            return None
        if name not in self._modules:
            module = served_module(name)
            self._modules[name] = surface = Surface(name, module)
            if name == "skitai":
                surface.follow.update(was=self.was, g=self.state)
                surface.gives.update(preference=self.pref, pref=self.pref)
            elif name == "atila":
                surface.follow["Atila"] = self.atila_class
                surface.gives.update(Atila=self.app, preference=self.pref)
        return self._modules[name]

    def _own_module(self, name: str) -> Surface:
        surface = Surface(name, is_open=True)
        if name == "atila_compat":
            surface.follow["Atila"] = self.atila_class
            surface.gives["Atila"] = self.app
        tops = ("skitai",) if name == "atila_compat" else tuple(SERVED)
        for top in tops:
            there = self.module(top)
            assert there is not None
            surface.follow[top] = there
        return surface

    def member(self, module: str, name: str) -> Surface | None:
        """What `from module import name` gives, where that is known: a class, an object, a module below it.

        Raises NotServed where the module, or the module that the name is, is not there.
        """
        module = old_name(module)
        surface = self.module(module)
        if surface is None:
            return None
        if name in surface.follow:
            return surface.follow[name]
        if name in surface.gives:
            return Surface(f"{module}.{name}", is_open=True, instance=surface.gives[name])
        if surface.owner is None:
            return None
        if name in submodules(surface.owner) or name in getattr(surface.owner, "_SUBMODULES", ()):
            return self.module(f"{module}.{name}")
        return None


@cache
def world() -> World:
    """The surfaces; made once."""
    return World()
