from atila import Atila

app = Atila (__name__)

app.config.VALUE = "cfg"
@app.template_filter ("wrap")
def wrap (v, l = "<", r = ">"): return l + str (v) + r
@app.template_filter ("plus")
def plus (v, n = 1): return v + n
@app.template_global ("now_path")
def now_path (was, *a, **k): return was.request.uri + repr (a) + repr (sorted (k.items ()))
@app.route ("/t/<name>")
def t (was, name, **kw):
    return was.render (name + ".j2", items = [1, 2, 3], html = "<i>&", empty = [], d = {"k": "v", "items": 1}, none = None, **kw)
@app.route ("/dict")
def dict_ (was): return was.render ("ctx.j2", {"a": 1, "b": 2})
@app.route ("/both")
def both (was): return was.render ("ctx.j2", {"a": 1}, b = 2)
@app.route ("/roa")
def roa (was): return was.render_or_API ("ctx.j2", a = 1, b = [1])
@app.route ("/road")
def road (was): return was.render_or_API ("ctx.j2", {"a": 1, "b": 5})
@app.route ("/shadow")
def shadow (was): return was.render ("shadow.j2", request = "req", app = "ap", context = "cx")
@app.route ("/nested/<path:p>")
def nested (was, p): return was.render (p)
@app.route ("/st")
def st (was):
    was.response.set_status ("201 Created")
    was.response.set_header ("X-A", "1")
    return was.render ("sethdr.j2")
@app.route ("/xml")
def xml (was):
    was.response ["Content-Type"] = "application/xml"
    return was.render ("feed.xml", v = "a&b")
@app.route ("/txt")
def txt (was): return was.render ("plain.txt", v = "<x>")

if __name__ == "__main__":
    import skitai
    skitai.mount ("/", app)
    skitai.run (port = 5000)
