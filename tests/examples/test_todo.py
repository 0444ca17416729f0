"""examples/todo."""

from __future__ import annotations

import argparse
import re
import shlex
from pathlib import Path

import httpx
import pytest

from ..launch import Launched
from .conftest import Example

PASSWORD = "correct-horse"


@pytest.fixture(scope="module")
def service(example: Example) -> Launched:
    """The service; its first account, `boss`, is staff."""
    app = example("todo")
    account = {"name": "boss", "password": PASSWORD}
    made = app.client.post("/accounts", data=account)
    assert (made.status_code, made.json()) == (201, {"name": "boss", "level": "staff"})
    return app


def headers_of(client: httpx.Client, name: str) -> dict[str, str]:
    """The headers of an account, which is made if need be."""
    account = {"name": name, "password": PASSWORD}
    assert client.post("/accounts", data=account).status_code in (201, 409)
    token = client.post("/tokens", data=account).json()["token"]
    return {"Authorization": f"Bearer {token}"}


def test_todo_is_added_changed_and_deleted(service: Launched) -> None:
    """A to-do lives from POST to DELETE, and is in the list meanwhile."""
    client = service.client
    headers = headers_of(client, "kim")
    made = client.post("/todos", json={"title": "Buy milk", "priority": 1}, headers=headers)
    assert made.status_code == 201
    todo = made.json()["todo"]
    assert (todo["title"], todo["priority"], todo["done"], todo["owner"]) == ("Buy milk", 1, 0, "kim")
    path = f"/todos/{todo['id']}"
    assert client.get(path, headers=headers).json() == {"todo": todo}
    assert client.get("/todos", headers=headers).json() == {"todos": [todo], "count": 1}
    assert client.patch(path, json={"done": True}, headers=headers).json()["todo"]["done"] == 1
    assert client.get("/todos?done=no", headers=headers).json() == {"todos": [], "count": 0}
    assert client.delete(path, headers=headers).status_code == 204
    assert client.get(path, headers=headers).status_code == 410


def test_list_is_paged_and_sorted(service: Launched) -> None:
    """The list has what is to be done first, by priority, in pages."""
    client = service.client
    headers = headers_of(client, "lena")
    for title, priority in [("later", 3), ("now", 1), ("soon", 2)]:
        client.post("/todos", json={"title": title, "priority": priority}, headers=headers)
    first = client.get("/todos?limit=1", headers=headers).json()["todos"][0]
    client.patch(f"/todos/{first['id']}", json={"done": True}, headers=headers)
    everything = client.get("/todos", headers=headers).json()
    assert [todo["title"] for todo in everything["todos"]] == ["soon", "later", "now"]
    page = client.get("/todos?limit=1&offset=1", headers=headers).json()
    assert ([todo["title"] for todo in page["todos"]], page["count"]) == (["later"], 3)


def test_nobody_gets_in_without_a_token(service: Launched) -> None:
    """Requests without a token, or with a forged one, are answered 401."""
    client = service.client
    forged = {"Authorization": headers_of(client, "kim")["Authorization"][:-3] + "abc"}
    assert client.get("/todos").status_code == 401
    assert client.get("/todos", headers=forged).status_code == 401
    wrong = client.post("/tokens", data={"name": "kim", "password": "battery-staple"})
    assert (wrong.status_code, wrong.json()["code"]) == (401, 40101)


def test_todos_are_their_owners(service: Launched) -> None:
    """A user sees what is their own; staff sees everything."""
    client = service.client
    staff, lee = headers_of(client, "boss"), headers_of(client, "lee")
    home = client.post("/todos", json={"title": "Call home"}, headers=lee).json()["todo"]["id"]
    wages = client.post("/todos", json={"title": "Pay wages"}, headers=staff).json()["todo"]["id"]
    assert client.get(f"/todos/{wages}", headers=lee).status_code == 403
    assert client.get(f"/todos/{home}", headers=staff).json()["todo"]["owner"] == "lee"
    assert client.get("/accounts", headers=lee).status_code == 403
    accounts = client.get("/accounts", headers=staff).json()["accounts"]
    assert {"name": "boss", "level": "staff"} in accounts
    assert {"name": "lee", "level": "user"} in accounts
    mine = client.get("/accounts/me/todos", headers=lee).json()["todos"]
    assert [todo["title"] for todo in mine] == ["Call home"]
    assert client.get("/accounts/boss/todos", headers=lee).status_code == 403
    assert len(client.get("/accounts/lee/todos", headers=staff).json()["todos"]) == 1


@pytest.mark.parametrize(
    ("todo", "explanation"),
    [
        ({}, "parameter `title` is missing"),
        ({"title": ""}, "parameter length of title should be between 1 ~ 200"),
        ({"title": "x" * 201}, "parameter length of title should be between 1 ~ 200"),
        ({"title": "x", "priority": 4}, "parameter priority should be between 1 ~ 3"),
        ({"title": "x", "priority": "high"}, "parameter priority should be int type"),
        ({"title": 7}, "parameter title should be string type"),
    ],
)
def test_what_is_wrong_is_refused_and_explained(
    service: Launched, todo: dict[str, object], explanation: str
) -> None:
    """A to-do that breaks a rule is answered 400, with the rule."""
    headers = headers_of(service.client, "kim")
    answer = service.client.post("/todos", json=todo, headers=headers)
    assert (answer.status_code, answer.json()["more_info"]) == (400, explanation)


def test_name_is_taken_once(service: Launched) -> None:
    """A second account of the same name is a conflict."""
    account = {"name": "only-once", "password": PASSWORD}
    answers = [service.client.post("/accounts", data=account).status_code for _ in range(2)]
    assert answers == [201, 409]


def curl(client: httpx.Client, line: str) -> httpx.Response:
    """Do what a curl command of the welcome page does."""
    parser = argparse.ArgumentParser()
    parser.add_argument("-d", dest="data", action="append", default=[])
    parser.add_argument("-H", dest="headers", action="append", default=[])
    parser.add_argument("-X", dest="method")
    parser.add_argument("url")
    given = parser.parse_args(shlex.split(line)[1:])
    method = given.method or ("POST" if given.data else "GET")
    headers = dict(header.split(": ", 1) for header in given.headers)
    data = dict(field.split("=", 1) for field in given.data)
    return client.request(method, given.url, headers=headers, data=data or None)


def test_welcome_page_can_be_tried(example: Example, tmp_path: Path) -> None:
    """The curl commands of the welcome page work as they stand, in their order; --database names the file."""
    path = tmp_path / "other.sqlite3"
    service = example("todo", f"--database={path}")
    page = service.client.get("/")
    assert page.headers["content-type"] == "text/plain; charset=utf-8"
    token, codes = "", []
    for line in re.findall(r"^curl .+", page.text, re.M):
        answer = curl(service.client, line.replace("$TOKEN", token))
        token = token or str(answer.json().get("token", ""))
        codes.append(answer.status_code)
    assert codes == [201, 201, 201, 200, 200, 204, 200]
    assert f"http://127.0.0.1:{service.port}/" in service.log()
    service.stop()
    assert path.exists()
    assert not (service.folder / "todo.sqlite3").exists()
