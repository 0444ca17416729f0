"""Names that the original itself has replaced, and by what (README "Change Log", spec/01 to 07)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple


class Deprecated(NamedTuple):
    """An old name of something that has a current one.

    Attributes:
        thing: what has the name, as reports call it: `was`, `app`, `was.request`, `skitai`.
        old: the old name.
        new: the current one.
    """

    thing: str
    old: str
    new: str


_BY_THING: Mapping[str, Mapping[str, str]] = {
    "was": {
        "urlfor": "ab",
        "urlpatch": "partial",
        "baseurl": "basepath",
        "encode_jwt": "mkjwt",
        "decode_jwt": "dejwt",
        "encode_ott": "mktoken token mkott",
        "decode_ott": "detoken deott",
        "revoke_ott": "rmtoken rvott",
        "verify_csrf": "csrf_verify",
        "xmlrpc": "rpc",
        "db": "backend asyncon",
        "cursor": "sdb",
        "broadcast": "emit",
        "ThreadPass": "ThreadFuture",
        "ProxyPass": "proxypass",
        "Tasks": "Futures futures",
    },
    "app": {
        "inspect": "require parameters_required params_required test_params",
        "error_handler": "errorhandler",
        "default_error_handler": "defaulterrorhandler",
        "permission_handler": "permission_check_handler",
        "on_broadcast": "on_signal",
        "before_mount": "start_up startup",
        "before_reload": "onreload reload",
        "umounted": "shutdown",
        "urlfor": "build_url",
        "websocket": "websocket_config",
        "g": "store",
    },
    "was.request": {
        "ARGS": "args",
        "get_body": "get_payload",
        "get_header_params": "get_header_with_attr",
    },
    "was.response": {
        "set_status": "set_reply",
        "set_cache": "set_max_age",
        "del_header": "delete",
    },
    "was.mbox": {"send": "push"},
    "task": {
        "dispatch": "getwait getswait",
        "commit": "wait_or_throw",
        "dispatch_or_throw": "getwait_or_throw getswait_or_throw",
    },
    "tasks": {"dispatch": "getwait getswait", "commit": "wait_or_throw"},
    "skitai": {
        "preference": "pref",
        "register_g": "register_cache_keys register_states addlu deflu lukeys trackers",
        "abspath": "joinpath",
        "isdevel": "is_devel",
        "set_network_timeout": "set_request_timeout",
        "DB_PGSQL": "DB_POSTGRESQL",
        "WS_CHANNEL": "WS_SIMPLE WEBSOCKET_SIMPLE",
        "WS_GROUPCHAT": "WEBSOCKET_GROUPCHAT",
        "WS_NOTHREAD": "WS_NQ",
        "STA_REQFAIL": "REQFAIL",
        "STA_UNSENT": "UNSENT",
        "STA_TIMEOUT": "TIMEOUT",
        "STA_NETERR": "NETERR",
        "STA_NORMAL": "NORMAL",
    },
}
"""The old names by the current one."""

HOOKS = {"mount": "__mount__", "umount": "__umount__", "dettach": "__umount__", "bootstrap": "__config__"}
"""Functions of a module that the engine calls, and what they are called now."""


def every() -> Iterator[Deprecated]:
    """All old names."""
    for thing, names in _BY_THING.items():
        for new, olds in names.items():
            for old in olds.split():
                yield Deprecated(thing, old, new)


REPLACED: Mapping[tuple[str, str], str] = {(each.thing, each.old): each.new for each in every()}
"""The current name by thing and old name."""
