"""`@app.websocket`: what may be declared, and what may not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from atila_compat import Atila, skitai
from atila_compat.protocols import ws_declaration
from atila_compat.protocols.ws_declaration import Declaration, Kind, kind_of
from atila_compat.routing.resource import resource_of


def handler(was: Any, message: str) -> str:
    return message


def generator(was: Any) -> Iterator[Any]:
    yield was.Input()


@pytest.mark.parametrize(
    ("spec", "kind"),
    [
        (skitai.WS_CHANNEL, Kind.CHANNEL),
        (skitai.WS_SIMPLE, Kind.CHANNEL),
        (skitai.WEBSOCKET_SIMPLE, Kind.CHANNEL),
        (skitai.WS_CHANNEL | skitai.WS_THREAD, Kind.CHANNEL),
        (skitai.WS_CHANNEL | skitai.WS_NOTHREAD, Kind.CHANNEL),
        (skitai.WS_CHANNEL | skitai.WS_NQ, Kind.CHANNEL),
        (skitai.WS_CHANNEL | skitai.WS_THREADSAFE, Kind.CHANNEL),
        (skitai.WS_THREADSAFE, Kind.CHANNEL),
        (skitai.WS_THREADSAFE_DEPRECATED, Kind.CHANNEL),
        (skitai.WS_CHANNEL | skitai.WS_SESSION, Kind.SESSION),
        (skitai.WS_CHANNEL | skitai.WS_NOTHREAD | skitai.WS_SESSION, Kind.SESSION),
        (skitai.WS_SESSION, Kind.SESSION),
        (skitai.WS_GROUPCHAT, Kind.GROUPCHAT),
        (skitai.WEBSOCKET_GROUPCHAT | skitai.WS_NOTHREAD, Kind.GROUPCHAT),
        (skitai.WS_COROUTINE, Kind.COROUTINE),
    ],
)
def test_kinds(spec: int, kind: Kind) -> None:
    """A combination of constants says how messages reach the app."""
    assert kind_of(spec) is kind


@pytest.mark.parametrize("spec", [skitai.WS_COROUTINE | skitai.WS_NOTHREAD, "WS_CHANNEL", None])
def test_wrong_combinations(spec: Any) -> None:
    """WS_COROUTINE stands alone, and a declaration begins with a constant."""
    with pytest.raises(AssertionError, match="WS_"):
        Atila("tests").websocket(spec)


def test_constants_are_those_of_skitai() -> None:
    """The numbers that apps import from skitai are the ones that are looked at."""
    for name in ("CHANNEL", "GROUPCHAT", "COROUTINE", "NOTHREAD", "THREADSAFE", "SESSION"):
        assert getattr(skitai, f"WS_{name}") == getattr(ws_declaration, name)


def test_declaration_is_kept_for_the_route() -> None:
    """The decorator leaves its options with the resource, and the handler's name as it is."""
    app = Atila("tests")
    decorated = app.websocket(skitai.WS_CHANNEL, 30, encoding="json")(handler)
    declaration = resource_of(decorated).options["websocket"]
    assert isinstance(declaration, Declaration)
    assert (declaration.timeout, declaration.encoding.name) == (30, "json")
    assert decorated.__name__ == "handler"


def test_old_name() -> None:
    """`app.websocket_config` is the same decorator."""
    assert Atila.websocket_config is Atila.websocket


@pytest.mark.parametrize("hook", ["onopen", "onclose"])
def test_session_takes_no_hooks(hook: str) -> None:
    """A WS_SESSION sees the beginning and the end itself."""
    hooks: dict[str, Any] = {hook: handler}
    with pytest.raises(AssertionError, match=hook):
        Atila("tests").websocket(skitai.WS_SESSION, 60, **hooks)


@pytest.mark.parametrize("spec", [skitai.WS_SESSION, skitai.WS_COROUTINE])
def test_generators_only(spec: int) -> None:
    """What should be a generator has to yield."""
    with pytest.raises(AssertionError, match="handler should be a generator"):
        Atila("tests").websocket(spec)(handler)
    assert Atila("tests").websocket(spec)(generator).__name__ == "generator"


@pytest.mark.parametrize("encoding", ["grpc", "utf8"])
def test_unknown_encoding(encoding: str) -> None:
    """An encoding that there is not is told at once."""
    with pytest.raises(AssertionError, match="text, json, xmlrpc"):
        Atila("tests").websocket(skitai.WS_CHANNEL, 60, encoding=encoding)
