from atila import Atila

app = Atila (__name__)

@app.route ("/ct", methods = ["POST", "GET", "PUT"], content_types = ["application/json", "text/plain"])
def ct (was, **d): return was.API (d = d, body = (was.request.get_body () or b"").decode ())
@app.route ("/r", custom = [1, 2], flag = True)
def r (was, a, b = 2, *, c = None, **kw):
    o = was.request.routable
    return was.API (methods = sorted (o ["methods"]), route = o ["route"], func_id = o ["func_id"], args = list (o ["args"]), keywords = o ["keywords"], defaults = o.get ("defaults"), custom = o.get ("custom"), flag = o.get ("flag"), mntopt = o ["mntopt"], co = o ["coroutine"], inp = o ["input_stream"], ov = o.get ("overridable"))
@app.route ("/u/<int:x>/<y>")
def u (was, x, y, z = 3):
    o = was.request.routable
    return was.API (urlargs = o ["urlargs"], args = list (o ["args"]), defaults = o.get ("defaults"), keys = sorted (o), name = was.request.routed.__name__)
@app.route ("/sub", subdomain = "www")
def sub (was): return "sub"
@app.route ("/plain")
def plain (was):
    return was.API (keys = sorted (was.request.routable), routed = callable (was.request.routed))

if __name__ == "__main__":
    import skitai
    skitai.mount ("/", app)
    skitai.run (port = 5000)
