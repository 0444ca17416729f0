"""Values that are brought back, and masks for those that are new each time."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atila_compat.errors import AtilaError
from atila_compat.migrate.parity.case import Answer
from atila_compat.migrate.parity.compare import differences, masked
from atila_compat.migrate.parity.linking import is_random, link
from atila_compat.migrate.parity.masks import blank_tokens, compiled, searched, usual_for, varying

TOKEN = "4f1d5be9a0c34f1d5be9a0c3"


def answer(text: str, *headers: tuple[str, str]) -> Answer:
    return {"status": 200, "text": text, "headers": list(headers)}


def linked(given: str, request: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The exchange that gave an answer, and the one with the request, after linking."""
    exchanges: list[dict[str, Any]] = [
        {"id": "a", "request": {"path": "/a"}},
        {"id": "b", "request": request},
    ]
    link(exchanges, {"a": answer(given), "b": answer("")})
    return exchanges[0], exchanges[1]


@pytest.mark.parametrize(
    "given",
    [
        f'{{"token": "{TOKEN}"}}',
        f'<input type="hidden" name="XSRF_TOKEN" value="{TOKEN}">',
        f"<a href='/reset/{TOKEN}'>here</a>",
        TOKEN,
        f"line\nid={TOKEN}&x=1",
    ],
)
@pytest.mark.parametrize(
    "request_",
    [
        {"path": f"/x/{TOKEN}"},
        {"path": "/x", "headers": {"Authorization": f"Bearer {TOKEN}"}},
        {"path": "/x", "text": f"token={TOKEN}&a=1"},
        {"path": "/x", "json": {}, "headers": {"X-Token": TOKEN}},
    ],
)
def test_value_that_comes_back_is_linked(given: str, request_: dict[str, Any]) -> None:
    """Wherever a value stood and comes back, the later request takes it from the earlier answer."""
    giver, taker = linked(given, request_)
    (pattern,) = giver["save"].values()
    found = re.search(pattern, searched(answer(given)))
    assert found
    assert found[1] in (TOKEN, f"id={TOKEN}")
    assert TOKEN not in str(taker["request"])
    assert "{{value1}}" in str(taker["request"])


@pytest.mark.parametrize(
    ("given", "request_"),
    [
        ('{"name": "kim"}', {"path": "/users/kim"}),  # short
        ('{"name": "administrator"}', {"path": "/users/administrator"}),  # a word
        ('{"token": "' + TOKEN + '"}', {"path": "/other"}),
    ],
)
def test_other_values_are_left_alone(given: str, request_: dict[str, Any]) -> None:
    """Short values and words may be the same by accident."""
    giver, taker = linked(given, request_)
    assert "save" not in giver
    assert taker["request"] == request_


def test_giver_is_blanked_where_the_value_is_random() -> None:
    """A random value is blanked in the answer that gave it, and nothing beside it; a file name is not."""
    giver, _ = linked(f'{{"token": "{TOKEN}", "user": "kim"}}', {"path": f"/{TOKEN}"})
    text = '{"token": "0000", "user": "kim"}'
    assert masked(text, giver["mask"]) == '{"token": "<masked>", "user": "kim"}'
    giver, _ = linked('{"file": "report-2024.pdf"}', {"path": "/files/report-2024.pdf"})
    assert "mask" not in giver
    assert "save" in giver


def test_random_looks_random() -> None:
    """Long hexadecimal numbers and mixed text look random; words, dates and names do not."""
    assert is_random(TOKEN)
    assert is_random("eyJhbGciOiAiSFMyNTYi0")
    assert not is_random("report-2024.pdf")
    assert not is_random("2026-11-22T10:00:00")


def test_usual_masks_are_taken_where_they_match() -> None:
    """Times, UUIDs and tokens are blanked where an answer has them, not in headers that nobody compares."""
    text = '{"at": "2026-11-22 10:00:00", "id": "123e4567-e89b-12d3-a456-426614174000", "n": 1795349480}'
    masks = usual_for(answer(text, ("Date", "Sun, 22 Nov 2026 09:01:24 GMT")))
    assert masked(text, masks) == '{"at": "<masked>", "id": "<masked>", "n": <masked>}'
    assert len(masks) == 3
    assert usual_for(answer('{"name": "kim", "n": 12345}')) == []


