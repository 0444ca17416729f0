import time
import threading
import skitai
from atila import Atila
app = Atila (__name__)
app.securekey = "abcdefgh12345678"
W = skitai.WS_CHANNEL | skitai.WS_NOTHREAD
app.g.log = []

@app.before_request
def before (was): app.g.log.append ("before")
@app.finish_request
def finish (was): app.g.log.append ("finish")
@app.failed_request
def failed (was, e): app.g.log.append ("failed")
@app.teardown_request
def teardown (was): app.g.log.append ("teardown")
@app.route ("/log")
def log (was):
    l, app.g.log = app.g.log, []
    return was.API (log = l)

def opened (was):
    return "open {} {}".format (was.request.ARGS.get ("name"), type (was.websocket.client_id).__name__)
def opened_none (was):
    app.g.log.append ("onopen")
def opened_list (was):
    return ["o1", "o2"]
def opened_bytes (was):
    return b"ob"
def opened_send (was):
    was.websocket.send ("sent in open")
    return "returned"
def opened_raise (was):
    raise ValueError ("x")
def opened_error (was):
    raise was.Error ("403 Permission Denied")
def closed (was):
    app.g.log.append ("onclose")

@app.route ("/open")
@app.websocket (W, 60, opened, closed)
def open_ (was, message, name = "nobody"): return message + name
@app.route ("/open-none")
@app.websocket (W, 60, opened_none, closed)
def open_none (was, message): return message
@app.route ("/open-list")
@app.websocket (W, 60, opened_list)
def open_list (was, message): return message
@app.route ("/open-bytes")
@app.websocket (W, 60, opened_bytes)
def open_bytes (was, message): return message
@app.route ("/open-send")
@app.websocket (W, 60, opened_send)
def open_send (was, message): return message
@app.route ("/open-raise")
@app.websocket (W, 60, opened_raise, closed)
def open_raise (was, message): return message
@app.route ("/open-error")
@app.websocket (W, 60, opened_error, closed)
def open_error (was, message): return message
@app.route ("/kw-onopen")
@app.websocket (spec = W, timeout = 30, onopen = opened_list, onclose = closed, encoding = "text")
def kw_onopen (was, message): return message
@app.route ("/config")
@app.websocket_config (W, 60)
def config (was, message): return "config " + message
@app.route ("/old")
@app.websocket (skitai.WEBSOCKET_SIMPLE | skitai.WS_NQ, 60)
def old (was, message): return "old " + message
@app.route ("/simple")
@app.websocket (skitai.WS_SIMPLE | skitai.WS_NOTHREAD)
def simple (was, message): return "simple " + message
@app.route ("/arg")
@app.websocket (W, 60)
def arg (was, m): return "m " + m
@app.route ("/arg-default")
@app.websocket (W, 60)
def arg_default (was, m = "d"): return "m " + m
@app.route ("/noarg")
@app.websocket (W, 60)
def noarg (was): return "noarg"
@app.route ("/kind")
@app.websocket (W, 60)
def kind (was, message): return type (message).__name__ + " " + str (len (message))
@app.route ("/params")
@app.websocket (W, 60)
def params (was, message, a, b = "B", **kw): return "{} {} {} {}".format (message, a, b, sorted (kw.items ()))
@app.route ("/same")
@app.websocket (W, 60)
def same (was, message, **kw): return message + str (kw)
@app.route ("/path/<name>")
@app.websocket (W, 60)
def path (was, message, **kw): return message + str (kw)
@app.route ("/error")
@app.websocket (W, 60)
def error (was, message): raise was.Error ("400 Bad Request", "bad")
@app.route ("/ret")
@app.websocket (W, 60)
def ret (was, message):
    return {"tuple1": ("a", 1), "tuple2": ("a", 2), "tupleb": (b"a", 1), "tuple3": ("a", "b", "c"), "none": None, "empty": "", "emptyb": b"", "bytes": b"b", "ba": bytearray (b"ba"), "list": ["x", "y"], "emptylist": [], "mixed": ["x", b"y"], "uni": "é漢字", "long": "l" * 70000, "listtuple": [("a", 1), "b"]}.get (message, "?")
