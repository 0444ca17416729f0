"""`--devel`: the process starts anew when its script changes, open streams or not."""

from __future__ import annotations

import httpx
import psutil
import pytest

from ..launch import Launched, Serve
from .traffic import connected, service, wait_for


def _answers(app: Launched, text: str) -> bool:
    try:
        return httpx.get(app.url + "/", timeout=5).text == text
    except httpx.HTTPError:
        return False


@pytest.mark.parametrize("workers", [1, 2])
def test_a_changed_script_is_executed_anew(serve: Serve, workers: int) -> None:
    """Also while a stream without end is open; a script with an error in it changes nothing."""
    app = serve(service(), "--devel", workers=workers)
    script = app.folder / "serve.py"
    source = script.read_text()
    with connected(app.port, b"GET /stream HTTP/1.1\r\nHost: a\r\n\r\n") as stream:
        assert stream.recv(1000).startswith(b"HTTP/1.1 200")
        script.write_text(source + "\n(")
        wait_for(lambda: "has changed and cannot be loaded" in app.log(), "the error is in the log")
        assert _answers(app, "hello")
        script.write_text(source.replace('"hello"', '"changed"'))
        wait_for(lambda: _answers(app, "changed"), "the new script answers")
    assert psutil.pid_exists(app.process.pid)
    assert app.stop() == 0


def test_a_module_beside_the_script(serve: Serve) -> None:
    """So it is for a module that the script imports; outside of --devel nothing is watched."""
    source = (
        service().replace('return "hello"', "return beside.text").replace("import os,", "import beside, os,")
    )
    app = serve(source, "--devel", files={"beside.py": 'text = "one"\n'})
    assert _answers(app, "one")
    (app.folder / "beside.py").write_text('text = "another"\n')
    wait_for(lambda: _answers(app, "another"), "the new module answers")


@pytest.mark.parametrize("mistake", ["undefined", "skitai.mount('/broken', broken)"])
def test_a_script_that_fails_waits_for_its_correction(serve: Serve, mistake: str) -> None:
    """A script, or an app, that fails when it is executed anew ends the service only until it is mended."""
    files = {"broken.py": "def __app__ ():\n    raise ValueError ('boom')\n"}
    app = serve(service(), "--devel", files=files)
    script = app.folder / "serve.py"
    source = script.read_text()
    call = f"import broken\n    {mistake}\n    skitai.run (port"
    script.write_text(source.replace("skitai.run (port", call))
    wait_for(lambda: "waiting until a file in" in app.log(), "it has failed")
    script.write_text(source.replace('"hello"', '"mended"'))
    wait_for(lambda: _answers(app, "mended"), "the new script answers")
    assert app.stop() == 0


FAILING = """
    import skitai
    from atila import Atila

    app = Atila (__name__)

    @app.route ("/")
    def index (was):
        animal = "<lion>"
        password = "sesame"
        raise ValueError ("roar")

    if __name__ == "__main__":
        skitai.mount ("/", app)
        skitai.run ()
"""


def test_error_pages_have_source_and_variables(serve: Serve) -> None:
    """With --devel, for this machine only, escaped, without what is secret; never in production."""
    page = {"Accept": "text/html"}
    app = serve(FAILING, "--devel")
    shown = app.client.get("/", headers=page).text
    assert "raise ValueError (&quot;roar&quot;)</mark>" in shown
    assert "<th>animal</th><td><code>&#x27;&lt;lion&gt;&#x27;</code>" in shown
    assert "<th>password</th><td><code>(not shown)</code>" in shown
    proxied = app.client.get("/", headers={**page, "X-Forwarded-For": "203.0.113.9"}).text
    assert "lion" not in proxied
    production = serve(FAILING).client.get("/", headers=page).text
    assert "lion" not in production
    assert "roar" not in production
