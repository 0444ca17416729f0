"""examples/site."""

from __future__ import annotations

import json
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from websocket import WebSocket, create_connection

from atila_compat.testing.driver import Chrome

from ..launch import Launched
from ..programs import needs_browser
from .conftest import EXAMPLES, Example


def png(width: int = 4, height: int = 3) -> bytes:
    """A small picture."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = (b"\0" + b"\x20\x80\xa0" * width) * height
    parts = (chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.fixture(scope="module")
def site(example: Example) -> Launched:
    """The site, with the notices that it comes with."""
    return example("site")


class Person:
    """Somebody in front of a browser without JavaScript."""

    def __init__(self, site: Launched, name: str = "") -> None:
        self.site = site
        self.peers: list[WebSocket] = []
        self.client = httpx.Client(base_url=site.url, trust_env=False, follow_redirects=True, timeout=20)
        if name:
            self.send("/people/sign-in", name=name)

    def send(self, path: str, *, picture: tuple[str, bytes] | None = None, **fields: str) -> httpx.Response:
        """Fill in the form at `path` and send it."""
        token = re.search(r'name="XSRF_TOKEN" value="(\w+)"', self.client.get(path).text)
        fields["XSRF_TOKEN"] = token[1] if token else ""
        files = {"picture": picture} if picture else None
        return self.client.post(path, data=fields, files=files)

    def listen(self) -> WebSocket:
        """Open the live page's connection."""
        cookie = "; ".join(f"{name}={value}" for name, value in self.client.cookies.items())
        url = f"ws://127.0.0.1:{self.site.port}/live/socket"
        self.peers.append(create_connection(url, cookie=cookie, timeout=10))
        return self.peers[-1]

    def leave(self) -> None:
        """Close all connections."""
        for peer in self.peers:
            peer.close()
        self.client.close()


@pytest.fixture
def person(site: Launched) -> Iterator[Callable[..., Person]]:
    """Somebody new: `person()`, or, signed in, `person("Ida")`."""
    everybody: list[Person] = []

    def come(name: str = "") -> Person:
        everybody.append(Person(site, name))
        return everybody[-1]

    yield come
    for each in everybody:
        each.leave()


@pytest.fixture
def ida(person: Callable[..., Person]) -> Person:
    """Somebody who has signed in."""
    return person("Ida")


def heard(peer: WebSocket, kind: str) -> dict[str, Any]:
    """The next message of this kind."""
    while True:
        message: dict[str, Any] = json.loads(peer.recv())
        if message["kind"] == kind:
            return message


def test_pages_are_complete(site: Launched) -> None:
    """Every page, and every file that a page needs, is there."""
    for path in ("/", "/live", "/people/sign-in"):
        page = site.client.get(path)
        assert (page.status_code, page.headers["content-type"]) == (200, "text/html")
        assert "{{" not in page.text
        needed = re.findall(r'(?:src|href)="(/[^"]+)"', page.text)
        assert needed
        for url in needed:
            assert site.client.get(url).status_code in (200, 302), url


def test_board_is_json_for_programs(site: Launched) -> None:
    """The same route gives the notices as JSON to who asks for it."""
    notices = site.client.get("/", headers={"Accept": "application/json"}).json()["notices"]
    assert "Boat to share" in [notice["title"] for notice in notices]


def test_signing_in_and_out(person: Callable[..., Person]) -> None:
    """A name in the session is all there is to being signed in; a message tells, once."""
    marek = person()
    assert "Sign in" in marek.client.get("/").text
    assert "Welcome, Marek." in marek.send("/people/sign-in", name="Marek").text
    page = marek.client.get("/").text
    assert "Welcome" not in page
    assert "Marek" in page
    session = next(cookie for cookie in marek.client.cookies.jar if cookie.name == "ATLSES_")
    assert session.has_nonstandard_attr("HttpOnly")
    token = re.search(r'value="(\w+)"', page)
    assert token
    out = marek.client.post("/people/sign-out", data={"XSRF_TOKEN": token[1]})
    assert "You are signed out." in out.text
    assert "Sign in" in marek.client.get("/").text


