from atila import Atila

app = Atila (__name__)

L = []
@app.before_request
def b1 (was):
    L.append ("b1")
    if was.request.ARGS.get ("stop"): return "stopped by b1"
    if was.request.ARGS.get ("err"): raise was.Error ("403 Nope", "b1")
    if was.request.ARGS.get ("api"): return was.API (from_hook = True)
    if was.request.ARGS.get ("boom"): 1/0
@app.before_request
def b2 (was): L.append ("b2")
@app.finish_request
def f1 (was): L.append ("f1")
@app.finish_request
def f2 (was): L.append ("f2")
@app.failed_request
def fa (was, expt):
    L.append ("fa " + expt [0].__name__)
    if was.request.ARGS.get ("fix"): return was.response ("200 OK", "fixed")
@app.teardown_request
def td (was): L.append ("td")
@app.route ("/ok")
def ok (was, **k): return "ok"
@app.route ("/crash")
def crash (was, **k): raise LookupError ("x")
@app.route ("/error")
def error (was, **k): raise was.Error ("418 T", "t", 5)
@app.route ("/need")
def need (was, a): return a
@app.route ("/none")
def none (was, **k): return None
@app.route ("/gen")
def gen (was, **k): return (c for c in "abc")
@app.route ("/log")
def log (was):
    out = list (L)
    del L [:]
    return was.API (log = out)

if __name__ == "__main__":
    import skitai
    skitai.mount ("/", app)
    skitai.run (port = 5000)
