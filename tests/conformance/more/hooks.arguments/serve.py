from atila import Atila

app = Atila (__name__)

@app.before_request
def before (was):
    for name, value in (each.split ("=") for each in (was.request.get_header ("x-args") or "").split ()):
        was.request.ARGS [name] = value
    was.request.ARGS.pop (was.request.get_header ("x-pop"), None)
    if was.request.get_header ("x-params"):
        was.request.PARAMS ["id"] = 99

def pre (was):
    was.request.ARGS ["c"] = "pre"

@app.route ("/plain", methods = ["GET", "POST"])
def plain (was, b = 2, c = "yes"):
    return was.API (b = b, c = c, args = was.request.ARGS)

@app.route ("/more", methods = ["GET", "POST"])
def more (was, c = "yes", **more):
    return was.API (c = c, more = more, args = was.request.ARGS)

@app.route ("/path/<int:id>", methods = ["GET", "POST"])
def path (was, id, c = "yes"):
    return was.API (id = id, c = c, args = was.request.ARGS)

@app.route ("/pre")
@app.run_before (pre)
def prework (was, b = 2, c = "yes"):
    return was.API (b = b, c = c, args = was.request.ARGS)

@app.route ("/text")
def text (was):
    return "text"

@app.route ("/<kind>/none")
def none (was, kind):
    was.cookie ["kind"] = kind
    return [1] if kind == "list" else None

if __name__ == "__main__":
    import skitai
    skitai.mount ("/", app)
    skitai.run (port = 5000)
