import os
import tempfile
from atila import Atila

app = Atila (__name__)
HOME = tempfile.mkdtemp ()

def kind (v):
    if isinstance (v, list): return [kind (i) for i in v]
    if hasattr (v, "mimetype"): return {"file": v.name, "n": v.size, "m": v.mimetype, "ext": v.ext, "t": v.read ().decode ("utf8", "replace")}
    return [type (v).__name__, v]

@app.route ("/all", methods = ["POST", "PUT"])
def all_ (was, **kw):
    return was.API ({k: kind (v) for k, v in kw.items ()})

@app.route ("/args", methods = ["POST"])
def args (was):
    return was.API (args = {k: kind (v) for k, v in was.request.ARGS.items ()}, url = was.request.URL)

@app.route ("/one", methods = ["POST"])
def one (was, file):
    return was.API (x = kind (file))

@app.route ("/opt", methods = ["POST"])
def opt (was, file = None, title = "none"):
    return was.API (x = kind (file) if file else None, title = title)

@app.route ("/typed/<int:n>", methods = ["POST"])
def typed (was, n, file, title = "t"):
    return was.API (n = n, x = kind (file), title = title)

@app.route ("/inspect", methods = ["POST"])
@app.inspect ("FORM", ints = ["age"], lists = ["tags"], emails = ["mail"])
def inspect (was, age = None, tags = None, mail = None, file = None):
    return was.API (age = age, tags = tags, mail = mail, f = kind (file) if file else None)

@app.route ("/inspect2", methods = ["POST"])
@app.inspect ("FORM", ["name", "file"])
def inspect2 (was, name, file):
    return was.API (name = name, f = kind (file))

@app.route ("/save-name", methods = ["POST"])
def save_name (was, file, name, dup = "u"):
    file.save (HOME, name, dup = dup)
    return was.API (p = os.path.relpath (file.path, HOME), t = open (file.path).read ())

@app.route ("/save-missing", methods = ["POST"])
def save_missing (was, file):
    file.save (os.path.join (HOME, "nowhere"))
    return was.API (p = file.path)

@app.route ("/save-returns", methods = ["POST"])
def save_returns (was, file):
    r = file.save (HOME, "r.txt", dup = "o")
    return was.API (r = os.path.relpath (r, HOME) if r else r)

@app.route ("/paths", methods = ["POST"])
def paths (was, file):
    a = file.path, file.file
    p = file.flush ()
    return was.API (a = a, same = p == file.path, base = os.path.basename (p).startswith ("atila-"), ext = os.path.splitext (p) [1], t = open (p).read ())

@app.route ("/tempfile", methods = ["POST"])
def tempfile_ (was, file):
    p = file.tempfile
    if callable (p): p = p ()
    with p as path:
        t = open (path).read ()
    return was.API (t = t, gone = not os.path.exists (str (path)), kind = isinstance (path, str))

@app.route ("/flashfile", methods = ["POST"])
def flashfile (was, file):
    p = file.flashfile
    return was.API (c = callable (p), s = isinstance (p, str))

@app.route ("/many-list", methods = ["POST"])
def many_list (was, files):
    return was.API (n = len (files) if isinstance (files, list) else 1, x = kind (files))

@app.route ("/str", methods = ["POST"])
def str_ (was, file):
    return was.API (b = bool (file), h = hasattr (file, "filename"), eq = file == file)

@app.route ("/echo", methods = ["POST"])
def echo (was, file):
    was.response ["Content-Type"] = file.mimetype
    return file.read ()

@app.route ("/send", methods = ["POST"])
def send (was, file):
    return was.File (file.flush (), file.mimetype, file.name)

if __name__ == "__main__":
    import skitai
    skitai.mount ("/", app)
    skitai.run (port = 5000)
