"""What is measured. To add a scenario: an entry here, and its route in each of the apps that can have it."""

from __future__ import annotations

import xmlrpc.client
from collections.abc import Mapping
from dataclasses import dataclass, field

import jwt

from .names import ORIGINAL, POSTGRES, SQLITE, THIS, UPSTREAM


@dataclass(frozen=True)
class Scenario:
    """A request that is sent over and over.

    Attributes:
        about: what it shows, for the report.
        path, method, headers, body: the request.
        status: of the right answer.
        contains: what the right answer's body has in it.
        missing: peers that have no such thing.
        only: peers that have it, where it is made for some; empty for all but `missing`.
        visit: path that is fetched once before; its cookies go with every request.
        needs: what has to be up for it, see `sources`.
        connections: kept alive at the same time, 0 for what the settings say.
    """

    about: str
    path: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    status: int = 200
    contains: str = ""
    missing: frozenset[str] = frozenset()
    only: frozenset[str] = frozenset()
    visit: str = ""
    needs: tuple[str, ...] = ()
    connections: int = 0

    def is_for(self, peer: str) -> bool:
        """Whether the peer has it."""
        return peer in self.only if self.only else peer not in self.missing

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
_WITH_SOURCES = frozenset({THIS, "starlette-async"})
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
    "sqlite": Scenario(
        "one row of SQLite by its key; a plain handler against the driver awaited in an `async def` route",
        "/sqlite/42",
        contains="Item 42",
        only=_WITH_SOURCES,
        needs=(SQLITE,),
    ),
    "postgres": Scenario(
        "one row of PostgreSQL by its key; likewise",
        "/postgres/42",
        contains="Item 42",
        only=_WITH_SOURCES,
        needs=(POSTGRES,),
    ),
    "upstream": Scenario(
        "one call of another server; a plain handler against httpx awaited in an `async def` route",
        "/upstream",
        contains="tea",
        only=_WITH_SOURCES,
        needs=(UPSTREAM,),
    ),
    "tasks": Scenario(
        "three tasks of 50 ms at the same time; what is above 50 ms at the median is overhead",
        "/tasks",
        contains="[1, 2, 3]",
        only=frozenset({THIS, "starlette-async", ORIGINAL}),
        connections=1,
    ),
    "map": Scenario(
        "a Map of five tasks in threads, which compute a little",
        "/map",
        contains='"e": 5',
        only=frozenset({THIS, ORIGINAL}),
    ),
    "pauses": Scenario(
        "a Map of five tasks in threads that sleep for 0 seconds, so that each hands the interpreter on",
        "/map-of-pauses",
        contains='"e": 5',
        only=frozenset({THIS, ORIGINAL}),
    ),
    "xmlrpc": Scenario(
        "an XML-RPC call",
        "/",
        method="POST",
        headers={"Content-Type": "text/xml"},
        body=xmlrpc.client.dumps((3, 4), "add"),
        contains="<int>7</int>",
        only=frozenset({THIS, ORIGINAL}),
    ),
}
"""By name, in the order of the report."""
