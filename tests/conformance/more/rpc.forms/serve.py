import xmlrpc.client
from atila import Atila
app = Atila (__name__)
app.securekey = "abcdefgh12345678"
app.g.log = []

@app.before_request
def before (was): app.g.log.append ("before " + was.request.path if hasattr (was.request, "path") else "before")
@app.finish_request
def finish (was): app.g.log.append ("finish")
@app.failed_request
def failed (was, exc): app.g.log.append ("failed")
@app.teardown_request
def teardown (was): app.g.log.append ("teardown")

@app.route ("/log")
def log (was):
    l, app.g.log = app.g.log, []
    return was.API (log = l)

@app.route ("/add")
def add (was, a, b = 5): return a + b
@app.route ("/echo")
def echo (was, v = "d"): return v
@app.route ("/kw")
def kw (was, **kw): return sorted (kw)
@app.route ("/only-get", methods = ["GET"])
def only_get (was): return 1
@app.route ("/only-post", methods = ["POST"])
def only_post (was): return 1
@app.route ("/typed/<int:n>")
def typed (was, n): return n + 1
@app.route ("/under_score")
def under (was): return "u"
@app.route ("/a/b")
def ab (was): return "ab"
@app.route ("/")
def root (was): return "root"
@app.route ("/req")
def req (was): return [was.request.method, was.request.uri, was.request.get_content_type ()]
@app.route ("/env")
def env (was): return [was.env.get (k) for k in ("REQUEST_METHOD", "PATH_INFO", "QUERY_STRING", "SCRIPT_NAME")]
@app.route ("/ARGS")
def ARGS (was, a = None): return [a, sorted (was.request.ARGS or {})]
@app.route ("/big")
def big (was): return 2 ** 31 - 1
@app.route ("/toobig")
def toobig (was): return 2 ** 40
@app.route ("/float")
def float_ (was): return 1e300
@app.route ("/bytes")
def bytes_ (was): return b"ab\x00"
@app.route ("/tuple")
def tuple_ (was): return (1, "a")
@app.route ("/set")
def set_ (was): return {1}
@app.route ("/intkeys")
def intkeys (was): return {1: 2}
@app.route ("/empty")
def empty (was): return ""
@app.route ("/emptylist")
def emptylist (was): return []
@app.route ("/emptydict")
def emptydict (was): return {}
@app.route ("/false")
def false (was): return False
@app.route ("/zero")
def zero (was): return 0
@app.route ("/escape")
def escape (was): return "<a>&\"'\n"
@app.route ("/api")
def api (was): return was.API (a = 1)
@app.route ("/api2")
def api2 (was): return was.API ("201 Created", a = 1)
@app.route ("/resp")
def resp (was): return was.response ("200 OK", "x")
@app.route ("/resp404")
def resp404 (was): return was.response ("404 Not Found")
@app.route ("/err")
def err (was): raise was.Error ("404 Not Found", "gone")
@app.route ("/status")
def status (was):
    was.response.set_status ("201 Created")
    return "s"
@app.route ("/header")
def header (was):
    was.response.set_header ("X-A", "1")
    return "h"
@app.route ("/ctype")
def ctype (was):
    was.response.set_header ("Content-Type", "text/plain")
    return "h"
@app.route ("/cookie")
def cookie (was):
    was.cookie.set ("c", "v")
    was.session.set ("n", was.session.get ("n", 0) + 1)
    return was.session.get ("n")
@app.route ("/redirect")
def redirect (was): return was.redirect ("/")
@app.route ("/task")
def task (was): return was.Mask (1)
@app.route ("/then")
def then (was):
    return was.Mask (3).then (lambda was, t: t.fetch ())
@app.route ("/map")
def map_ (was): return was.Map (a = was.Mask (1))
@app.route ("/thread")
def thread (was): return was.Thread (int, "3").fetch ()
@app.route ("/coro", coroutine = True)
def coro (was, a = 1):
    t = yield was.Mask (a)
    return t.fetch ()
@app.route ("/gen")
def gen (was): return (x for x in (1, 2))
@app.route ("/file")
def file_ (was): return was.File ("serve.py")
@app.route ("/fault")
def fault (was): raise xmlrpc.client.Fault (7, "seven")
@app.route ("/wasfault")
def wasfault (was): return was.Fault ("400 Bad Request", "m", 40001)
@app.route ("/inspect")
@app.inspect ("ARGS", ints = ["a"])
def inspect (was, a): return a
@app.route ("/auth", authenticate = "bearer")
def auth (was): return "in"
@app.route ("/ct", content_types = ["text/xml"])
def ct (was): return "ct"
@app.route ("/ctj", content_types = ["application/json"])
def ctj (was): return "ctj"
@app.route ("/slash/")
def slash (was): return "slash"
@app.permission_check_handler
def perms (was, p):
    raise was.Error ("403 Permission Denied")
@app.route ("/perm")
@app.permission_required (["admin"])
def perm (was): return 1
@app.route ("/page", methods = ["GET", "POST"])
def page (was, a = "1"): return "page " + str (a)

if __name__ == "__main__":
    import skitai
    skitai.mount ("/rpc", app)
    skitai.run (port = 5000)
