"""`client.stub`: calls under a common path (spec/08 section 1.1)."""

from __future__ import annotations

import io

from atila_compat.testing.client import Client


def test_arguments_fill_the_path(client: Client) -> None:
    """Positional arguments fill the path in, its query too."""
    with client.stub("/items") as stub:
        assert stub.get("/{}?page={}", 3, 7).data["page"] == 7
        assert stub.get("/{1}?page={0}", 8, 4).data["id"] == 4


def test_paths_are_below_the_base(client: Client) -> None:
    """A path belongs below the base, with or without a slash in front; without a base it is the path."""
    assert client.stub("/items/").get("3").data["id"] == 3
    assert client.stub().get("/items/3").data["id"] == 3
    assert client.stub(f"{client.endpoint}/items").get("/3").data["id"] == 3
    assert client.stub("/items/3").get().data["id"] == 3


def test_payload_is_the_body(client: Client) -> None:
    """The last dict and the keywords are the JSON body of POST, PUT and PATCH."""
    stub = client.stub("/echo")
    assert stub.post("", {"a": 1}, b=2).data["data"] == {"a": 1, "b": 2}
    assert stub.put(a=[1]).data["type"] == "application/json"
    assert stub.patch("", {"a": None}).data["data"] == {"a": None}
    assert client.stub("/items").put("/{}", 3, {"name": "b"}).data["sent"] == {"name": "b"}


def test_payload_is_the_query(client: Client) -> None:
    """Of GET and DELETE it is the query."""
    stub = client.stub("/echo")
    assert stub.get("", {"a": 1}, b=2).data["url"] == {"a": "1", "b": "2"}
    assert stub.delete("?c=3", d=4).data["url"] == {"c": "3", "d": "4"}
    assert stub.options().status_code == 405


def test_other_bodies(client: Client) -> None:
    """Text is sent as it is, a list as JSON."""
    stub = client.stub("/echo", headers={"Content-Type": "text/plain"})
    assert stub.post("", "plain").data["body"] == "plain"
    assert client.stub("/echo").post("", [1, 2]).data["body"] == "[1, 2]"


def test_headers_and_authentication(client: Client) -> None:
    """Headers and credentials of the stub go with every call."""
    assert client.stub("/echo", headers={"X-Extra": "yes"}).get().data["extra"] == "yes"
    assert client.stub("", auth=("hans", "secret")).get("/secret").data == {"user": "hans"}


def test_upload(client: Client) -> None:
    """Files among the values are uploaded."""
    said = client.stub("/files").upload("", {"f": io.BytesIO(b"x"), "note": "n"}).data
    assert said == {"note": "n", "files": {"f": [["f", "x"]]}}


def test_braces_in_a_path(client: Client) -> None:
    """Braces that are no places are left alone, and so are dicts in front of nothing."""
    assert client.stub("/echo").get("?q={").data["url"] == {"q": "{"}
