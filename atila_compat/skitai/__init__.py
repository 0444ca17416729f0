"""The engine's face: what apps import as `skitai` (spec/01 sections 6 to 10).

import skitai

with skitai.preference() as pref:
    skitai.mount("/", myapp, pref)
skitai.run(port=5000)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from ..state import state as g
from .alias import add_database_interface, alias
from .command_line import (
    add_option,
    add_options,
    get_command,
    get_option,
    getopt,
    getsysopt,
    hassysopt,
    options,
)
from .constants import (
    DB_DATABASES,
    DB_MONGODB,
    DB_PGSQL,
    DB_POSTGRESQL,
    DB_REDIS,
    DB_SQLITE3,
    DB_SYN_MONGODB,
    DB_SYN_PGSQL,
    DB_SYN_REDIS,
    DEFAULT_BACKEND_KEEP_ALIVE,
    DEFAULT_BACKEND_MAINTAIN_INTERVAL,
    DEFAULT_BACKEND_OBJECT_TIMEOUT,
    DEFAULT_BACKGROUND_TASK_TIMEOUT,
    DEFAULT_KEEP_ALIVE,
    DEFAULT_NETWORK_TIMEOUT,
    DJANGO,
    NAME,
    NETERR,
    NORMAL,
    PROTO_HTTP,
    PROTO_HTTPS,
    PROTO_SYN_HTTP,
    PROTO_SYN_HTTPS,
    PROTO_WS,
    PROTO_WSS,
    REQFAIL,
    STA_NETERR,
    STA_NORMAL,
    STA_REQFAIL,
    STA_TIMEOUT,
    STA_UNSENT,
    TIMEOUT,
    UNSENT,
    WEBSOCKET_GROUPCHAT,
    WEBSOCKET_SIMPLE,
    WS_CHANNEL,
    WS_COROUTINE,
    WS_EVT_CLOSE,
    WS_EVT_INIT,
    WS_EVT_NONE,
    WS_EVT_OPEN,
    WS_GROUPCHAT,
    WS_MSG_DEFAULT,
    WS_MSG_GRPC,
    WS_MSG_JSON,
    WS_MSG_TEXT,
    WS_MSG_XMLRPC,
    WS_NOTHREAD,
    WS_NQ,
    WS_OPCODE_BINARY,
    WS_OPCODE_CLOSE,
    WS_OPCODE_PING,
    WS_OPCODE_PONG,
    WS_OPCODE_TEXT,
    WS_SESSION,
    WS_SIMPLE,
    WS_THREAD,
    WS_THREADSAFE,
    WS_THREADSAFE_DEPRECATED,
    __version__,
    version_info,
)
from .launch import asgi, run
from .mounts import mount, mount_django
from .place import (
    abspath,
    environ,
    get_logpath,
    get_proc_title,
    get_varpath,
    getenv,
    getswd,
    is_devel,
    isdevel,
    isproduction,
    joinpath,
    setenv,
    status,
)
from .preference import Preference, pref, preference
from .proxy import was
from .tuning import (
    add_http_rpc_proto,
    add_wasc_option,
    config_executors,
    disable_aquests,
    enable_blacklist,
    enable_cachefs,
    enable_file_logging,
    enable_forward,
    enable_gateway,
    enable_proxy,
    enable_ssl,
    log_off,
    manual_gc,
    push,
    sched,
    set_503_estimated_timeout,
    set_access_log_path,
    set_backend,
    set_backend_keep_alive,
    set_backlog,
    set_dns_protocol,
    set_keep_alive,
    set_max_age,
    set_max_rcache,
    set_max_upload_size,
    set_max_was_clones_per_thread,
    set_network_timeout,
    set_proxy_keep_alive,
    set_request_timeout,
    set_service,
    set_smtp,
    set_was_class,
    set_worker_critical_point,
    use_poll,
)

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "DB_DATABASES",
    "DB_MONGODB",
    "DB_PGSQL",
    "DB_POSTGRESQL",
    "DB_REDIS",
    "DB_SQLITE3",
    "DB_SYN_MONGODB",
    "DB_SYN_PGSQL",
    "DB_SYN_REDIS",
    "DEFAULT_BACKEND_KEEP_ALIVE",
    "DEFAULT_BACKEND_MAINTAIN_INTERVAL",
    "DEFAULT_BACKEND_OBJECT_TIMEOUT",
    "DEFAULT_BACKGROUND_TASK_TIMEOUT",
    "DEFAULT_KEEP_ALIVE",
    "DEFAULT_NETWORK_TIMEOUT",
    "DJANGO",
    "NAME",
    "NETERR",
    "NORMAL",
    "PROTO_HTTP",
    "PROTO_HTTPS",
    "PROTO_SYN_HTTP",
    "PROTO_SYN_HTTPS",
    "PROTO_WS",
    "PROTO_WSS",
    "REQFAIL",
    "STA_NETERR",
    "STA_NORMAL",
    "STA_REQFAIL",
    "STA_TIMEOUT",
    "STA_UNSENT",
    "TIMEOUT",
    "UNSENT",
    "WEBSOCKET_GROUPCHAT",
    "WEBSOCKET_SIMPLE",
    "WS_CHANNEL",
    "WS_COROUTINE",
    "WS_EVT_CLOSE",
    "WS_EVT_INIT",
    "WS_EVT_NONE",
    "WS_EVT_OPEN",
    "WS_GROUPCHAT",
    "WS_MSG_DEFAULT",
    "WS_MSG_GRPC",
    "WS_MSG_JSON",
    "WS_MSG_TEXT",
    "WS_MSG_XMLRPC",
    "WS_NOTHREAD",
    "WS_NQ",
    "WS_OPCODE_BINARY",
    "WS_OPCODE_CLOSE",
    "WS_OPCODE_PING",
    "WS_OPCODE_PONG",
    "WS_OPCODE_TEXT",
    "WS_SESSION",
    "WS_SIMPLE",
    "WS_THREAD",
    "WS_THREADSAFE",
    "WS_THREADSAFE_DEPRECATED",
    "Preference",
    "__version__",
    "abspath",
    "add_database_interface",
    "add_http_rpc_proto",
    "add_option",
    "add_options",
    "add_wasc_option",
    "addlu",
    "alias",
    "asgi",
    "config_executors",
    "deflu",
    "disable_aquests",
    "enable_blacklist",
    "enable_cachefs",
    "enable_file_logging",
    "enable_forward",
    "enable_gateway",
    "enable_proxy",
    "enable_ssl",
    "environ",
    "g",
    "get_command",
    "get_logpath",
    "get_option",
    "get_proc_title",
    "get_varpath",
    "getenv",
    "getopt",
    "getswd",
    "getsysopt",
    "hassysopt",
    "is_devel",
    "isdevel",
    "isproduction",
    "joinpath",
    "log_off",
    "lukeys",
    "manual_gc",
    "mount",
    "mount_django",
    "options",
    "pref",
    "preference",
    "push",
    "register_cache_keys",
    "register_g",
    "register_states",
    "run",
    "sched",
    "set_503_estimated_timeout",
    "set_access_log_path",
    "set_backend",
    "set_backend_keep_alive",
    "set_backlog",
    "set_dns_protocol",
    "set_keep_alive",
    "set_max_age",
    "set_max_rcache",
    "set_max_upload_size",
    "set_max_was_clones_per_thread",
    "set_network_timeout",
    "set_proxy_keep_alive",
    "set_request_timeout",
    "set_service",
    "set_smtp",
    "set_was_class",
    "set_worker_critical_point",
    "setenv",
    "status",
    "test_client",
    "trackers",
    "use_poll",
    "version_info",
    "was",
    "websocket",
]

T = TypeVar("T")


def register_g(*names: str) -> Callable[[T], T]:
    """Register names of numbers that all worker processes share, `skitai.g["name"]` (spec/01 section 7).

    Call it before `skitai.run`, for example in `__config__`. It may decorate a class or a function, too,
    which stay as they are. Raises TypeError for a name that is no string, ValueError for more than 256.
    """
    g.register(*names)

    def unchanged(decorated: T) -> T:
        return decorated

    return unchanged


register_cache_keys = register_states = addlu = deflu = lukeys = trackers = register_g


def websocket(*args: Any, **options: Any) -> Any:
    """Let a view of a WSGI app talk over WebSockets; see `protocols.ws_wsgi.websocket`."""
    from ..protocols.ws_wsgi import (
        websocket as declare,  # the server's side, which launch scripts do not need
    )

    return declare(*args, **options)


def test_client(*args: Any, **options: Any) -> Any:
    """Run a launch script and give a client for it: `skitai.test_client("serve.py", port=30371, devel=True)`.

    The arguments are those of `atila_compat.testing.launcher.Launcher` (README "Test Client").
    """
    from ..testing.launcher import Launcher

    return Launcher(*args, **options)


test_client.__test__ = False  # type: ignore[attr-defined] # pytest would take it for a test

_SUBMODULES = ("exceptions", "tasks", "wastuff")


def __getattr__(name: str) -> Any:
    if name in _SUBMODULES:
        import importlib

        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(
        f"module 'skitai' of atila_compat has no attribute {name!r}; its names are listed in dir(skitai)"
    )
