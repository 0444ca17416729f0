"""Which server of an alias a call goes to (spec/06 section 1.1)."""

from __future__ import annotations

from atila_compat.tasks.aliases import Member
from atila_compat.tasks.clusters import RETRY_AFTER, Cluster, Node


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def members(*weights: int) -> list[Member]:
    return [Member("host", 80 + n, weight=weight) for n, weight in enumerate(weights)]


def pick(cluster: Cluster, *tried: Node) -> Node:
    node = cluster.pick(tried)
    assert node is not None
    return node


def test_free_capacity_decides_then_weight() -> None:
    """Calls go where most is left of the weight; among equals to the heavier one."""
    cluster = Cluster(members(3, 1))
    ports = [pick(cluster).member.port for _ in range(4)]
    assert ports[:2] == [80, 80]
    assert sorted(ports[2:]) == [80, 81]


def test_equals_take_turns() -> None:
    """Servers of the same weight get calls one after the other."""
    cluster = Cluster(members(1, 1, 1))
    ports = []
    for _ in range(6):
        node = pick(cluster)
        ports.append(node.member.port)
        cluster.release(node)
    assert ports == [80, 81, 82] * 2


def test_failing_servers_are_left_alone_for_a_while() -> None:
    """After a failure a server is skipped for a minute, after the next for ten."""
    clock = Clock()
    cluster = Cluster(members(10, 1), clock=clock)
    heavy, light = cluster.nodes
    cluster.failed(heavy)
    assert pick(cluster) is light
    clock.now += RETRY_AFTER[0]
    assert pick(cluster) is heavy
    cluster.failed(heavy)
    clock.now += RETRY_AFTER[0]
    assert pick(cluster) is light
    clock.now += RETRY_AFTER[1]
    assert pick(cluster) is heavy
    cluster.succeeded(heavy)
    cluster.failed(heavy)
    clock.now += RETRY_AFTER[0]
    assert pick(cluster) is heavy


def test_the_last_one_is_tried_even_if_it_fails() -> None:
    """Where all fail, the one that was left alone for longest is tried: it may be back."""
    clock = Clock()
    cluster = Cluster(members(1, 1), clock=clock)
    first, second = cluster.nodes
    cluster.failed(first)
    clock.now += 1
    cluster.failed(second)
    assert pick(cluster) is first
    assert pick(cluster, first) is second
    assert cluster.pick([first, second]) is None


def test_released_capacity_comes_back() -> None:
    """What a call took is free again when it has ended."""
    cluster = Cluster(members(2))
    node = pick(cluster)
    assert node.capacity == 1
    cluster.release(node)
    assert node.capacity == 2
