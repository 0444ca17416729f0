"""Which rules with parameters may match a path: a tree of path segments in place of trying them all.

Rules are tried in the order of spec/02 section 3: longer literal prefixes first, then as declared. The tree
leaves out those that cannot match and keeps that order among the others, so an app's hundreds of rules cost
a request no more than a few.
"""

from __future__ import annotations

from collections.abc import Iterable

from .route import RouteSet


class _Node:
    """Rules that have the same segments up to here.

    Attributes:
        literals: how they go on, by their next segment.
        any: how those go on whose next segment is a parameter.
        ends: those that end here, with their places in the order.
        rests: those whose next segment is a `<path:...>`, which takes all that follows.
    """

    __slots__ = ("any", "ends", "literals", "rests")

    def __init__(self) -> None:
        self.literals: dict[str, _Node] = {}
        self.any: _Node | None = None
        self.ends: list[tuple[int, RouteSet]] = []
        self.rests: list[tuple[int, RouteSet]] = []


class PatternIndex:
    """The tree of an app's rules with parameters.

    Args:
        patterns: one for each rule, as declared.
    """

    def __init__(self, patterns: Iterable[RouteSet]) -> None:
        self._root = _Node()
        rules = [(routes.rule, routes) for routes in patterns if routes.rule is not None]
        # A stable sort: among prefixes of one length the order of declaration stays.
        rules.sort(key=lambda entry: -len(entry[0].prefix))
        for place, (rule, routes) in enumerate(rules):
            self._insert(rule.text.split("/")[1:], (place, routes), rule.optional and len(rule.names) > 1)

    def _insert(self, segments: list[str], entry: tuple[int, RouteSet], optional: bool) -> None:
        node = self._root
        for number, segment in enumerate(segments, 1):
            if optional and number == len(segments):
                node.ends.append(entry)
            if segment.startswith("<path:"):
                node.rests.append(entry)
                return
            if "<" in segment:
                if node.any is None:
                    node.any = _Node()
                node = node.any
            else:
                node = node.literals.setdefault(segment, _Node())
        node.ends.append(entry)

    def candidates(self, path: str) -> list[RouteSet]:
        """The rules that may match `path`, in the order in which they are tried."""
        found: list[tuple[int, RouteSet]] = []
        nodes = [self._root]
        for segment in path.split("/")[1:]:
            following = []
            for node in nodes:
                if node.rests:
                    found += node.rests
                literal = node.literals.get(segment)
                if literal is not None:
                    following.append(literal)
                if node.any is not None:
                    following.append(node.any)
            nodes = following
            if not nodes:
                break
        for node in nodes:
            found += node.ends
        if len(found) > 1:
            found.sort()
        return [routes for _, routes in found]
