"""Which app answers for a path: virtual hosts, mount points, several apps on a point (spec/01 section 6)."""

from __future__ import annotations

from collections.abc import Sequence

from ..app import Atila
from ..http.static import StaticFiles
from ..protocols.refusal import header_of, refuse
from ..types import Receive, Scope, Send
from .loading import LoadedApp
from .mounts import DEFAULT_HOST, Directory, Proxy

_REMEMBERED = 1000
"""First segments of paths, for each of which it is remembered whose they are."""


class Point:
    """The apps at one mount point.

    Attributes:
        path: with slashes at both ends.
        apps: Atila apps in the order of their mounting, then others.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.bare = path.rstrip("/")
        self.apps: list[LoadedApp] = []
        self._owners: dict[str, LoadedApp] = {}

    def add(self, loaded: LoadedApp) -> None:
        """One more app; Atila apps know which paths are theirs, so they are asked before others."""
        self.apps.append(loaded)
        self.apps.sort(key=lambda each: not isinstance(each.app, Atila))

    def covers(self, path: str) -> bool:
        """Whether the path is this point or below it."""
        return path.startswith(self.path) or path == self.bare

    async def answer(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from the app whose path it is; the point without its slash is redirected."""
        root = scope.get("root_path", "")
        if self.bare and path == self.bare:
            await refuse(scope, send, 308, [("Location", root + self.path)])
            return
        chosen = self._choose(path)
        if chosen is None:
            await refuse(scope, send, 404)
            return
        if self.bare:
            # root_path and path are the server's as long as nobody has stripped anything
            scope = {**scope, "root_path": root + self.bare}
            scope["path"] = root + path
        await chosen.endpoint(scope, receive, send)

    def _choose(self, path: str) -> LoadedApp | None:
        apps = self.apps
        if len(apps) == 1:
            return apps[0]
        below = path[len(self.bare) :]
        segment = below[1:].partition("/")[0]
        for loaded in apps:
            if not isinstance(loaded.app, Atila):
                return loaded
            if loaded.app.router.knows(below):
                if len(self._owners) < _REMEMBERED:
                    self._owners.setdefault(segment, loaded)
                return loaded
        # Nobody knows the path: the app that has answered beside it says so, as in the original.
        return self._owners.get(segment)


class VirtualHost:
    """What is served under some host names.

    Args:
        rule: names separated by spaces, `".a.com"` for the name itself and all below; `"default"` for all.

    Attributes:
        static: its directories.
        points: its mount points, the longest first.
    """

    def __init__(self, rule: str) -> None:
        words = rule.lower().split()
        self.is_default = rule == DEFAULT_HOST or not words
        self.names = frozenset(word.lstrip(".") for word in words)
        self.suffixes = tuple(word for word in words if word.startswith("."))
        self.static = StaticFiles()
        self.points: list[Point] = []

    def answers(self, scope: Scope) -> bool:
        """Whether the request's Host header is one of the names."""
        if self.is_default:
            return True
        host = (header_of(scope, b"host") or "").lower()
        name, _, port = host.rpartition(":")
        host = name if name and port.isdigit() else host
        return host in self.names or host.endswith(self.suffixes)

    def point(self, path: str) -> Point:
        """The mount point of that path; made where there is none."""
        for point in self.points:
            if point.path == path:
                return point
        point = Point(path)
        self.points.append(point)
        self.points.sort(key=lambda each: -len(each.path))
        return point


def arrange(
    apps: Sequence[LoadedApp], directories: Sequence[Directory], proxies: Sequence[Proxy]
) -> list[VirtualHost]:
    """The virtual hosts of all that is mounted; the one for all names is the last."""
    hosts: dict[str, VirtualHost] = {}

    def host_of(rule: str) -> VirtualHost:
        if rule not in hosts:
            hosts[rule] = VirtualHost(rule)
        return hosts[rule]

    for directory in directories:
        host_of(directory.host).static.mount(directory.point, directory.path)
    for loaded in apps:
        host_of(loaded.mount.host).point(loaded.mount.point).add(loaded)
    for proxy in proxies:
        host_of(proxy.host).point(proxy.point).add(LoadedApp.of_proxy(proxy))
    return sorted(hosts.values(), key=lambda host: host.is_default)
