"""Sessions, message boxes and one-time tokens of the original, recorded from it."""

from __future__ import annotations

import base64
import hmac
import os
import pickle
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atila_compat.http.legacy_cookies import read_mbox, read_ott, read_session

from . import recorded_cookies as recorded
from .browsing import App, Browser

KEYS = (recorded.KEY.encode(),)


def signed(*items: tuple[str, bytes], key: str = recorded.KEY) -> str:
    """A session as the original would sign it."""
    packed = [f"{name}={base64.b64encode(data).decode()}" for name, data in items]
    content = "".join(f"|{item}" for item in packed).encode()
    return base64.b64encode(hmac.digest(key.encode(), content, "sha1")).decode() + "?" + "&".join(packed)


VALIDS = ("_valids", pickle.dumps((4_000_000_000, "127.0.0.1"), 1))


def migrated(**cookies: str) -> Browser:
    """A browser with cookies of the original, at an app that reads them."""
    browser = Browser(App(securekey=recorded.KEY, read_legacy_sessions=True), recorded.PEER)
    browser.now = recorded.RECORDED_AT + 10
    browser.cookies.update(cookies)
    return browser


def test_recorded_session() -> None:
    """Every value of a recorded session is read as the app has set it."""
    expiry, source, values = read_session(recorded.SESSION, KEYS) or [0, "", {}]
    assert (expiry, source) == (recorded.RECORDED_AT + 1200, recorded.PEER)
    assert values == {
        "user_id": "hansroh",
        "login": True,
        "n": 3,
        "ratio": 0.25,
        "none": None,
        "text": "한 & = ; text",
        "big": 10**40,
        "neg": -5,
        "mid": 70000,
        "list": [1, [2, {"a": None}], ()],
        "map": {1: 2, "x": {"y": []}},
        "tuple": (1, (2,)),
        "set": {1, 2},
        "frozen": frozenset({"a"}),
        "blob": b"\x00\xffabc",
        "empty": b"",
        "when": datetime(2020, 1, 2, 3, 4, 5, 6),
        "utc": datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC),
        "day": date(2020, 1, 2),
        "clock": time(1, 2, 3),
        "delta": timedelta(1, 2, 3),
        "price": Decimal("1.50"),
        "uuid": [UUID(int=5), UUID(int=6)],
        "ordered": {"a": 1},
        "한": "key",
    }


def test_recorded_message_box() -> None:
    """Both messages of a recorded box are read."""
    assert read_mbox(recorded.MBOX, KEYS) == [
        recorded.PEER,
        [
            (0, "notice", recorded.RECORDED_AT, 0, "flash", {}),
            (1, "alarm", recorded.RECORDED_AT, 60, "kept", {"user": "hans", "group": (1, 2)}),
        ],
    ]


def test_recorded_tokens() -> None:
    """Recorded one-time tokens are read with their expiry and session item."""
    value, expiry, item = read_ott(recorded.OTT, KEYS) or (None, 0, None)
    assert (value, round(expiry), item) == ({"id": 3, "tags": ("a", None)}, recorded.RECORDED_AT + 600, None)
    assert read_ott(recorded.OTT_FOREVER, KEYS) == ("hans", 0, None)
    value, _, item = read_ott(recorded.OTT_KEYED, KEYS) or (None, 0, None)
    assert value == "hans"
    assert read_session(recorded.OTT_SESSION, KEYS) == [
        recorded.RECORDED_AT + 900,
        recorded.PEER,
        dict([item or ("", "")]),
    ]


def test_nobody_is_logged_out() -> None:
    """An app that reads the original's sessions goes on with them, and writes its own."""
    browser = migrated(ATLSES_=recorded.SESSION, ATLMBX_=recorded.MBOX)
    with browser.request() as was:
        assert was.session["user_id"] == "hansroh"
        assert was.session.source_verified()
        assert was.session.get_expiry() == recorded.RECORDED_AT + 1200
        was.session["n"] += 1
        assert [message[4] for message in was.mbox.get()] == ["flash", "kept"]
    assert "?" not in browser.cookies["ATLSES_"] + browser.cookies["ATLMBX_"]
    browser.app.read_legacy_sessions = False
    with browser.request() as was:
        assert (was.session["n"], was.session["uuid"]) == (4, [UUID(int=5), UUID(int=6)])
        assert [message[4] for message in was.mbox.get()] == ["kept"]


def test_off_by_default() -> None:
    """Without `read_legacy_sessions` the original's cookies are none."""
    browser = migrated(ATLSES_=recorded.SESSION, ATLMBX_=recorded.MBOX)
    browser.app.read_legacy_sessions = False
    with browser.request() as was:
        assert was.session.items() == []
        assert was.mbox.get() == []
        assert was.decode_ott(recorded.OTT) is None


