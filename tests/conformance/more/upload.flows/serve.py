import os
import tempfile
import skitai
from atila import Atila

app = Atila (__name__)
app.securekey = "abcdefgh12345678"
app.g.log = []
HOME = tempfile.mkdtemp ()

@app.before_request
def before (was): app.g.log.append ("before " + was.request.uri)
@app.finish_request
def finish (was): app.g.log.append ("finish")
@app.failed_request
def failed (was, expt): app.g.log.append ("failed")
@app.teardown_request
def teardown (was): app.g.log.append ("teardown")
@app.permission_check_handler
def perms (was, perms):
    if was.request.get_header ("x-role") not in perms: raise was.Error ("403 Permission Denied", "no role")
@app.bearer_handler
def bearer (was, token):
    if token != "good": return was.response ("401 Unauthorized")

def work (path): return os.path.getsize (path)

@app.route ("/coro", methods = ["POST"], coroutine = True)
def coro (was, file, title = ""):
    path = file.move (os.path.join (HOME, "c.bin"))
    task = yield was.Thread (work, args = (path,))
    return was.API ("201 Created", size = task.fetch (), title = title)

@app.route ("/coro-read", methods = ["POST"], coroutine = True)
def coro_read (was, file):
    task = yield was.Mask (1)
    return was.API (n = len (file.read ()))

@app.route ("/then", methods = ["POST"])
def then (was, file):
    def r (was, task): return was.API (n = len (file.read ()), t = task.fetch ())
    return was.Mask (3).then (r)

@app.route ("/tp", methods = ["POST"])
def tp (was, file):
    def r (was, f): return was.API (n = len (f.read ()))
    return was.ThreadPass (r, file)

@app.route ("/stream", methods = ["POST"])
def stream (was, file):
    def g ():
        d = file.read ()
        for i in range (0, len (d), 3): yield d [i:i + 3]
    was.response ["Content-Type"] = file.mimetype
    return g ()

@app.route ("/perm", methods = ["POST"])
@app.permission_required (["admin"])
def perm (was, file): return was.API (n = file.size)

@app.route ("/bearer", methods = ["POST"], authenticate = "bearer")
def bearer_ (was, file): return was.API (n = file.size)

@app.route ("/inspect", methods = ["POST"])
@app.inspect ("FORM", ["title"], ints = ["n"])
def inspect (was, file, title, n = 0): return was.API (n = n, t = type (n).__name__, size = file.size)

@app.route ("/inspect-file", methods = ["POST"])
@app.inspect ("FORM", ["file"])
def inspect_file (was, file): return was.API (size = file.size)

@app.route ("/ct", methods = ["POST"], content_types = ["multipart/form-data"])
def ct (was, file): return was.API (size = file.size)

@app.route ("/ct-json", methods = ["POST"], content_types = ["application/json"])
def ct_json (was, **kw): return was.API (k = sorted (kw))

@app.route ("/url/<int:id>/<path:p>", methods = ["POST", "PUT"])
def url (was, id, p, file = None, **kw): return was.API (id = id, p = p, file = file and file.name, kw = kw)

@app.route ("/csrf", methods = ["POST"])
@app.csrf_verification_required
def csrf (was, file): return was.API (size = file.size)

@app.route ("/error", methods = ["POST"])
def error (was, file): raise was.Error ("422 Unprocessable Entity", "bad " + file.name, 42201)

@app.route ("/raw", methods = ["POST", "PUT"])
def raw (was): 
    b = was.request.get_body ()
    return was.API (t = type (b).__name__, n = len (b), ct = was.request.content_type, same = b == was.request.payload if hasattr (was.request, "payload") and not callable (was.request.payload) else None, form = was.request.FORM, args = was.request.ARGS)

@app.route ("/args", methods = ["POST"])
def args (was):
    a = was.request.ARGS
    return was.API (k = sorted (a), f = a ["file"].name if "file" in a else None, d = was.request.FORM is not None and sorted (was.request.FORM), dict_ = sorted (was.request.DATA or []))

@app.route ("/sess", methods = ["POST"])
def sess (was, file):
    was.session.set ("last", file.name)
    was.cookie.set ("f", file.name)
    return was.redirect ("/done")

@app.route ("/log")
def log (was):
    l, app.g.log = app.g.log, []
    return was.API (log = l)

if __name__ == "__main__":
    with skitai.preference () as pref:
        pref.config.MAX_UPLOAD_SIZE = 200000
        skitai.mount ("/", app, pref)
    skitai.run (port = 5000)
