"""What is measured. To add a scenario: an entry here, and its route in each of the apps that can have it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Scenario:
    """A request that is sent over and over.

    Attributes:
        about: what it shows, for the report.
        path, method, headers, body: the request.
        status: of the right answer.
        contains: what the right answer's body has in it.
        missing: peers that have no such thing.
    """

    about: str
    path: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    status: int = 200
    contains: str = ""
    missing: frozenset[str] = frozenset()

    def request(self) -> str:
        """The request as it goes over the wire."""
        headers = {"Host": "127.0.0.1", "Accept": "*/*", **self.headers}
        if self.body:
            headers["Content-Length"] = str(len(self.body.encode()))
        lines = [
            f"{self.method} {self.path} HTTP/1.1",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        return "\r\n".join([*lines, "", self.body])


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
}
"""By name, in the order of the report."""
