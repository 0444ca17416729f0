import sys, time
from atila import Atila
import skitai
svc = Atila (__name__)
app = Atila (__name__)
C = {}
@svc.route ("/count/<name>")
def count (was, name, **k):
    C [name] = C.get (name, 0) + 1
    return was.API (n = C [name])
@app.route ("/e/<int:n>")
def e (was, n):
    try: r = QS [n] (was)
    except Exception as e: return was.API (error = type (e).__name__, msg = str (e))
    return was.API (r = r)
g = lambda was, name, **k: was.get ("@me/svc/count/" + name, **k)
s = lambda was, name, **k: was.stub ("@me/svc", **k).get ("/count/" + name)
two = lambda f: [f ().fetch () ["n"], f ().fetch () ["n"]]
QS = [
 lambda was: two (lambda: g (was, "a")),
 lambda was: two (lambda: g (was, "b", cache = 60)),
 lambda was: two (lambda: g (was, "c", cache = 60, use_cache = False)),
 lambda was: two (lambda: g (was, "d", use_cache = "t.p")),
 lambda was: two (lambda: g (was, "e", use_cache = "t.p", cache = 60)),
 lambda was: [g (was, "f").fetch (cache = 60) ["n"], g (was, "f").fetch () ["n"], g (was, "f", use_cache = False).fetch () ["n"]],
 lambda was: [g (was, "g", use_cache = "t.p").fetch (cache = 60) ["n"], was.setlu ("t.p"), g (was, "g", use_cache = "t.p").fetch (cache = 60) ["n"], g (was, "g").fetch () ["n"]],
 lambda was: [s (was, "h").fetch (cache = 60) ["n"], s (was, "h").fetch () ["n"]],
 lambda was: two (lambda: s (was, "i", cache = 60)),
 lambda was: [g (was, "j").fetch (cache = 1) ["n"], time.sleep (1.2), g (was, "j").fetch () ["n"]],
 lambda was: [g (was, "k").dispatch (cache = 60).data ["n"], g (was, "k").dispatch ().is_cached],
 lambda was: [g (was, "l?x=1").fetch (cache = 60) ["n"], g (was, "l?x=2").fetch (cache = 60) ["n"], g (was, "l?x=1").fetch () ["n"]],
 lambda was: [was.get ("@me/svc/count/m", {"q": 1}).fetch (cache = 60) ["n"], was.get ("@me/svc/count/m", {"q": 2}).fetch (cache = 60) ["n"], was.get ("@me/svc/count/m", {"q": 1}).fetch () ["n"]],
 lambda was: [g (was, "nope/404").dispatch (cache = 60).status_code, g (was, "nope/404").dispatch ().is_cached],
 lambda was: [g (was, "nope/405").dispatch (cache = 60, cache_if = (404,)).status_code, g (was, "nope/405").dispatch ().is_cached],
 lambda was: [g (was, "o", rm_cache = "t.p").fetch () ["n"]],
 lambda was: [g (was, "p", headers = {"X-A": "1"}).fetch (cache = 60) ["n"], g (was, "p", headers = {"X-A": "2"}).fetch () ["n"]],
]
if __name__ == "__main__":
    port = [a [7:] for a in sys.argv if a.startswith ("--port=")] [0]
    skitai.register_g ("t.p")
    skitai.alias ("@me", skitai.PROTO_HTTP, ["127.0.0.1:" + port])
    skitai.mount ("/svc", svc, name = "svc")
    skitai.mount ("/", app)
    skitai.run (port = 5000)
