"""What is measured. To add a scenario: an entry here, and its route in each of the apps that can have it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import jwt


@dataclass(frozen=True)
class Scenario:
    """A request that is sent over and over.

    Attributes:
        about: what it shows, for the report.
        path, method, headers, body: the request.
        status: of the right answer.
        contains: what the right answer's body has in it.
        missing: peers that have no such thing.
        visit: path that is fetched once before; its cookies go with every request.
    """

    about: str
    path: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    status: int = 200
    contains: str = ""
    missing: frozenset[str] = frozenset()
    visit: str = ""

    def request(self, cookie: str = "") -> str:
        """The request as it goes over the wire; `cookie` is the header of that name."""
        headers = {"Host": "127.0.0.1", "Accept": "*/*", **self.headers}
        if cookie:
            headers["Cookie"] = cookie
        if self.body:
            headers["Content-Length"] = str(len(self.body.encode()))
        lines = [
            f"{self.method} {self.path} HTTP/1.1",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        return "\r\n".join([*lines, "", self.body])


SECRET = "a key of the benchmarks, 32 bytes"
_FLASK = ("flask-gunicorn", "flask-a2wsgi")


def _token() -> str:
    """A token that every peer can read: one that is the same in both alphabets of base64."""
    for number in range(1000):
        claims = {"username": "ann", "lev": "staff", "exp": 4102444800, "number": number}
        token = jwt.encode(claims, SECRET, algorithm="HS256")
        if not {"-", "_"} & set(token):
            return token
    raise AssertionError("no such token among 1000")


SCENARIOS = {
    "text": Scenario("a handler that returns a text", "/", contains="Hello, World"),
    "json": Scenario(
        "URL parameters of the path and the query, answered as JSON", "/items/42?q=tea", contains='"tea"'
    ),
    "template": Scenario("a page of 20 rows rendered with Jinja2", "/page", contains="<td>Item 20</td>"),
    "form": Scenario(
        "a form posted and read",
        "/orders",
        method="POST",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        body="name=Green+tea&count=3",
        contains="Green tea x 3",
    ),
    "404": Scenario("a path that no route has", "/nothing/here", status=404),
    "session": Scenario(
        "a signed session cookie read and written",
        "/visits",
        contains="visit ",
        missing=frozenset({"bare", "fastapi-sync", "quart-sync"}),
        visit="/visits",
    ),
    "inspect": Scenario(
        "four query values checked and converted",
        "/search?q=tea&limit=10&offset=20&email=ann@example.com",
        contains='"offset": 20',
        missing=frozenset({"bare", "starlette-async", "starlette-sync", *_FLASK, "quart-sync"}),
    ),
    "permission": Scenario(
        "a bearer token verified and its owner's permissions looked at",
        "/secret",
        headers={"Authorization": f"Bearer {_token()}"},
        contains="ann",
        missing=frozenset({"bare", "starlette-sync", "quart-sync"}),
    ),
}
"""By name, in the order of the report."""
