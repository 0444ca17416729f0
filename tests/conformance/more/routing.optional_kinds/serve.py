from atila import Atila

app = Atila (__name__)

@app.route ("/one/<n>")
def one (was, n = "dflt"):
    return was.API (n = n, p = was.request.PARAMS, a = was.request.ARGS)
@app.route ("/f/<float:v>")
def f (was, v = 1.5, unit = None):
    return was.API (v = v, t = type (v).__name__, unit = unit)
@app.route ("/p/<path:rest>")
def p (was, rest = None):
    return was.API (rest = rest)
@app.route ("/mix/<int:a>/<float:b>/<c>/<path:d>")
def mix (was, a, b, c, d = "none"):
    return was.API (a = a, b = b, c = c, d = d)
@app.route ("/mid/<int:a>/edit/<b>")
def mid (was, a, b = "z"):
    return was.API (a = a, b = b)
@app.route ("/tail/<int:a>/edit")
def tail (was, a):
    return was.API (a = a)
@app.route ("/two/<int:a>/<int:b>")
def two (was, a = 1, b = 2):
    return was.API (a = a, b = b)
@app.route ("/req/<path:rest>")
def req (was, rest):
    return was.API (rest = rest)
@app.route ("/ints/<int:id>")
def ints (was, id = None, **kw):
    return was.API (id = id, kw = kw)
@app.route ("/<int:id>")
def root_int (was, id = 0):
    return was.API (root = id)

if __name__ == "__main__":
    import skitai
    skitai.mount ("/", app)
    skitai.run (port = 5000)