def test_stranger_is_sent_to_sign_in(person: Callable[..., Person]) -> None:
    """Who is not signed in cannot pin notices."""
    page = person().client.get("/new")
    assert page.url.path == "/people/sign-in"
    assert "Sign in first, please." in page.text


def test_form_without_token_is_refused(ida: Person) -> None:
    """A form that does not come from a page of the site changes nothing."""
    answer = ida.client.post("/new", data={"title": "Forged", "body": "by another site"})
    assert answer.status_code == 400
    assert "CSRF token error" in answer.text


def test_notice_with_a_picture(ida: Person) -> None:
    """A notice stands on the board as it was written, with its picture."""
    picture = png()
    page = ida.send("/new", title="<b>Bold</b> & brave", body="Come!", picture=("../../me.png", picture)).text
    assert "Your notice is on the board." in page
    assert "&lt;b&gt;Bold&lt;/b&gt; &amp; brave" in page
    urls = re.findall(r'src="(/media/[0-9a-f]+\.png)"', page)
    answer = ida.client.get(urls[0])
    assert (answer.content, answer.headers["content-type"]) == (picture, "image/png")


def test_file_that_is_no_picture_is_refused(ida: Person) -> None:
    """What a file says it is does not count; the error page tells why."""
    answer = ida.send(
        "/new", title="Page", body="with a script", picture=("a.png", b"<script>alert(1)</script>")
    )
    assert answer.status_code == 415
    assert "a picture has to be PNG" in answer.text
    assert "Back to the board" in answer.text


def test_everybody_hears_what_is_said_and_pinned(ida: Person, person: Callable[..., Person]) -> None:
    """On the live page everybody sees who is there, what is said, and new notices, at once."""
    yuna = person("Yuna")
    hers = ida.listen()
    assert "Ida" in heard(hers, "history")["names"]
    others = yuna.listen()
    assert heard(others, "history")["names"] == ["Ida", "Yuna"]
    assert heard(hers, "people")["names"] == ["Ida", "Yuna"]
    others.send("  Soup is ready  ")
    for peer in (hers, others):
        said = heard(peer, "said")
        assert (said["name"], said["text"]) == ("Yuna", "Soup is ready")
    yuna.send("/new", title="Soup", body="It is ready.")
    assert heard(hers, "notice") == {"kind": "notice", "title": "Soup", "author": "Yuna", "picture": ""}
    others.close()
    assert heard(hers, "people")["names"] == ["Ida"]
    late = yuna.listen()
    assert heard(late, "history")["said"][-1]["text"] == "Soup is ready"


def test_picture_of_the_readme_is_small() -> None:
    """The README's picture is a PNG below 150 KB."""
    picture = (EXAMPLES / "site" / "screenshot.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert len(picture) < 150_000


@needs_browser
@pytest.mark.timeout(120)
def test_live_page_in_a_browser(ida: Person, person: Callable[..., Person]) -> None:
    """In a browser the live page connects, sends, and shows what others say; pages fit a phone."""
    tom = person("Tom").listen()
    browser = Chrome(ida.site.url, size=(500, 900))
    try:
        browser.take_cookies(ida.client.cookies)
        browser.navigate("/live")
        browser.one("//span[@id='state' and text()='live']")
        browser.one("#text").send_keys("Hello from a browser\n")
        assert browser.one("//li[@class='own']").text.endswith("Hello from a browser")
        assert heard(tom, "said")["name"] == "Ida"
        tom.send("<b>Hello back</b>")
        browser.one("//li[contains(., '<b>Hello back</b>')]")
        for path in ("/", "/live", "/new"):
            browser.navigate(path)
            wide = "return document.documentElement.scrollWidth > document.documentElement.clientWidth"
            assert not browser.driver.execute_script(wide), path
        errors = [entry for entry in browser.driver.get_log("browser") if entry["level"] == "SEVERE"]
        assert not errors
    finally:
        browser.close()
