from atila import Atila
import skitai

app = Atila (__name__)

@app.route ("/operator", methods = ["GET", "POST"])
@app.inspect (ints = ["age"], age__bigger = 3, name__len__lte = 4)
def operator (was, age = None, name = None):
    return was.API (age = age, name = name)

@app.route ("/function", methods = ["GET", "POST"])
@app.inspect (name__upper__eq = "X", size__gte = 2)
def function (was, **kw):
    return was.API (kw)

@app.route ("/length")
@app.inspect ("URL", ["size"], size__len = 2)
def length (was, size, page = 1):
    return was.API (size = size, page = page)

@app.route ("/form", methods = ["GET", "POST"])
@app.inspect ("FORM", tag__strtswith = "a")
@app.inspect ("JSON", tag__bigger = 1)
def form (was, tag = "none"):
    return was.API (tag = tag)

@app.route ("/fine")
@app.inspect (page__gte = 1)
def fine (was, page = 1):
    return was.API (page = page)

@app.failed_request
def failed (was, exc):
    if was.request.args.get ("catch"):
        return was.API ("409 Conflict", error = exc [0].__name__)

if __name__ == "__main__":
    skitai.mount ("/", app)
    skitai.run (port = 5000)