def test_csrf_tokens_are_blanked_wherever_they_stand() -> None:
    """A CSRF token differs for each client: in its cookie, in forms and in JSON it is blanked."""
    token = "5adc23e48926280d"
    texts = [
        f'<input name="XSRF_TOKEN" value="{token}">',
        f'{{"token": "{token}", "user": "kim"}}',
        token,
        "pong",
    ]
    given = {str(number): answer(text) for number, text in enumerate(texts)}
    given["0"]["headers"] = [("Set-Cookie", f"XSRF_TOKEN={token}; path=/")]
    exchanges: list[dict[str, Any]] = [{"id": id_, "mask": usual_for(given[id_])} for id_ in given]
    blank_tokens(exchanges, given)
    new = copy.deepcopy(given)
    for each in new.values():
        each["text"] = each["text"].replace(token, "b1ecb1ecb1ecb1ec")
    new["0"]["headers"] = [("set-cookie", "XSRF_TOKEN=b1ecb1ecb1ecb1ec; path=/")]
    assert [differences(each, given[each["id"]], new[each["id"]]) for each in exchanges] == [[], [], [], []]
    new["0"]["headers"] = [("set-cookie", "XSRF_TOKEN=; path=/")]
    new["1"]["text"] = '{"token": "b1ecb1ecb1ecb1ec", "user": "lee"}'
    assert differences(exchanges[0], given["0"], new["0"])
    assert differences(exchanges[1], given["1"], new["1"])


def test_what_varies_between_two_answers_is_masked() -> None:
    """Values that are new at every request are blanked by what stands before them."""
    one, two = answer('{"n": 17, "kind": "x", "id": "ab-1"}'), answer('{"n": 18, "kind": "x", "id": "zz-9"}')
    masks = varying(one, two)
    assert masked(one["text"], masks) == masked(two["text"], masks)
    assert '"kind": "x"' in masked(one["text"], masks)
    assert varying(one, one) == []


def test_what_varies_is_not_masked_with_all_around_it() -> None:
    """A second answer of another kind, and values behind no name, give no masks that would blank the rest."""
    made, refused = answer('{"name": "kim"}'), answer('{"message": "conflict", "code": 40900}')
    refused["status"] = 409
    assert varying(made, refused) == []
    assert varying(answer('{"name": "kim"}'), answer('{"nick": "kim"}')) == []


@given(st.text(max_size=60), st.text(max_size=60))
def test_masks_are_patterns_whatever_answers_hold(one: str, two: str) -> None:
    """Whatever two answers hold, the masks that are made of them can be used."""
    for mask in (*varying(answer(one), answer(two)), *usual_for(answer(one))):
        masked(two, [mask])


@given(st.lists(st.text(alphabet='abc0123456789"{}: /=\n', max_size=80), min_size=2, max_size=4))
def test_linking_keeps_requests_whole(texts: list[str]) -> None:
    """Filling in what was saved from the same answers gives the requests that were recorded."""
    exchanges: list[dict[str, Any]] = [
        {"id": str(number), "request": {"path": "/", "text": text}} for number, text in enumerate(texts)
    ]
    answers = {str(number): answer(text) for number, text in enumerate(texts)}
    link(exchanges, answers)
    saved: dict[str, str] = {}
    for exchange, text in zip(exchanges, texts, strict=True):
        filled = exchange["request"]["text"]
        for name, value in saved.items():
            filled = filled.replace("{{" + name + "}}", value)
        assert filled == text
        for name, pattern in exchange.get("save", {}).items():
            found = re.search(pattern, searched(answers[exchange["id"]]))
            assert found
            saved[name] = found[1]


def test_mask_that_is_no_pattern_is_refused() -> None:
    """A mask that is no regular expression is refused with its error."""
    with pytest.raises(AtilaError, match="no regular expression"):
        compiled(["(open"])
