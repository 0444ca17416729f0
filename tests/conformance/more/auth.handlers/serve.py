from atila import Atila

app = Atila (__name__)

app.authenticate = "basic"
app.realm = "All"
app.users = {"kim": "secret"}
@app.error_handler (401)
def e401 (was, error):
    return was.response.headers.get ("www-authenticate", "none") if False else "own 401 page: {code} {message}".format (**error)
@app.error_handler (404)
def e404 (was, error):
    return was.render ("e.j2", e = error) if False else "own 404"
@app.default_error_handler
def dflt (was, error):
    return "default " + str (error ["code"])
@app.route ("/")
def index (was):
    return "hello " + was.request.user.name
@app.route ("/off", authenticate = None)
def off (was):
    return "off"
@app.route ("/post", methods = ["POST", "OPTIONS"])
def post (was, **kw):
    return was.API (kw = kw)
@app.route ("/err")
def err (was):
    raise was.Error ("418 Teapot")
@app.route ("/dig")
@app.authorization_required ("digest")
def dig (was): return "dig"

if __name__ == "__main__":
    import skitai
    skitai.mount ("/", app)
    skitai.run (port = 5000)
