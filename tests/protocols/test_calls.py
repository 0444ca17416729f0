"""What XML-RPC and JSON-RPC have in common: who may send a body, how large, and what is done with many."""

from __future__ import annotations

import concurrent.futures
import os
import socket
import time
import xmlrpc.client

from ..launch import Launched, Serve
from ..servers import HOST

SOURCE = """
    import time
    import skitai
    from atila import Atila

    app = Atila(__name__)
    app.users = {"ann": "sesame"}
    app.realm = "shop"
    app.authenticate = "basic"

    @app.route("/who")
    def who(was):
        return str(was.request.user)

    open_app = Atila("open")
    open_app.access_control_allow_origin = ["http://good.example"]

    @open_app.route("/sleep")
    def sleep(was, seconds):
        time.sleep(seconds)
        return was.ID

    if __name__ == "__main__":
        skitai.mount("/closed", app)
        skitai.mount("/open", open_app)
        skitai.run(port=5000, max_queue=5)
"""
TYPE = {"Content-Type": "text/xml"}
ANN = {"Authorization": "Basic YW5uOnNlc2FtZQ=="}


def test_whole_app_authentication(app: Launched) -> None:
    """Where an app wants to know everybody, nobody else learns what it has, or sends it a body."""
    for method in ("who", "unknown"):
        body = xmlrpc.client.dumps((), method)
        refused = app.client.post("/closed/", content=body, headers=TYPE)
        assert (refused.status_code, "www-authenticate" in refused.headers) == (401, True)
    answer = app.client.post("/closed/", content=xmlrpc.client.dumps((), "who"), headers={**TYPE, **ANN})
    assert xmlrpc.client.loads(answer.text)[0] == ("ann",)


def test_body_of_unknown_length(app: Launched) -> None:
    """A body that says neither its length nor that it comes in chunks is refused."""
    with socket.create_connection((HOST, app.port), 10) as client:
        client.sendall(b"POST /open/ HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 411")


def test_client_that_leaves(app: Launched) -> None:
    """A client that leaves in the middle of a body is forgotten."""
    before = len(app.log())
    with socket.create_connection((HOST, app.port), 10) as client:
        client.sendall(
            b"POST /open/ HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: 99\r\n\r\n<"
        )
    body = xmlrpc.client.dumps((0,), "sleep")
    assert app.client.post("/open/", content=body, headers=TYPE).status_code == 200
    assert "Traceback" not in app.log()[before:]


def test_origins(app: Launched) -> None:
    """Pages of other origins may call only where the app's list admits them, and are told so."""
    body = xmlrpc.client.dumps((0,), "sleep")
    for origin, status in (("http://good.example", 200), ("http://evil.example", 403)):
        answer = app.client.post("/open/", content=body, headers={**TYPE, "Origin": origin})
        assert answer.status_code == status
    assert "access-control-allow-origin" not in answer.headers


def test_too_many_at_a_time(app: Launched) -> None:
    """Where too many requests wait for a thread, calls are refused like all others."""
    body = xmlrpc.client.dumps((0.3,), "sleep")

    def call(_: int) -> int:
        return app.client.post("/open/", content=body, headers=TYPE).status_code

    with concurrent.futures.ThreadPoolExecutor(20) as threads:
        found = set(threads.map(call, range(20)))
    assert found == {200, 503}


def test_reloading(serve: Serve) -> None:
    """With --devel, service modules that have changed are loaded anew before a call."""
    services = """
        def __mount__(app, mntopt):
            @app.route("/word")
            def word(was):
                return "before"
    """
    app = serve(
        """
        import skitai, site_app

        if __name__ == "__main__":
            with skitai.preference() as pref:
                skitai.mount("/", site_app, pref)
            skitai.run(port=5000)
        """,
        "--devel",
        files={
            "site_app/__init__.py": """
                from atila import Atila
                def __app__():
                    return Atila(__name__)
                def __setup__(app, mntopt):
                    from .services import words
                    app.mount("/", words)
            """,
            "site_app/services/__init__.py": "",
            "site_app/services/words.py": services,
        },
    )
    body = xmlrpc.client.dumps((), "word")
    assert xmlrpc.client.loads(app.client.post("/", content=body, headers=TYPE).text)[0] == ("before",)
    words = app.folder / "site_app/services/words.py"
    words.write_text(words.read_text().replace("before", "behind"))
    os.utime(words, (time.time() + 5, time.time() + 5))
    deadline = time.monotonic() + 10
    while "behind" not in app.client.post("/", content=body, headers=TYPE).text:
        assert time.monotonic() < deadline
        time.sleep(0.1)
