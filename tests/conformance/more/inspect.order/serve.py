from atila import Atila

app = Atila (__name__)

@app.route ("/a")
@app.inspect (manyof = ["c", "d"], oneof = ["a", "b"])
def a (was, **kw): return "a"
@app.route ("/b")
@app.inspect (oneof = ["a", "b"], manyof = ["c", "d"])
def b (was, **kw): return "a"
@app.route ("/c")
@app.inspect (ints = ["i"], manyof = ["c", "d"], required = ["r"], floats = "f", i__lte = 3, e__lte = 3, emails = "m")
def c (was, **kw): return "a"
@app.route ("/d")
@app.inspect (uuids = "a", emails = "a", booleans = "a", ints = "a", floats = "a", strings = "a", lists = "a", dicts = "a", ranges = "a")
def d (was, **kw): return "a"
@app.route ("/e")
@app.inspect (ranges = "a", dicts = "a", lists = "a", strings = "a", floats = "a", ints = "a", booleans = "a", uuids = "a", emails = "a")
def e (was, **kw): return "a"
@app.route ("/f", methods = ["POST"])
@app.inspect (z = 1, a = 2, m__lte = 5, ints = "q", nones = "n", n__lte = 3, n = 3)
def f (was, **kw): return was.API (kw = kw)

if __name__ == "__main__":
    import skitai
    skitai.mount ("/", app)
    skitai.run (port = 5000)
