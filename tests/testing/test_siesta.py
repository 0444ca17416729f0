"""Attributes as path: `client.siesta` and `client.api` (spec/08 section 1.1)."""

from __future__ import annotations

from atila_compat.structures import AttrDict
from atila_compat.testing.client import Client
from atila_compat.testing.siesta import API


def test_attributes_and_calls_are_the_path(client: Client) -> None:
    """Attributes and arguments of calls are the segments of the path."""
    assert client.siesta.items(3).get().data.id == 3
    assert client.siesta("items", 4).get().data.id == 4
    assert client.api().items("5").get().url == f"{client.endpoint}/items/5"


def test_segments_are_quoted(client: Client) -> None:
    """A segment stays one, whatever is in it."""
    assert client.siesta.items("a/b c").get().url == f"{client.endpoint}/items/a%2Fb%20c"


def test_keywords_are_the_query(client: Client) -> None:
    """Keywords are the query, whatever the method; two low dashes stand for the colon of a typed one."""
    assert client.siesta.echo.get(a=1, i__x=2).data.url == {"a": "1", "x": 2}
    assert client.siesta.echo.post({"b": 3}, a=1).data.url == {"a": "1"}
    assert client.siesta.echo.delete(a="x&y").data.url == {"a": "x&y"}


def test_bodies_are_json(client: Client) -> None:
    """POST, PUT and PATCH send JSON."""
    api = client.siesta.echo
    for answer in (api.post({"b": [1]}), api.put({"b": [1]}), api.patch({"b": [1]})):
        assert answer.data.type == "application/json"
        assert answer.data.data == {"b": [1]}
        assert answer.request_data == {"b": [1]}


def test_data_has_attributes_all_the_way_down(client: Client) -> None:
    """Objects in answers have their members as attributes, those in lists too."""
    data = client.siesta.items(3).get().data
    assert isinstance(data, AttrDict)
    assert data.nested.deep[0].x == 1


def test_data_of_other_answers(client: Client) -> None:
    """Text is text, a list is a list, and nothing is None."""
    assert client.api("/").get().data == "Hello"
    assert client.siesta.list.get().data == [1, 2]
    assert client.siesta.items(3).delete().data is None


def test_no_status_is_raised(client: Client) -> None:
    """Errors are answers like any other."""
    answer = client.siesta.wrong.get()
    assert (answer.status_code, answer.reason, answer.method) == (409, "Conflict", "GET")
    assert answer.data.code == 40909


def test_trailing_slash(client: Client) -> None:
    """The methods with a low dash behind them add a slash to the path."""
    assert client.siesta.slash.get_(q=1).data.q == {"q": "1"}
    assert client.siesta.slash.post_({"q": 2}).data.q == {"q": 2}
    assert client.siesta.items(3).delete_().status_code == 404


def test_headers(client: Client) -> None:
    """Headers of a call are sent besides the client's own."""
    answer = client.siesta.echo.get(headers={"X-Extra": "yes"})
    assert answer.data.extra == "yes"
    assert answer.request_headers["accept"] == "application/json"


def test_point(client: Client) -> None:
    """`api (point)` begins at a path, or a full URL."""
    assert client.api("/items")(3).get().data.id == 3
    assert client.api(f"{client.endpoint}/items").get().url == f"{client.endpoint}/items"


def test_set_data(client: Client) -> None:
    """Tests may put something in place of the data."""
    answer = client.siesta.items(3).get()
    answer.set_data({"mine": 1})
    assert answer.data == {"mine": 1}


def test_alone() -> None:
    """Without a client the API makes one of its own."""
    assert API("http://127.0.0.1:1/base/").items(3)._base == "http://127.0.0.1:1/base/items/3"
