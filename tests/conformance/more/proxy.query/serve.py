import sys
from atila import Atila
import skitai

svc = Atila ("svc")
app = Atila (__name__)

@svc.route ("/echo/<path:rest>", methods = ["GET", "POST", "DELETE"])
def echo (was, rest = None, **kw):
    return was.API (method = was.request.method, uri = was.request.uri, type = was.request.get_content_type (), args = kw)

CALLS = [
    lambda was: was.get ("@me/svc/echo", "a=1&b=2"),
    lambda was: was.get ("@me/svc/echo", "word"),
    lambda was: was.delete ("@me/svc/echo", "a=1"),
    lambda was: was.get ("@me/svc/echo", ""),
    lambda was: was.get ("@me/svc/echo", {}),
    lambda was: was.get ("@me/svc/echo", {"a": 1, "b": "x y", "c": None, "d": True}),
    lambda was: was.get ("@me/svc/echo", {"a": [1, 2]}),
    lambda was: was.delete ("@me/svc/echo", {"a": "é"}),
    lambda was: was.get ("@me/svc/echo", [("a", 1)]),
    lambda was: was.post ("@me/svc/echo", "a=1&b=2", headers = {"Content-Type": "application/x-www-form-urlencoded"}),
    lambda was: was.post ("@me/svc/echo", {"a": "é&=", "b": 2}, headers = {"content-type": "application/x-www-form-urlencoded"}),
    lambda was: was.post ("@me/svc/echo", '{"a": 1}', headers = {"Content-Type": "application/json"}),
    lambda was: was.stub ("@me/svc").get ("/echo/{}", "x", y = 1),
    lambda was: was.stub ("@me/svc").get ("/echo", {"a": 1}, b = 2),
    lambda was: was.stub ("@me/svc").delete ("/echo", a = 1),
    lambda was: was.stub ("@me/svc").post ("/echo/{}", "x", {"a": 1}, b = 2),
    lambda was: was.stub ("@me/svc/echo").get (""),
    lambda was: was.stub ("@me/svc/").get ("/echo")
]

@app.route ("/<int:n>")
def call (was, n):
    response = CALLS [n] (was).dispatch ()
    return was.API (status = response.status, code = response.status_code, data = response.data)

if __name__ == "__main__":
    port = [a [7:] for a in sys.argv if a.startswith ("--port=")] [0]
    skitai.alias ("@me", skitai.PROTO_HTTP, ["127.0.0.1:" + port])
    skitai.mount ("/svc", svc, name = "svc")
    skitai.mount ("/", app)
    skitai.run (port = 5000)
