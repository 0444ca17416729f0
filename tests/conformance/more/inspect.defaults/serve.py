from atila import Atila

app = Atila (__name__)

@app.route ("/one", methods = ["GET", "POST"])
@app.inspect (booleans = "c")
def one (was, a = 1, c = "yes"):
    return was.API (a = a, c = c, args = was.request.ARGS)

@app.route ("/two", methods = ["GET", "POST"])
@app.inspect (ints = "x")
@app.inspect (booleans = "c")
def two (was, x = "1", c = "yes", **more):
    return was.API (x = x, c = c, more = more, args = was.request.ARGS)

@app.route ("/path/<int:id>", methods = ["GET", "POST"])
@app.inspect (nones = "c", notags = "d", lists = "e")
def path (was, id = None, c = "", d = "<b>", e = "a|b"):
    return was.API (id = id, c = c, d = d, e = e, args = was.request.ARGS)

@app.route ("/url", methods = ["GET", "POST"])
@app.inspect ("URL", nones = "c", lists = "e")
def url (was, a = 1, c = "", e = "a|b"):
    return was.API (a = a, c = c, e = e, args = was.request.ARGS)

if __name__ == "__main__":
    import skitai
    skitai.mount ("/", app)
    skitai.run (port = 5000)
