from __future__ import annotations

import logging
import os
import tempfile
import threading
import time
from typing import Any, cast

import pytest

from atila_compat import Atila
from atila_compat.http.request import Request
from atila_compat.http.response import Response
from atila_compat.was import Was
from tests.serving.connection import ask, make_scope


def make_was(app: Atila | None = None, **headers: str) -> Was:
    """The `was` of a request; X_Id="7" is the header X-Id: 7."""
    app = app or Atila("app")
    scope = make_scope(headers={name.replace("_", "-"): value for name, value in headers.items()})
    request = Request(scope, "/", app)
    return Was(app, request, Response(request), cast(Any, None))


def test_what_was_leads_to() -> None:
    """`was` has the request, its response, the app, all apps and what they share."""
    app = Atila("app")
    was = make_was(app)
    assert (was.app, was.apps, was.g) == (app, app.apps, app.apps.g)
    assert was.env is was.request.env
    assert was.response.request is was.request
    assert (was.version, was.VERSION) == ("0.38.1.2", (0, 11))


def test_unknown_attributes() -> None:
    """An attribute that does not exist is an AttributeError with the original's text."""
    with pytest.raises(AttributeError, match="'was' hasn't attribute 'nothing'"):
        _ = make_was().nothing


def test_attributes_of_the_apps_own() -> None:
    """`was.register` adds an attribute to every `was`, `unregister` takes it away again."""
    value = object()
    Was.register("own_thing", value)
    assert make_was().own_thing is value
    assert Was.unregister("own_thing") is value
    assert not hasattr(make_was(), "own_thing")


def test_unique_things() -> None:
    """Ids are unique; `make_uid` gives 22 characters, always the same ones for a seed."""
    was = make_was()
    assert len({was.uniqid for _ in range(100)}) == len({was.make_uid() for _ in range(100)}) == 100
    assert was.make_uid("seed") == make_was().make_uid("seed") != was.make_uid("other")
    assert len(was.make_uid()) == len(was.make_uid("seed")) == 22
    assert was.make_uid("b") == "kutf-uauL.w61xx3dTFXjw"
    assert threading.get_ident() == was.ID


def test_time_in_milliseconds() -> None:
    """`was.timestamp` counts milliseconds since the epoch."""
    assert abs(make_was().timestamp / 1000 - time.time()) < 60


def test_paths_for_temporary_files(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """`was.gentemp()` and `was.tempfile` are unused paths in a folder that is this user's alone."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    was = make_was()
    paths = {was.gentemp(), was.gentemp(), was.tempfile}
    assert len(paths) == 3
    assert not any(map(os.path.exists, paths))
    (folder,) = {os.path.dirname(path) for path in paths}
    assert os.stat(folder).st_mode & 0o777 == 0o700


def test_a_folder_for_temporary_files_of_somebody_else(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who has made a folder of that name before, with access for himself, gets none of the files."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    usual = tmp_path / f"atila_compat-{os.geteuid()}"
    usual.mkdir()
    usual.chmod(0o777)
    folder = os.path.dirname(make_was().gentemp())
    assert folder == os.path.dirname(make_was().gentemp()) != str(usual)
    assert os.stat(folder).st_mode & 0o777 == 0o700


def test_locks_by_name() -> None:
    """Locks of one name are one, for all requests, and re-entrant; `lock` is the process's own."""
    was = make_was()
    assert was.get_lock("a") is make_was().get_lock("a") is not was.get_lock("b")
    assert was.plock is was.get_lock()
    assert was.lock is make_was().lock
    for lock in (was.lock, was.plock):
        with lock, lock:
            pass


def test_log_lines_have_transaction_ids(caplog: pytest.LogCaptureFixture) -> None:
    """Lines of `was.log` have a category and the request's ids, errors the right level."""
    caplog.set_level(logging.DEBUG, "atila_compat.app")
    was = make_was(X_Gtxn_Id="g1", X_Ltxn_Id="l1")
    was.log("hello")
    was.log("oops", "error")
    was.log("hm", "warn")
    assert caplog.messages == ["[info:g1/l1] hello", "[error:g1/l1] oops", "[warn:g1/l1] hm"]
    assert [record.levelno for record in caplog.records] == [logging.INFO, logging.ERROR, logging.WARNING]
    assert was.txnid() == "g1/l1"


def test_logged_tracebacks(caplog: pytest.LogCaptureFixture) -> None:
    """`was.traceback` logs the exception that is being handled, under the ids or a name."""
    was = make_was(X_Gtxn_Id="g1", X_Ltxn_Id="l1")
    try:
        raise LookupError("why")
    except LookupError:
        was.traceback()
        was.traceback("job")
    assert caplog.messages == ["[expt:g1/l1]", "[expt:job]"]
    assert all(record.exc_info and isinstance(record.exc_info[1], LookupError) for record in caplog.records)


def test_pushed_files_are_preload_links() -> None:
    """`was.push` tells the client to load a file ahead."""
    was = make_was()
    was.push("/static/a.css")
    was.push("/static/b.js")
    assert was.response["Link"] == "</static/a.css>; rel=preload, </static/b.js>; rel=preload"


def test_was_is_made_for_each_request() -> None:
    """What a handler puts on its `was` does not reach the next request."""
    app = Atila("app")

    @app.route("/")
    def index(was: Any) -> str:
        found = hasattr(was, "mine")
        was.mine = 1
        return str(found)

    assert ask(app, "/").text == ask(app, "/").text == "False"


def test_user_is_the_requests() -> None:
    """`was.user` is `was.request.user`, to be read and set (README "Testing")."""
    app = Atila("app")

    @app.route("/")
    def who(was: Any) -> str:
        was.user = "ann"
        return f"{was.request.user} {was.user}"

    assert ask(app, "/").text == "ann ann"
