import time
import skitai
from atila import Atila
app = Atila (__name__)
W = skitai.WS_CHANNEL | skitai.WS_NOTHREAD
app.g.log = []

@app.route ("/log")
def log (was):
    l, app.g.log = app.g.log, []
    return was.API (log = l)
@app.route ("/i-channel")
@app.inspect ("URL", ints = ["n"])
@app.websocket (W, 60)
def i_channel (was, message, n = 0): return "{} {}".format (n, type (n).__name__)
@app.route ("/i-args")
@app.inspect ("ARGS", ints = ["n"], lists = ["l"])
@app.websocket (W, 60)
def i_args (was, message, n = 0, l = None): return "{} {} {}".format (n, type (n).__name__, l)
@app.route ("/i-coro")
@app.inspect ("URL", ints = ["n"])
@app.websocket (skitai.WS_COROUTINE, 60)
def i_coro (was, n = 0):
    while 1:
        m = yield was.Input ()
        if not m: break
        yield "{} {}".format (n, type (n).__name__)
@app.route ("/i-sess")
@app.inspect ("URL", ints = ["n"])
@app.websocket (skitai.WS_CHANNEL | skitai.WS_SESSION, 60)
def i_sess (was, n = 0):
    while 1:
        m = yield
        if not m: return
        yield "{} {}".format (n, type (n).__name__)
@app.route ("/below")
@app.websocket (W, 60)
@app.inspect ("URL", ints = ["n"])
def below (was, message, n = 0): return "{} {}".format (n, type (n).__name__)

@app.route ("/coro/echo")
@app.websocket (skitai.WS_COROUTINE, 60)
def c_echo (was, pre = "p"):
    app.g.log.append ("in")
    while 1:
        m = yield was.Input ()
        if not m:
            app.g.log.append ("end")
            break
        yield pre + str (len (m))
@app.route ("/coro/kinds")
@app.websocket (skitai.WS_COROUTINE, 60)
def c_kinds (was):
    while 1:
        m = yield was.Input ()
        if not m: break
        yield type (m).__name__
        yield b"bytes"
        yield ["l", "m"]
@app.route ("/coro/first")
@app.websocket (skitai.WS_COROUTINE, 60)
def c_first (was):
    yield "welcome"
    m = yield was.Input ()
    yield "got " + m
    return "bye"
@app.route ("/coro/json")
@app.websocket (skitai.WS_COROUTINE, 60, encoding = "json")
def c_json (was):
    while 1:
        m = yield was.Input ()
        if not m: break
        yield m
@app.route ("/coro/crash")
@app.websocket (skitai.WS_COROUTINE, 60)
def c_crash (was):
    m = yield was.Input ()
    1 / 0
@app.route ("/coro/error")
@app.websocket (skitai.WS_COROUTINE, 60)
def c_error (was):
    m = yield was.Input ()
    raise was.Error ("400 Bad Request")
@app.route ("/coro/need")
@app.websocket (skitai.WS_COROUTINE, 60)
def c_need (was, a, b = "B"):
    m = yield was.Input ()
    yield a + b
@app.route ("/coro/kw")
@app.websocket (skitai.WS_COROUTINE, 60)
def c_kw (was, a = "A", **kw):
    m = yield was.Input ()
    yield a + str (sorted (kw.items ()))
@app.route ("/coro/path/<int:n>")
@app.websocket (skitai.WS_COROUTINE, 60)
def c_path (was, n):
    m = yield was.Input ()
    yield str (n + 1)
@app.route ("/coro/thread")
@app.websocket (skitai.WS_COROUTINE, 60)
def c_thread (was):
    while 1:
        m = yield was.Input ()
        if not m: break
        t = yield was.Thread (str.upper, m)
        yield t.fetch ()
@app.route ("/coro/info")
@app.websocket (skitai.WS_COROUTINE, 60)
def c_info (was):
    m = yield was.Input ()
    yield was.request.method + was.request.uri
@app.route ("/coro/several")
@app.websocket (skitai.WS_COROUTINE, 60)
def c_several (was):
    a = yield was.Input ()
    b = yield was.Input ()
    yield a + b
    yield a
    yield b
@app.route ("/sess/name")
@app.websocket (skitai.WS_CHANNEL | skitai.WS_SESSION, 60)
def s_name (was, name = "x"):
    app.g.log.append ("in")
    n = 0
    while 1:
        m = yield
        if not m:
            app.g.log.append ("end")
            return
        n += 1
        yield "{} {} {}".format (name, n, m)
@app.route ("/sess/need")
@app.websocket (skitai.WS_CHANNEL | skitai.WS_SESSION, 60)
def s_need (was, name):
    m = yield
    yield name + m
@app.route ("/sess/crash")
@app.websocket (skitai.WS_CHANNEL | skitai.WS_SESSION, 60)
def s_crash (was):
    m = yield
    1 / 0
@app.route ("/sess/types")
@app.websocket (skitai.WS_CHANNEL | skitai.WS_SESSION | skitai.WS_NOTHREAD, 60)
def s_types (was):
    while 1:
        m = yield
        if not m: return
        yield {"bytes": b"b", "list": ["x", "y"], "none": None}.get (m, "?" + m)
@app.route ("/sess/json")
@app.websocket (skitai.WS_CHANNEL | skitai.WS_SESSION, 60, encoding = "json")
def s_json (was):
    while 1:
        m = yield
        if not m: return
        yield [m]
@app.route ("/sess/once")
@app.websocket (skitai.WS_CHANNEL | skitai.WS_SESSION, 60)
def s_once (was):
    m = yield
    yield "once " + m
@app.route ("/chat")
@app.websocket (skitai.WS_GROUPCHAT, 60)
def chat (was, message, room_id):
    return "{} {}".format (room_id, message)
@app.route ("/chat2")
@app.websocket (skitai.WS_GROUPCHAT | skitai.WS_NOTHREAD, 60)
def chat2 (was, message, room):
    was.websocket.send ("all " + message)
    was.websocket.send ("you " + message, was.wsclient ())
@app.route ("/chat3")
@app.websocket (skitai.WS_GROUPCHAT, 60)
def chat3 (was, message, room_id, nick = "n"):
    return "{} {} {}".format (room_id, nick, message)
@app.route ("/push")
def push (was, id, m):
    app.websocket_send (int (id), m)
    return "ok"
@app.route ("/id")
@app.websocket (W, 60)
def id_ (was, message): return str (was.websocket.client_id)

@app.route ("/noargs")
def noargs (was): return "noargs"
@app.route ("/onearg")
def onearg (was, a = 1): return "onearg"

if __name__ == "__main__":
    import skitai
    skitai.mount ("/", app)
    skitai.run (port = 5000)
