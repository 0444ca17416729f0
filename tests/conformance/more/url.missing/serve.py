from atila import Atila
import skitai

app = Atila (__name__)

def tried (f):
    try:
        return f ()
    except Exception as e:
        return type (e).__name__

@app.route ("/one/<name>")
def one (was, name): return ""

@app.route ("/optional/<name>")
def optional (was, name = "d"): return ""

@app.route ("/last/<int:id>/<name>")
def last (was, id, name = "d"): return ""

@app.route ("/both/<int:id>/<name>")
def both (was, id, name, page = 1): return ""

@app.route ("/rest/<path:rest>")
def rest (was, rest, **kw): return ""

@app.route ("/plain")
def plain (was, q, page = 1): return ""

@app.route ("/urls/<name>")
def urls (was, name):
    return was.API (
        bare = tried (lambda: was.urlfor (name)),
        query = tried (lambda: was.urlfor (name, page = 2)),
        other = tried (lambda: was.urlfor (name, nope = 2)),
        first = tried (lambda: was.urlfor (name, 1)),
        two = tried (lambda: was.urlfor (name, 1, "b c")),
        four = tried (lambda: was.urlfor (name, 1, 2, 3, 4)),
        last = tried (lambda: was.urlfor (name, name = "x")),
        id = tried (lambda: was.urlfor (name, id = 3)),
        base = tried (lambda: was.baseurl (name)),
        spec = tried (lambda: was.urlspec (name))
    )

if __name__ == "__main__":
    skitai.mount ("/", app)
    skitai.run (port = 5000)
