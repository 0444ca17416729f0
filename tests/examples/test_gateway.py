"""examples/gateway."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from ..launch import Launched
from .conftest import Example


@pytest.fixture(scope="module")
def gateway(example: Example) -> Launched:
    """The gateway, with the services that it asks."""
    return example("gateway")


def test_front_page_leads_to_every_route(gateway: Launched) -> None:
    """Whoever opens the gateway finds links to try, one for each kind of route, and all of them answer."""
    links = re.findall(r'href="([^"]+)"', gateway.client.get("/").text)
    assert len({link.split("/")[1] for link in links}) == 6
    assert [gateway.client.get(link).status_code for link in links] == [200] * 6


def test_answers_of_two_services_become_one(gateway: Launched) -> None:
    """A Map has the answers of both services under their names."""
    answer = gateway.client.get("/city/Rome").json()
    assert answer["weather"] == {"city": "Rome", "sky": "sun", "degrees": 17}
    assert answer["events"]["city"] == "Rome"


def test_coroutine_asks_as_far_as_it_has_to(gateway: Launched) -> None:
    """The second service is asked where the sun shines; an unknown city is 404."""
    client = gateway.client
    assert client.get("/advice/Oslo").json() == {"advice": "stay at home"}
    assert client.get("/advice/Rome").json()["advice"].startswith("go to: ")
    answer = client.get("/advice/Utopia")
    assert (answer.status_code, answer.json()["more_info"]) == (404, "no weather for Utopia")


def test_group_has_the_results_in_order(gateway: Launched) -> None:
    """Tasks gives the results in the order of its tasks."""
    cities = gateway.client.get("/cities").json()["cities"]
    assert [city["city"] for city in cities] == ["Oslo", "Rome", "Cork"]


def test_every_server_of_an_alias_is_asked(gateway: Launched) -> None:
    """`was.get.map` asks all members of an alias."""
    answer = gateway.client.get("/events/Cork").json()
    assert answer == {"events": ["folk night", "jazz festival"], "servers": 2}


def test_report_comes_in_pieces(gateway: Launched) -> None:
    """A coroutine that yields text streams it."""
    with gateway.client.stream("GET", "/report.csv") as answer:
        assert answer.headers["content-type"] == "text/csv"
        assert "content-length" not in answer.headers
        text = "".join(answer.iter_text())
    assert text == "city,sky,degrees\nOslo,snow,-3\nRome,sun,17\nCork,rain,9\n"


def test_proxy_passes_status_and_body_on(gateway: Launched) -> None:
    """ProxyPass with `forward` passes what the service says, its 404 too."""
    assert gateway.client.get("/raw/Cork").json()["degrees"] == 9
    assert gateway.client.get("/raw/Utopia").status_code == 404


def test_more_requests_than_threads_are_answered(gateway: Launched) -> None:
    """Whoever waits for a service holds no thread: forty requests at a time share four."""
    with ThreadPoolExecutor(40) as clients:
        answers = list(clients.map(lambda _: gateway.client.get("/city/Oslo").status_code, range(40)))
    assert answers == [200] * 40
