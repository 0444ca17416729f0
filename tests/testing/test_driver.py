"""`client.driver`: a browser for tests (spec/08 section 1.1)."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from atila_compat import skitai
from atila_compat.errors import AtilaError, MissingExtra
from atila_compat.testing.driver import Chrome

from ..launch import Serve
from ..programs import needs_browser

SOURCE = """
from atila_compat import Atila, skitai

app = Atila(__name__)
app.securekey = "a key for tests"

@app.route("/in")
def sign_in(was):
    was.session["name"] = "Hans"
    return "in"

@app.route("/")
def index(was):
    return '<title>Page</title><h1 id="name">%s</h1><p>one<p>two' % was.session.get("name", "nobody") + (
        '<script>setTimeout(() => document.body.append(document.createElement("hr")), 100)</script>')

skitai.mount("/", app)
skitai.run()
"""


@needs_browser
@pytest.mark.timeout(120)
def test_browser(serve: Serve, tmp_path: Path) -> None:
    """The browser goes to pages of the server with the client's cookies, finds elements, takes pictures."""
    with skitai.test_client(port=serve(SOURCE).port, temp_dir=str(tmp_path)) as client:
        driver = client.driver
        driver.navigate("/")
        assert driver.one("#name").text == "nobody"
        client.get("/in")
        client.sync()
        driver.navigate("")
        assert driver.one("//h1").text == "Hans"
        assert [each.text for each in driver.many("p")] == ["one", "two"]
        assert driver.one("hr")
        assert driver.title == "Page"
        assert "<h1" in driver.html
        assert Path(driver.capture("page.png")).read_bytes().startswith(b"\x89PNG")
        assert (tmp_path / "page.png").exists()


def test_missing_selenium(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without selenium the error names the extra."""
    monkeypatch.setitem(sys.modules, "selenium.webdriver", None)
    with pytest.raises(MissingExtra, match=r"atila_compat\[testing\]"):
        Chrome()


def test_missing_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Chromium, or its driver, the error says what to install."""
    monkeypatch.setenv("PATH", "")
    with pytest.raises(AtilaError, match="apt-get install chromium"):
        Chrome()
