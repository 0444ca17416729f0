from atila import Atila

app = Atila (__name__)

@app.route ("/e/<int:code>")
def e (was, code, why = None): raise was.Error ("%d Some Reason" % code, why or "")
@app.route ("/f")
def f (was): return was.Fault ("422 Unprocessable Entity", "bad", 42299, more_info = {"fields": ["a", "b"]})
@app.route ("/api")
def api (was): return was.API (a = 1, b = [1, None] if was.request.ARGS.get ("none") else [1], c = "é<&>")
@app.route ("/crash")
def crash (was): return undefined_name
@app.route ("/hdr")
def hdr (was):
    was.response.set_header ("X-Before", "1")
    was.cookie ["c"] = "1"
    raise was.Error ("403 Permission Denied", "no way", 40377)
@app.route ("/types")
def types (was): return was.API (json = was.request.acceptable ("application/json"), xml = was.request.acceptable ("text/xml"), html = was.request.acceptable ("text/html"), strict = was.request.acceptable ("text/html", False), all = was.request.acceptables)
@app.route ("/roa")
def roa (was): return was.render_or_API ("x.j2", v = 3)

if __name__ == "__main__":
    import skitai
    skitai.mount ("/", app)
    skitai.run (port = 5000)
