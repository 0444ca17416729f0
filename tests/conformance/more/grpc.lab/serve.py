import time
from atila import Atila
import skitai
import lab_pb2 as pb
app = Atila (__name__)
app.g.log = []
@app.before_request
def before (was): app.g.log.append ("before")
@app.finish_request
def finish (was): app.g.log.append ("finish")
@app.failed_request
def failed (was, e): app.g.log.append ("failed")
@app.teardown_request
def teardown (was): app.g.log.append ("teardown")
@app.bearer_handler
def bearer (was, token):
    if token != "good": return was.response ("401 Unauthorized")
def A (text = "", n = 0): return pb.Answer (text = text, n = n)
@app.route ("/Get")
def Get (was, ask): return A ("got " + ask.name, ask.n * 2)
@app.route ("/Echo")
def Echo (was, m): return m
@app.route ("/Meta")
def Meta (was, ask):
    if ask.name == "version": return A (str (was.request.version))
    if ask.name == "method": return A (was.request.method)
    if ask.name == "uri": return A (was.request.uri)
    if ask.name == "type": return A (str (was.request.get_content_type ()))
    if ask.name == "path": return A (str (was.env.get ("PATH_INFO")) + str (was.env.get ("SCRIPT_NAME")))
    if ask.name == "args": return A (str (sorted (was.request.ARGS or {})))
    return A (str (was.request.get_header (ask.name)))
@app.route ("/Void")
def Void (was, ask): return pb.Nothing ()
@app.route ("/FromVoid")
def FromVoid (was, nothing): return A (type (nothing).__name__)
@app.route ("/Task")
def Task (was, ask): return A (was.Thread (str.upper, ask.name).fetch ())
@app.route ("/Then")
def Then (was, ask): return was.Mask (ask.name).then (lambda was, t: A (t.fetch ()))
@app.route ("/Coro", coroutine = True)
def Coro (was, ask):
    t = yield was.Mask (ask.name)
    return A (t.fetch ())
@app.route ("/Pass")
def Pass (was, ask): return was.ThreadPass (lambda was: A (ask.name))
@app.route ("/Count")
def Count (was, ask):
    for i in range (ask.n): yield A (ask.name, i)
@app.route ("/ListOf")
def ListOf (was, ask): return iter ([A (t) for t in ask.tags])
@app.route ("/CoroCount", coroutine = True)
def CoroCount (was, ask):
    for i in range (ask.n):
        t = yield was.Mask (i)
        yield A (ask.name, t.fetch ())
@app.route ("/Sum", coroutine = True, input_stream = True)
def Sum (was):
    n = 0
    while 1:
        m = yield was.Input ()
        if not m: break
        n += m.n
    return A ("sum", n)
@app.route ("/SumList")
def SumList (was, asks): return A (type (asks).__name__, sum (a.n for a in asks))
@app.route ("/Chat", coroutine = True, input_stream = True)
def Chat (was):
    while 1:
        m = yield was.Input ()
        if not m: break
        yield A ("re " + m.name, m.n)
@app.route ("/ChatEnd", coroutine = True, input_stream = True)
def ChatEnd (was):
    l = []
    while 1:
        m = yield was.Input ()
        if not m: break
        l.append (m.name)
    for n in l: yield A (n)
@app.route ("/Fail")
def Fail (was, ask):
    if ask.name == "error": raise was.Error ("404 Not Found", "none")
    raise ValueError ("x")
@app.route ("/Wrong")
def Wrong (was, ask): return "text"
@app.route ("/Headers")
def Headers (was, ask):
    was.response.set_header ("X-Answer", "yes")
    was.cookie.set ("c", "v")
    return A ("h")
@app.route ("/Auth", authenticate = "bearer")
def Auth (was, ask): return A ("in")
@app.route ("/Big")
def Big (was, ask): return A ("x" * ask.n)
@app.route ("/log")
def log (was):
    l, app.g.log = app.g.log, []
    return was.API (log = l)
@app.route ("/plain", methods = ["GET", "POST"])
def plain (was, name = "n"): return "plain " + name
if __name__ == "__main__":
    skitai.mount ("/lab.v1.Lab", app)
    skitai.run (port = 5000)
