"""The names that apps find in `skitai`."""

from __future__ import annotations

import importlib

import pytest

import atila_compat
from atila_compat import skitai
from atila_compat.errors import HTTPError, TaskError

PUBLIC = [
    "add_database_interface",
    "add_http_rpc_proto",
    "add_option",
    "add_options",
    "add_wasc_option",
    "abspath",
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
    "Preference",
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
    "__version__",
    "version_info",
    "was",
    "websocket",
    "DB_MONGODB",
    "DB_DATABASES",
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
]


def test_the_public_names_are_these() -> None:
    """`skitai` exports exactly the documented names."""
    assert sorted(skitai.__all__) == sorted(PUBLIC)
    assert all(hasattr(skitai, name) for name in PUBLIC)


def test_the_package_exports_few_names() -> None:
    """`atila_compat` itself has the app class, the engine, and what starts them."""
    assert sorted(atila_compat.__all__) == ["Atila", "__version__", "asgi", "install", "skitai", "uninstall"]
    assert atila_compat.skitai is skitai
    with pytest.raises(AttributeError, match="zoo"):
        _ = atila_compat.zoo


def test_unknown_names_are_attribute_errors() -> None:
    """A name that the engine does not have is an AttributeError with that name."""
    with pytest.raises(AttributeError, match="'zoo'"):
        _ = skitai.zoo


def test_states_are_those_of_the_original() -> None:
    """Apps compare the states of answers by number."""
    assert (skitai.STA_REQFAIL, skitai.STA_UNSENT, skitai.STA_TIMEOUT) == (-1, 0, 1)
    assert (skitai.STA_NETERR, skitai.STA_NORMAL) == (2, 3)
    assert (skitai.REQFAIL, skitai.NORMAL) == (skitai.STA_REQFAIL, skitai.STA_NORMAL)


def test_websocket_options_are_flags() -> None:
    """The thread safe form implies that there is no thread; a channel can be told from a coroutine."""
    assert skitai.WS_THREADSAFE & skitai.WS_NOTHREAD
    assert not skitai.WS_THREADSAFE & skitai.WS_CHANNEL
    assert skitai.WS_CHANNEL | skitai.WS_NOTHREAD == 129
    assert not skitai.WS_COROUTINE & skitai.WS_SESSION


def test_exceptions_have_their_old_place() -> None:
    """`skitai.exceptions` has the errors that apps raise and catch."""
    exceptions = importlib.import_module("atila_compat.skitai.exceptions")
    assert skitai.exceptions is exceptions
    assert (exceptions.HTTPError, exceptions.TaskError) == (HTTPError, TaskError)


def test_register_g_decorates() -> None:
    """`register_g` registers names, and may stand above a class."""

    @skitai.register_g("names.first", "names.second")
    class Decorated:
        """Stays as it is."""

    assert Decorated.__name__ == "Decorated"
    assert "names.first" in skitai.g
    assert "names.second" in skitai.g


def test_was_outside_of_requests() -> None:
    """`skitai.was` can be looked at anywhere, and used inside of requests only."""
    assert "no request" in repr(skitai.was)
    assert dir(skitai.was) == []
    assert not hasattr(skitai.was, "__wrapped__")
    with pytest.raises(RuntimeError, match="no request"):
        _ = skitai.was.request
