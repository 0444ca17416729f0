from atila import Atila

app = Atila (__name__)

def show (v):
    if isinstance (v, list): return [show (e) for e in v]
    if hasattr (v, "mimetype"): return {"name": v.name, "size": v.size, "type": v.mimetype, "ext": v.ext, "data": v.read ().decode ("utf8", "replace") [:40]}
    return v
@app.route ("/up", methods = ["POST", "PUT", "PATCH"])
def up (was, **k): return was.API (k = {n: show (v) for n, v in k.items ()})
@app.route ("/up/<int:n>", methods = ["POST"])
def upn (was, n, f, note = "none"): return was.API (n = n, f = show (f), note = note)

if __name__ == "__main__":
    import skitai
    skitai.mount ("/", app)
    skitai.run (port = 5000)
