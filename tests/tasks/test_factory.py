"""The part of was that starts tasks: every constructor is there and documented."""

from __future__ import annotations

import pytest

from atila_compat.tasks import aliases
from atila_compat.tasks.factory import AtilaDeprecationWarning, TaskFactory
from atila_compat.was import Was

from .peers import Peer

NAMES = (
    "Thread Process Subprocess Mask Tasks get post put patch delete options trace upload stub rpc xmlrpc"
    " jsonrpc grpc db postgresql sqlite3 redis mongodb backend asyncon transaction cursor sdb Map Mapped"
    " render_or_Map render_or_Mapped ThreadPass ThreadFuture ProxyPass proxypass Queue Future Futures future"
    " futures setlu getlu"
)
CALLS = "get post put patch delete options trace upload stub rpc xmlrpc jsonrpc db"


@pytest.mark.parametrize("name", NAMES.split())
def test_every_constructor_is_documented(name: str) -> None:
    """spec/06 section 1 names them; each says what it does."""
    assert getattr(TaskFactory, name).__doc__


@pytest.mark.parametrize("name", CALLS.split())
def test_calls_have_lb_and_map(was: Was, name: str) -> None:
    """X.lb and X.map exist for calls to servers."""
    bound = getattr(was, name)
    assert callable(bound.lb)
    assert callable(bound.map)


def test_lb_is_the_call_itself(was: Was, peer: Peer) -> None:
    """An alias is balanced anyway."""
    aliases.define("@api", "http", peer.address)
    assert was.get.lb("@api/x").fetch()["path"] == was.get("@api/x").fetch()["path"] == "/x"
    assert [each.split()[1] for each in peer.asked] == ["/x", "/x"]


def test_old_names_warn(was: Was) -> None:
    """was.Future and was.Futures still work, and say what to use."""
    with pytest.warns(AtilaDeprecationWarning, match="the task itself"):
        assert was.Future(was.Mask(1)).fetch() == 1
    with pytest.warns(AtilaDeprecationWarning, match=r"was\.Tasks"):
        assert was.Futures([was.Mask(1)]).fetch() == [1]


def test_masks_and_groups_know_the_request(was: Was) -> None:
    """Their meta has the id of was, as that of other tasks."""
    assert was.Mask(1, meta={"a": 1}).meta == {"a": 1, "__was_id": was.ID}
    assert was.Tasks([], meta={"a": 1}).meta == {"a": 1, "__was_id": was.ID}
    assert was.Mask([1], keys=["x"]).dict() == {"x": 1}


def test_the_floors_hold() -> None:
    """The tasks import nothing from the floors above them."""
    import ast
    from pathlib import Path

    import atila_compat.tasks

    above = {"app", "was", "serving", "protocols", "skitai", "testing", "migrate", "shims", "contrib", "cli"}
    for path in Path(atila_compat.tasks.__file__).parent.glob("*.py"):
        tree = ast.parse(path.read_text())
        guarded = [
            node
            for outer in ast.walk(tree)
            if isinstance(outer, ast.If) and getattr(outer.test, "id", "") == "TYPE_CHECKING"
            for node in ast.walk(outer)
        ]
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.level == 2 and node not in guarded:
                assert (node.module or "").split(".")[0] not in above, f"{path.name}: {node.module}"
