from atila import Atila

app = Atila (__name__)
@app.route ("/p0", methods = ["POST"])
@app.inspect (safes = "a", ints = "b", c__lte = 3)
def p0 (was, **kw): return "x"
@app.route ("/p1", methods = ["POST"])
@app.inspect (ints = "a", safes = "b", c__lte = 3)
def p1 (was, **kw): return "x"
@app.route ("/p2", methods = ["POST"])
@app.inspect (safes = "a", booleans = "b", c__lte = 3)
def p2 (was, **kw): return "x"
@app.route ("/p3", methods = ["POST"])
@app.inspect (emails = "a", uuids = "b", c__lte = 3)
def p3 (was, **kw): return "x"
@app.route ("/p4", methods = ["POST"])
@app.inspect (uuids = "a", emails = "b", c__lte = 3)
def p4 (was, **kw): return "x"
@app.route ("/p5", methods = ["POST"])
@app.inspect (safes = "a", emails = "b", c__lte = 3)
def p5 (was, **kw): return "x"
@app.route ("/p6", methods = ["POST"])
@app.inspect (safes = "a", uuids = "b", c__lte = 3)
def p6 (was, **kw): return "x"
@app.route ("/p7", methods = ["POST"])
@app.inspect (uuids = "a", safes = "b", c__lte = 3)
def p7 (was, **kw): return "x"
@app.route ("/p8", methods = ["POST"])
@app.inspect (strings = "a", safes = "b", c__lte = 3)
def p8 (was, **kw): return "x"
@app.route ("/p9", methods = ["POST"])
@app.inspect (safes = "a", strings = "b", c__lte = 3)
def p9 (was, **kw): return "x"
@app.route ("/req", methods = ["POST"])
@app.inspect (required = "r", safes = "a", emails = "b", nones = "c", c__lte = 3)
def req (was, **kw): return "x"
@app.route ("/nn", methods = ["POST"])
@app.inspect (nones = "a", ints = "a", required = "a")
def nn (was, **kw): return was.API (kw = kw)
@app.route ("/nt", methods = ["POST"])
@app.inspect (notags = "a", safes = "a", a__contains = "<")
def nt (was, **kw): return was.API (kw = kw)
@app.route ("/nt2", methods = ["POST"])
@app.inspect (safes = "a", notags = "a", lists = "a")
def nt2 (was, **kw): return was.API (kw = kw)

if __name__ == "__main__":
    import skitai
    skitai.mount ("/", app)
    skitai.run (port = 5000)
