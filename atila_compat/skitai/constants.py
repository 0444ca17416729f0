"""The constants of the `skitai` name space (spec/01 section 8, spec/06 section 2.3, spec/07 section 1)."""

from __future__ import annotations

NAME = "Skitai/0.38"
__version__ = "0.38.1.2"
version_info = (0, 38, 1, 2)
"""The release of the original that this package stands in for; apps compare with it."""

PROTO_HTTP = "http"
PROTO_HTTPS = "https"
PROTO_SYN_HTTP = "http_syn"
PROTO_SYN_HTTPS = "https_syn"
PROTO_WS = "ws"
PROTO_WSS = "wss"

DB_PGSQL = DB_POSTGRESQL = "*postgresql"
DB_SQLITE3 = "*sqlite3"
DB_DATABASES = "*databases"
"""A database by its URL; this package's own, see `skitai.alias`."""
DB_REDIS = "*redis"
DB_MONGODB = "*mongodb"
DB_SYN_PGSQL = "*postgresql_syn"
DB_SYN_REDIS = "*redis_syn"
DB_SYN_MONGODB = "*mongodb_syn"
DJANGO = "django"

STA_REQFAIL = REQFAIL = -1
STA_UNSENT = UNSENT = 0
STA_TIMEOUT = TIMEOUT = 1
STA_NETERR = NETERR = 2
STA_NORMAL = NORMAL = 3

WS_THREAD = 0
WS_CHANNEL = WS_SIMPLE = WEBSOCKET_SIMPLE = 1
WS_GROUPCHAT = WEBSOCKET_GROUPCHAT = 5
WS_THREADSAFE_DEPRECATED = 7
WS_COROUTINE = 8
WS_NOTHREAD = WS_NQ = 128
WS_THREADSAFE = 134
WS_SESSION = 256

WS_EVT_INIT = "init"
WS_EVT_OPEN = "open"
WS_EVT_CLOSE = "close"
WS_EVT_NONE = None

WS_MSG_TEXT = WS_MSG_DEFAULT = "text"
WS_MSG_JSON = "json"
WS_MSG_XMLRPC = "xmlrpc"
WS_MSG_GRPC = "grpc"

WS_OPCODE_TEXT = 1
WS_OPCODE_BINARY = 2
WS_OPCODE_CLOSE = 8
WS_OPCODE_PING = 9
WS_OPCODE_PONG = 10

DEFAULT_BACKEND_KEEP_ALIVE = 300
DEFAULT_BACKEND_OBJECT_TIMEOUT = 600
DEFAULT_BACKEND_MAINTAIN_INTERVAL = 30
DEFAULT_BACKGROUND_TASK_TIMEOUT = 300
DEFAULT_KEEP_ALIVE = 2
DEFAULT_NETWORK_TIMEOUT = 30
