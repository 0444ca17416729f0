"""Deprecated names of `was`."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from atila_compat.app import Atila

from ..serving.connection import ask


def answer_of(handler: Any) -> Any:
    app = Atila("app")
    app.route("/")(handler)
    return ask(app, "/")


def test_json_goes_there_and_back() -> None:
    """`tojson` writes as answers do, `fromjson` reads."""

    def handler(was: Any) -> str:
        moment = datetime.datetime(2021, 5, 24, 10, 20, 30, tzinfo=datetime.UTC)
        assert was.fromjson('{"a": [1]}') == {"a": [1]}
        return str(was.tojson({"at": moment}))

    assert answer_of(handler).text == '{"at": "2021-05-24 10:20:30+00"}'


def test_xml_goes_there_and_back() -> None:
    """`fromxml` reads what `toxml` writes."""

    def handler(was: Any) -> Any:
        return was.API(was.fromxml(was.toxml({"a": [1, "two"]})))

    assert answer_of(handler).json() == {"a": [1, "two"]}


@pytest.mark.parametrize(
    "text",
    ["", "<", "no xml", '<!DOCTYPE x [<!ENTITY a "b">]><params><param><value>&a;</value></param></params>'],
)
def test_malformed_xml_is_a_value_error(text: str) -> None:
    """`fromxml` refuses what is malformed, and entities."""

    def handler(was: Any) -> str:
        with pytest.raises(ValueError, match="malformed"):
            was.fromxml(text)
        return "refused"

    assert answer_of(handler).text == "refused"


def test_streams_set_their_content_type() -> None:
    """`jstream` and `xstream` are answers with the content type of their form."""
    found = answer_of(lambda was: was.jstream([1], "rows"))
    assert (found.headers["content-type"], found.json()) == ("application/json", {"rows": [1]})
    found = answer_of(lambda was: was.xstream([1]))
    assert found.headers["content-type"] == "text/xml"
    assert "<array>" in found.text
