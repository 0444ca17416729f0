from atila import Atila

app = Atila (__name__)

L = []
def b1 (was): L.append ("b1")
def b2 (was):
    L.append ("b2")
    if was.request.ARGS.get ("b2") == "str": return "b2 says"
    if was.request.ARGS.get ("b2") == "false": return False
    if was.request.ARGS.get ("b2") == "empty": return ""
    if was.request.ARGS.get ("b2") == "api": return was.API ("202 Accepted", x = 1)
    if was.request.ARGS.get ("b2") == "zero": return 0
def a1 (was): L.append ("a1"); return "ignored"
def a2 (was): L.append ("a2"); 
def abad (was): L.append ("abad"); 1 / 0
def amut (was): was.response.set_header ("X-After", "yes")
@app.route ("/in")
@app.run_after (a1, a2)
@app.run_before (b1, b2)
def in_ (was, b2 = None): L.append ("in"); return "in"
@app.route ("/out")
@app.run_before (b1, b2)
@app.run_after (a1, a2)
def out (was, b2 = None): L.append ("out"); return "out"
@app.route ("/two")
@app.run_before (b1)
@app.run_before (b2)
@app.run_after (a1)
@app.run_after (a2)
def two (was, b2 = None): L.append ("two"); return "two"
@app.route ("/bad")
@app.run_after (abad, a2)
def bad (was): return "bad"
@app.route ("/mut")
@app.run_after (amut)
def mut (was): return "mut"
@app.route ("/raise")
@app.run_after (a1)
def raise_ (was): raise was.Error ("400 Bad Request")
@app.route ("/then")
@app.run_after (a1)
def then (was): return was.Mask (1).then (lambda was, t: str (t.fetch ()))
@app.route ("/co", coroutine = True)
@app.run_before (b1)
@app.run_after (a1)
def co (was):
    L.append ("co")
    t = yield was.Mask (1)
    return str (t.fetch ())
@app.route ("/ins")
@app.run_before (b1)
@app.inspect (ints = "n")
@app.run_after (a1)
def ins (was, n): L.append (n); return str (n)
def test (was):
    v = was.request.ARGS.get ("v")
    return {"true": True, "false": False, "none": None, "str": "text", "zero": 0, "one": 1, "empty": "", "list": [], "api": was.API ("201 Created", a = 1), "resp": was.response ("404 Not Found", "nf") if v == "resp" else None} [v]
@app.route ("/test")
@app.testpass_required (test)
def tst (was, v): return "passed"
@app.route ("/test2")
@app.testpass_required (lambda was: was.request.ARGS.get ("a") == "1")
@app.testpass_required (lambda was: was.request.ARGS.get ("b") == "1")
def tst2 (was, **kw): return "passed"
@app.emit_after ("ev")
def helper (was): return "h"
@app.route ("/emit")
@app.emit_after ("ev")
def emit (was): L.append ("emit"); return "emit"
@app.route ("/emit_err")
@app.emit_after ("ev")
def emit_err (was): raise was.Error ("400 Bad Request")
@app.on ("ev")
def ev (was): L.append ("ev")
@app.route ("/log")
def log (was):
    o = list (L); del L [:]
    return was.API (o = o)

if __name__ == "__main__":
    import skitai
    skitai.mount ("/", app)
    skitai.run (port = 5000)
