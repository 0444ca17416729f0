"""The test client: HTTP as tests speak it (spec/08 section 1.1)."""

from __future__ import annotations

import io
from pathlib import Path

import httpx
import pytest

from atila_compat.errors import AtilaError
from atila_compat.testing.client import Client


def test_text_answers_as_bytes(client: Client) -> None:
    """`.data` is the body in bytes where it is no JSON, and `.text` is it as text."""
    answer = client.get("/")
    assert answer.data == b"Hello"
    assert answer.text == "Hello"


def test_json_answers_are_parsed(client: Client) -> None:
    """`.data` is parsed JSON, a list too."""
    assert client.get("/items/3").data["id"] == 3
    assert client.get("/list").data == [1, 2]


def test_answers_have_the_names_of_requests(client: Client) -> None:
    """Answers have what tests know of requests: reason, ok, a URL that is text, truth by status."""
    answer = client.get("/wrong")
    assert (answer.status_code, answer.reason, answer.ok, bool(answer)) == (409, "Conflict", False, False)
    assert answer.url.endswith("/wrong")
    assert answer.json()["code"] == 40909
    assert b"".join(answer.iter_content()) == answer.content
    with pytest.raises(httpx.HTTPStatusError, match="409 Conflict"):
        answer.raise_for_status()


def test_dict_is_sent_as_form(client: Client) -> None:
    """A dict is a form: lists are several values, None is left out."""
    said = client.post("/echo", {"a": [1, 2], "none": None, "b": True}).data
    assert said["type"] == "application/x-www-form-urlencoded"
    assert said["data"] == {"a": ["1", "2"], "b": "True"}


def test_text_is_sent_as_it_is(client: Client) -> None:
    """Text and bytes are the body itself."""
    assert client.put("/echo", "plain", headers={"Content-Type": "text/plain"}).data["body"] == "plain"
    assert client.patch("/echo", b"raw").data["body"] == "raw"


def test_pieces_are_sent_as_one_body(client: Client) -> None:
    """An iterator of bytes is sent piece by piece."""
    assert client.post("/echo", iter([b"a", b"b"]), headers={"Content-Length": "2"}).data["body"] == "ab"


def test_json_argument(client: Client) -> None:
    """`json=` is sent as JSON, as is a dict where the header says so."""
    assert client.post("/echo", json={"a": [1]}).data["data"] == {"a": [1]}
    said = client.post("/echo", {"a": [1]}, headers={"Content-Type": "application/json"}).data
    assert said["data"] == {"a": [1]}


def test_query_parameters(client: Client) -> None:
    """A dict behind the URL, or `params=`, is added to its query."""
    assert client.get("/echo?a=1", {"b": 2}).data["url"] == {"a": "1", "b": "2"}
    assert client.delete("/echo", params={"c": "x y"}).data["url"] == {"c": "x y"}
    assert client.post("/echo", {"d": 1}, params="e=2").data["url"] == {"e": "2"}


def test_axios_speaks_json(client: Client) -> None:
    """`axios` sends and asks for JSON, with the same cookies and headers."""
    client.set_default_header("X-Extra", "yes")
    said = client.axios.post("/echo", {"a": [1]}).data
    assert (said["type"], said["accept"]) == ("application/json", "application/json")
    assert said["data"] == {"a": [1]}
    assert said["extra"] == "yes"
    client.get("/visits")
    assert client.axios.get("/visits").data["n"] == 2


def test_default_headers(client: Client) -> None:
    """Default headers are sent with every request, until a request names its own."""
    client.set_default_header("X-Extra", "all")
    assert client.get("/echo").data["extra"] == "all"
    assert client.get("/echo", headers={"x-extra": "one"}).data["extra"] == "one"


def test_bearer_token(client: Client) -> None:
    """`set_jwt` sends a bearer token from then on, and none after `set_jwt ()`."""
    client.set_jwt("abc")
    assert client.get("/echo").data["authorization"] == "Bearer abc"
    client.set_jwt()
    assert client.get("/echo").data["authorization"] is None


def test_cookies_are_kept(client: Client) -> None:
    """A session lasts over requests; `cookies=` are sent besides, once."""
    assert client.get("/visits").data == {"n": 1, "flavor": None}
    assert client.get("/visits", cookies={"flavor": "mint"}).data == {"n": 2, "flavor": "mint"}
    assert client.get("/visits").data == {"n": 3, "flavor": None}
    assert len(client.cookies) == 1


def test_new_and_clone(client: Client) -> None:
    """`clone ()` shares the cookies, `new ()` begins without any."""
    client.get("/visits")
    assert client.clone().get("/visits").data["n"] == 2
    assert client.new().get("/visits").data["n"] == 1


def test_http3_is_refused(client: Client) -> None:
    """HTTP/3 is not spoken, and the error says what to do."""
    with pytest.raises(AtilaError, match="http2"):
        client.http3  # noqa: B018 - the property raises


def test_redirects(client: Client) -> None:
    """Redirects are followed, unless `allow_redirects = False`; `history` has them."""
    answer = client.get("/moved")
    assert answer.data["id"] == 7
    assert [each.status_code for each in answer.history] == [302]
    answer = client.get("/moved", allow_redirects=False)
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/items/7"


def test_basic_authentication(client: Client) -> None:
    """`auth=` is a pair of name and password."""
    assert client.get("/secret").status_code == 401
    assert client.get("/secret", auth=("hans", "secret")).data == {"user": "hans"}


def test_upload(client: Client, tmp_path: Path) -> None:
    """`upload` sends what can be read as files, a list as several, and the rest as fields."""
    (tmp_path / "a.txt").write_text("from disk")
    with (tmp_path / "a.txt").open() as file:
        said = client.upload(
            "/files",
            {
                "note": 3,
                "one": file,
                "more": [("b.txt", "b"), ("c.txt", b"c", "text/plain")],
                "mem": io.BytesIO(b"m"),
            },
        ).data
    assert said["note"] == "3"
    assert said["files"] == {
        "one": [["a.txt", "from disk"]],
        "more": [["b.txt", "b"], ["c.txt", "c"]],
        "mem": [["mem", "m"]],
    }


def test_upload_without_files(client: Client) -> None:
    """An upload is multipart without any file, too."""
    assert client.upload("/echo", {"a": 1}).data["type"] == "multipart/form-data"


def test_files_argument(client: Client) -> None:
    """`files=` is what requests takes: files, or pairs of a name and content."""
    said = client.post("/files", {"note": 1}, files={"f": ("f.txt", io.StringIO("text"))}).data
    assert said == {"note": "1", "files": {"f": [["f.txt", "text"]]}}


def test_resolve(client: Client) -> None:
    """Relative URLs belong to the server; full ones stay."""
    assert client.resolve("/a") == client.resolve("a") == f"{client.endpoint}/a"
    assert client.resolve("http://elsewhere/x") == "http://elsewhere/x"


def test_head_and_options(client: Client) -> None:
    """HEAD and OPTIONS are asked like GET, and a HEAD is not redirected."""
    assert client.head("/moved").status_code == 405
    assert client.options("/echo").status_code == 405


def test_stream(client: Client) -> None:
    """`stream = True` leaves the body to be read piece by piece."""
    with client.get("/items/3", stream=True) as answer:
        assert b'"id": 3' in b"".join(answer.iter_content(4))
    with client.get("/", stream=True) as answer:
        assert list(answer.iter_lines()) == [b"Hello"]
