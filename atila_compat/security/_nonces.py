"""Nonces of digest authentication: made here, good for a while, and for each count once.

The key that signs them and the memory of their counts are made at import, so forked workers share both. A
nonce of another process has another signature and is stale; the client then asks again with a new one.
"""

from __future__ import annotations

import hashlib
import hmac
import mmap
import os
import secrets
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import IO

from ..locks import lock_file

fcntl: ModuleType | None
try:
    import fcntl
except ImportError:  # Windows, where no worker is forked: the thread lock is enough
    fcntl = None

LIFETIME = 300
"""Seconds that a nonce is good for."""
WINDOW = 64
"""How far behind the highest count of a nonce another may come, as with parallel connections."""

# a nonce: seconds since the epoch, random bits, signature; all in hexadecimal digits
_TIME, _RANDOM, _SIGNATURE = 8, 16, 40
_LENGTH = _TIME + _RANDOM + _SIGNATURE

_key = secrets.token_bytes(32)


def _sign(content: str) -> str:
    return hmac.digest(_key, content.encode(), "sha256").hex()[:_SIGNATURE]


def make_nonce(now: float) -> str:
    """A new nonce.

    Args:
        now: seconds since the epoch.
    """
    content = f"{int(now):0{_TIME}x}{secrets.token_hex(_RANDOM // 2)}"
    return content + _sign(content)


def looks_like_ours(nonce: str) -> bool:
    """Whether it has the form of our nonces, whichever process has made it."""
    return len(nonce) == _LENGTH


def made_at(nonce: str, now: float) -> int | None:
    """When a nonce of this process was made; None where it is another's, or not good any more."""
    content, signature = nonce[:-_SIGNATURE], nonce[-_SIGNATURE:]
    if not looks_like_ours(nonce) or not nonce.isascii():
        return None
    if not hmac.compare_digest(_sign(content), signature):
        return None
    made = int(content[:_TIME], 16)
    return made if made <= now < made + LIFETIME else None


class Counts:
    """Which counts of which nonces were used, in a table of fixed size that forked workers share.

    Where there is no room for a nonce, the oldest in its place is forgotten, and all that are as old are
    stale from then on, unless they are remembered: nothing passes twice, however many there are.

    Args:
        buckets: places in the table.
        depth: nonces in each place.
    """

    _SLOT = struct.Struct("<16sQQQ")  # whose; used counts as bits, from the highest down; the highest; made
    _FLOOR = struct.Struct("<Q")

    def __init__(self, buckets: int = 512, depth: int = 8) -> None:
        self._buckets, self._depth = buckets, depth
        self._memory = mmap.mmap(-1, self._FLOOR.size + buckets * depth * self._SLOT.size)
        self._file: IO[bytes] | None = None
        if fcntl is not None:
            self._file = lock_file("atila-digest")
        self._lock = threading.RLock()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._after_fork)

    def _after_fork(self) -> None:
        # another thread of the parent may have held the lock; it does not exist in the child
        self._lock = threading.RLock()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with self._lock:
            if fcntl is None or self._file is None:
                yield
                return
            fcntl.lockf(self._file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.lockf(self._file, fcntl.LOCK_UN)

    def use(self, nonce: str, count: int, made: int) -> bool:
        """Whether this count of a nonce was not used yet; it is from now on.

        Args:
            nonce: the nonce.
            count: its count, below 2 ** 63.
            made: when it was made, in seconds since the epoch.
        """
        whose = hashlib.blake2b(nonce.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        bucket = int.from_bytes(whose[:4], "big") % self._buckets
        first = self._FLOOR.size + bucket * self._depth * self._SLOT.size
        places = range(first, first + self._depth * self._SLOT.size, self._SLOT.size)
        with self._locked():
            return self._use(places, whose, count, made)

    def _use(self, places: range, whose: bytes, count: int, made: int) -> bool:
        memory = self._memory
        oldest, oldest_made = places[0], -1
        for place in places:
            known, used, highest, when = self._SLOT.unpack_from(memory, place)
            if known == whose:
                if count > highest:
                    ahead = count - highest
                    used = (used << ahead | 1) & (1 << WINDOW) - 1 if ahead < WINDOW else 1
                    highest = count
                else:
                    bit = 1 << (highest - count) if highest - count < WINDOW else 0
                    if not bit or used & bit:
                        return False
                    used |= bit
                self._SLOT.pack_into(memory, place, whose, used, highest, when)
                return True
            if oldest_made < 0 or when < oldest_made:
                oldest, oldest_made = place, when
        (floor,) = self._FLOOR.unpack_from(memory, 0)
        forgotten = max(floor, oldest_made)
        if made <= forgotten:
            return False
        self._FLOOR.pack_into(memory, 0, forgotten)
        self._SLOT.pack_into(memory, oldest, whose, 1, count, made)
        return True


counts = Counts()
"""The ones of this process and of those that are forked from it."""
