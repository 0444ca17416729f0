from __future__ import annotations

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atila_compat.security import _nonces
from atila_compat.security._nonces import LIFETIME, WINDOW, Counts, looks_like_ours, made_at, make_nonce

NOW = 1_700_000_000


def test_nonces_are_good_for_a_while() -> None:
    """A nonce is good from when it is made until its lifetime is over."""
    nonce = make_nonce(NOW)
    assert made_at(nonce, NOW) == NOW
    assert made_at(nonce, NOW + LIFETIME - 1) == NOW
    assert made_at(nonce, NOW + LIFETIME) is None
    assert made_at(nonce, NOW - 1) is None


def test_nonces_differ() -> None:
    """No two nonces are alike, and all consist of hexadecimal digits."""
    nonces = {make_nonce(NOW) for _ in range(100)}
    assert len(nonces) == 100
    assert all(set(nonce) <= set("0123456789abcdef") for nonce in nonces)


@given(st.integers(0, 63), st.characters())
def test_altered_nonces_are_not_good(place: int, character: str) -> None:
    """A nonce that was changed anywhere is not one of ours."""
    nonce = make_nonce(NOW)
    altered = nonce[:place] + character + nonce[place + 1 :]
    assert made_at(altered, NOW) is None or altered == nonce


@given(st.text())
def test_any_text_may_stand_for_a_nonce(text: str) -> None:
    """What is no nonce is not good, whatever it is."""
    assert made_at(text, NOW) is None


def test_nonces_of_other_processes_are_not_good(monkeypatch: pytest.MonkeyPatch) -> None:
    """A nonce that another family of processes has made has the form of ours, and is not good."""
    nonce = make_nonce(NOW)
    monkeypatch.setattr(_nonces, "_key", b"x" * 32)
    assert looks_like_ours(nonce)
    assert made_at(nonce, NOW) is None


def test_each_count_once() -> None:
    """A count of a nonce passes once; counts of another nonce are its own."""
    counts = Counts(4, 4)
    assert [counts.use("a", 1, NOW) for _ in range(2)] == [True, False]
    assert counts.use("b", 1, NOW)
    assert counts.use("a", 2, NOW)
    assert not counts.use("a", 2, NOW)
    assert not counts.use("a", 1, NOW)


def test_counts_may_overtake_each_other() -> None:
    """Parallel connections may use counts in another order, within a window."""
    counts = Counts(4, 4)
    order = [3, 1, 2, 70, 69, 7, 6, 300, 299]
    assert [counts.use("a", n, NOW) for n in order] == [True, True, True, True, True, True, False, True, True]
    assert not any(counts.use("a", n, NOW) for n in order)
    assert not counts.use("a", 300 - WINDOW, NOW)


def test_nothing_passes_twice_however_many_there_are() -> None:
    """Where the table is full, what was forgotten does not pass again."""
    counts = Counts(2, 2)
    nonces = [f"n{i}" for i in range(50)]
    for place, nonce in enumerate(nonces):
        counts.use(nonce, 1, NOW + place)
    assert not any(counts.use(nonce, 1, NOW + place) for place, nonce in enumerate(nonces))


def test_young_nonces_pass_when_the_table_is_full() -> None:
    """A full table makes room for new nonces."""
    counts = Counts(1, 2)
    assert all(counts.use(f"n{i}", 1, NOW + i) for i in range(10))


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 200)), max_size=60))
def test_replays_never_pass(uses: list[tuple[int, int]]) -> None:
    """In whatever order nonces and counts come, no pair of them passes twice."""
    counts = Counts(1, 3)
    passed = [use for use in uses if counts.use(f"n{use[0]}", use[1], NOW + use[0])]
    assert len(passed) == len(set(passed))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing is forked here")
def test_forked_workers_share_counts() -> None:
    """What one worker has let pass another does not (in a process of its own: pytest must not fork)."""
    script = (
        "import os\n"
        "from atila_compat.security._nonces import counts, made_at, make_nonce\n"
        "nonce = make_nonce(1000)\n"
        "for expected in (True, False):\n"
        "    pid = os.fork()\n"
        "    if not pid:\n"
        "        os._exit(0 if counts.use(nonce, 1, made_at(nonce, 1000)) is expected else 1)\n"
        "    assert os.waitpid(pid, 0)[1] == 0, expected\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=30)