def test_tokens_go_on() -> None:
    """The original's one-time tokens are valid until they expire or are revoked."""
    browser = migrated(ATLSES_RSET=recorded.OTT_SESSION)
    with browser.request() as was:
        assert was.decode_ott(recorded.OTT) == {"id": 3, "tags": ("a", None)}
        assert was.decode_ott(recorded.OTT.replace("+", " ")) == {"id": 3, "tags": ("a", None)}
        assert was.decode_ott(recorded.OTT_FOREVER) == was.decode_ott(recorded.OTT_KEYED) == "hans"
    with migrated().request() as was:
        assert was.decode_ott(recorded.OTT_KEYED) is None
    with browser.request() as was:
        was.revoke_ott(recorded.OTT_KEYED)
        assert was.decode_ott(recorded.OTT_KEYED) is None
    browser.now += 700
    with browser.request() as was:
        assert was.decode_ott(recorded.OTT) is None
        assert was.decode_ott(recorded.OTT_FOREVER) == "hans"


def test_expired_sessions_are_empty() -> None:
    """A recorded session ends when the original would have ended it."""
    browser = migrated(ATLSES_=recorded.SMALL)
    browser.now = recorded.RECORDED_AT + 1201
    with browser.request() as was:
        assert was.session["login"] is None


def test_key_rotation() -> None:
    """Each of several keys verifies the original's cookies."""
    assert read_session(recorded.SMALL, (b"new", *KEYS))
    assert read_session(recorded.SMALL, (b"new",)) is None


def test_objects_are_refused() -> None:
    """A recorded session that holds an exception is none: half a session would be a guess."""
    assert read_session(recorded.OBJECT, KEYS) is None


def test_nothing_runs(tmp_path: Path) -> None:
    """A hostile pickle, signed with the right key, is refused without running anything."""

    class Runs:
        def __reduce__(self) -> Any:
            return os.mkdir, (str(tmp_path / "ran"),)

    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        hostile = pickle.dumps(Runs(), protocol)
        assert read_session(signed(VALIDS, ("a", pickle.dumps(1, 1))), KEYS)
        assert read_session(signed(VALIDS, ("a", hostile)), KEYS) is None
        assert read_session(signed(("_valids", hostile)), KEYS) is None
        packed = base64.b64encode(hostile).decode()
        mbox = base64.b64encode(hmac.digest(KEYS[0], f"|{packed}".encode(), "sha1")).decode()
        assert read_mbox(f"{mbox}?{packed}", KEYS) is None
        ott = base64.b64encode(hmac.digest(KEYS[0], hostile, "sha1")).decode()
        assert read_ott(f"{ott}?{packed}", KEYS) is None
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "valids",
    [
        None,
        5,
        (),
        ("x", "y"),
        (1,),
        (float("nan"), ""),
        (float("inf"), ""),
        ([], []),
        {"a": 1},
        (10**400, ""),
    ],
)
def test_signed_nonsense_is_refused(valids: Any) -> None:
    """Sessions that are signed but have no proper expiry are none, or one that has ended."""
    found = read_session(signed(("_valids", pickle.dumps(valids, 1))), KEYS)
    assert found is None or isinstance(found[0], int)
    with migrated(ATLSES_=signed(("_valids", pickle.dumps(valids, 1)))).request() as was:
        assert was.session.items() == []
        was.session["a"] = 1


@pytest.mark.parametrize(
    "messages", [[5], [()], [(1, 2, 3, "x", 5, {})], [(1, 2, 3, 4, 5, 6)], [("x",) * 6], [None]]
)
def test_signed_nonsense_messages_are_refused(messages: list[Any]) -> None:
    """Boxes that are signed but hold no proper messages are empty."""
    packed = [base64.b64encode(pickle.dumps(item, 1)).decode() for item in [(-1, 0.0, "ip"), *messages]]
    digest = hmac.digest(KEYS[0], "".join(f"|{item}" for item in packed).encode(), "sha1")
    with migrated(ATLMBX_=base64.b64encode(digest).decode() + "?" + "&".join(packed)).request() as was:
        assert was.mbox.get() == []
        was.mbox.send("x")


READERS: list[tuple[Callable[..., Any], str]] = [
    (read_session, recorded.SMALL),
    (read_mbox, recorded.MBOX),
    (read_ott, recorded.OTT_KEYED),
]


@pytest.mark.parametrize(("read", "text"), READERS)
def test_no_single_byte_can_be_changed(read: Callable[..., Any], text: str) -> None:
    """Whatever byte is changed, what is read is what it was, or nothing."""
    expected = read(text, KEYS)
    assert expected is not None
    for place in range(len(text)):
        for code in range(256):
            assert read(text[:place] + chr(code) + text[place + 1 :], KEYS) in (None, expected)
        assert read(text[:place], KEYS) is None


@given(st.text())
def test_any_text_is_refused(text: str) -> None:
    """Text that the original has not signed is nothing, and raises nothing."""
    assert read_session(text, KEYS) is None
    assert read_mbox(text, KEYS) is None
    assert read_ott(text, KEYS) is None