@app.route ("/int")
@app.websocket (W, 60)
def int_ (was, message): return 5
@app.route ("/true")
@app.websocket (W, 60)
def true_ (was, message): return True
@app.route ("/dict")
@app.websocket (W, 60)
def dict_ (was, message): return {"a": 1}
@app.route ("/api")
@app.websocket (W, 60)
def api (was, message): return was.API (a = message)
@app.route ("/close")
@app.websocket (W, 60, None, closed)
def close (was, message):
    was.websocket.close ()
@app.route ("/close-return")
@app.websocket (W, 60, None, closed)
def close_return (was, message):
    was.websocket.send ("bye")
    was.websocket.close ()
    return "after"
@app.route ("/closed")
@app.websocket (W, 60)
def closed_ (was, message): return str (was.websocket.closed ())
@app.route ("/json")
@app.websocket (W, 60, encoding = "json")
def json_ (was, message): return message
@app.route ("/json-const")
@app.websocket (W, 60, encoding = skitai.WS_MSG_JSON)
def json_const (was, message): return [message] if isinstance (message, str) else message
@app.route ("/json-open")
@app.websocket (W, 60, opened_list, encoding = "json")
def json_open (was, message): return message
@app.route ("/xmlrpc")
@app.websocket (W, 60, encoding = "xmlrpc")
def xmlrpc (was, message): return str (message)
@app.route ("/multi")
@app.websocket (W, 60)
def multi (was, message):
    was.websocket.send (["a", "b"])
    was.websocket.send (x for x in "cd")
    was.websocket.send (b"bin")
    was.websocket.send ("op", 2)
    was.websocket.send ("text", op_code = 1)
@app.route ("/cookie")
@app.websocket (W, 60)
def cookie (was, message):
    return str (was.cookie.get (message))
@app.route ("/request")
@app.websocket (W, 60)
def request (was, message):
    return {"method": was.request.method, "uri": was.request.uri, "args": str (sorted (was.request.ARGS.items ())), "scheme": was.request.scheme, "version": was.request.version, "qs": str (was.env.get ("QUERY_STRING")), "routed": was.request.routed.__name__, "ua": str (was.request.get_header ("x-a")), "resp": str (hasattr (was, "response")), "path": was.env.get ("PATH_INFO"), "up": str (was.request.get_header ("upgrade"))}.get (message, "?")
@app.route ("/state")
@app.websocket (W, 60)
def state (was, message):
    s = was.websocket.session
    return type (s).__name__
@app.route ("/task")
@app.websocket (W, 60)
def task (was, message): return was.Thread (str.upper, message).fetch ()
@app.route ("/tasks")
@app.websocket (W, 60)
def tasks (was, message): return was.Tasks (was.Mask (message), was.Mask ("b")).fetch ()
@app.route ("/global")
@app.websocket (W, 60)
def global_ (was, message):
    app.g.n = app.g.get ("n", 0) + 1
    return str (app.g.n)
@app.route ("/auth", authenticate = "bearer")
@app.websocket (W, 60)
def auth (was, message): return str (was.request.user)
@app.bearer_handler
def bearer (was, token):
    if token != "good": return was.response ("401 Unauthorized")
@app.permission_check_handler
def perms (was, perms): raise was.Error ("403 Permission Denied")
@app.route ("/perm")
@app.permission_required (["admin"])
@app.websocket (W, 60)
def perm (was, message): return message
@app.route ("/methods", methods = ["POST"])
@app.websocket (W, 60)
def methods (was, message): return message
@app.route ("/cors", access_control_allow_origin = ["http://a.com"])
@app.websocket (W, 60)
def cors (was, message): return message
@app.route ("/plain")
def plain (was): return "plain"
@app.route ("/inspect")
@app.inspect ("URL", ints = ["n"])
@app.websocket (W, 60)
def inspect (was, message, n = 0): return "{} {}".format (n, type (n).__name__)
@app.route ("/slash/")
@app.websocket (W, 60)
def slash (was, message): return message
@app.route ("/first")
@app.route ("/second")
@app.websocket (W, 60)
def first (was, message): return message
@app.route ("/urlfor")
@app.websocket (W, 60)
def urlfor (was, message): return was.urlfor ("first")
@app.route ("/render")
@app.websocket (W, 60)
def render (was, message): return str (was.app is app) + str (was.request.app is app if hasattr (was.request, "app") else "")

if __name__ == "__main__":
    import skitai
    skitai.mount ("/", app)
    skitai.run (port = 5000)
