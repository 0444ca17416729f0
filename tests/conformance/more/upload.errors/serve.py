import os
import skitai
from atila import Atila
app = Atila (__name__)
app.securekey = "abcdefgh12345678"
@app.default_error_handler
def default (was, error): return "ERR {} {}".format (error ["code"], error ["message"])
@app.error_handler (413)
def e413 (was, error): return "too big"
@app.error_handler (415)
def e415 (was, error): return was.API (why = "type", code = error ["code"])
@app.route ("/up", methods = ["POST"], content_types = ["multipart/form-data"])
def up (was, file): return was.API (n = file.size)
@app.route ("/raw", methods = ["POST", "PUT"])
def raw (was): return was.API (n = len (was.request.get_body () or b""))
@app.route ("/in", methods = ["POST"], coroutine = True, input_stream = True)
def in_ (was):
    d = yield was.Input (10)
    return d
@app.route ("/crash", methods = ["POST"])
def crash (was, file): 1 / 0
@app.route ("/err", methods = ["POST"])
def err (was, file): raise was.Error ("409 Conflict", "dup " + file.name, 40901)
@app.route ("/fault", methods = ["POST"])
def fault (was, file): return was.Fault ("422 Unprocessable Entity", "bad", 42201, more_info = {"f": file.name})
@app.route ("/resp", methods = ["POST"])
def resp (was, file): return was.response ("507 Insufficient Storage")
@app.route ("/both", methods = ["POST"])
def both (was, file):
    a = file.read (); b = file.read ()
    return was.API (same = a == b, n = len (a), list = isinstance (was.request.FORM ["file"], list))
@app.route ("/then", methods = ["POST"])
def then (was, file):
    name = file.name
    return was.Thread (len, file.read ()).then (lambda was, t: was.API (n = t.fetch (), name = name))
@app.route ("/render", methods = ["POST"])
def render (was, **form): return was.render ("f.html", names = sorted (form))
@app.route ("/xml", methods = ["POST"])
def xml (was, file): return was.API (n = file.size, name = file.name)
@app.route ("/list", methods = ["POST"])
def list_ (was, file, **kw):
    files = file if isinstance (file, list) else [file]
    return was.API (names = [f.name for f in files], total = sum (f.size for f in files), kw = sorted (kw))

if __name__ == "__main__":
    with skitai.preference () as pref:
        pref.config.MAX_UPLOAD_SIZE = 5000
        skitai.mount ("/", app, pref)
    skitai.run (port = 5000)
