"""Which of several equal servers a call goes to (spec/06 section 1.1)."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING, Any

from .aliases import Member

if TYPE_CHECKING:
    from ..serving.runtime import Runtime
    from .aliases import Alias

log = logging.getLogger("atila_compat.tasks")

RETRY_AFTER = (60.0, 600.0)
"""Seconds that a failing server is left alone: after its first failure, and after it failed again."""


class Node:
    """One server and how it does.

    Attributes:
        active: calls under way.
        turn: number of the cluster's last call that went there, 0 for none yet.
        failures: calls that failed in a row.
        retry_at: when it is to be tried again, on the clock of the cluster; 0 while it is well.
        backends: for data sources what calls it, by the kind of engine; kept by who made them.
    """

    __slots__ = ("active", "backends", "failures", "member", "retry_at", "turn")

    def __init__(self, member: Member) -> None:
        self.member = member
        self.active = 0
        self.turn = 0
        self.failures = 0
        self.retry_at = 0.0
        self.backends: dict[bool, Any] = {}

    @property
    def capacity(self) -> int:
        """What it can still take: its weight less the calls under way."""
        return self.member.weight - self.active


class Cluster:
    """The servers of an alias.

    Args:
        members: at least one.
        name: the alias, for the log.
        clock: gives seconds.
    """

    def __init__(
        self, members: Iterable[Member], name: str = "", clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.name = name
        self.nodes = [Node(member) for member in members]
        self._clock = clock
        self._turns = 0
        self._lock = threading.Lock()

    def pick(self, tried: Collection[Node] = ()) -> Node | None:
        """The server with the most free capacity, then the most weight; equals take turns.

        None when all have been `tried`. A failing one is left out until its time has come. Where all fail,
        the one that has been left alone for longest is tried nevertheless: it may be back. The caller says
        `release` when the call has ended.
        """
        with self._lock:
            open_ = [node for node in self.nodes if node not in tried]
            if not open_:
                return None
            now = self._clock()
            well = [node for node in open_ if node.retry_at <= now]
            if well:
                node = max(well, key=lambda each: (each.capacity, each.member.weight, -each.turn))
            else:
                node = min(open_, key=lambda each: each.retry_at)
            self._turns += 1
            node.turn = self._turns
            node.active += 1
            return node

    def release(self, node: Node) -> None:
        """A call to `node` has ended."""
        with self._lock:
            node.active -= 1

    def failed(self, node: Node) -> None:
        """`node` could not be reached: leave it alone for a while."""
        with self._lock:
            node.failures += 1
            wait = RETRY_AFTER[min(node.failures, len(RETRY_AFTER)) - 1]
            node.retry_at = self._clock() + wait
        if node.failures == 1 and len(self.nodes) > 1:
            log.warning("%s: %s fails, next try in %d s", self.name, node.member.authority, wait)

    def succeeded(self, node: Node) -> None:
        """`node` has answered."""
        if node.failures:
            with self._lock:
                node.failures, node.retry_at = 0, 0.0
            log.info("%s: %s answers again", self.name, node.member.authority)


def cluster_of(runtime: Runtime, alias: Alias) -> Cluster:
    """The cluster of an alias, the same for all calls of a runtime."""
    return runtime.shared(("cluster", alias), lambda: Cluster(alias.members, alias.name))
