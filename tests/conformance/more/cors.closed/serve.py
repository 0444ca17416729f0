from atila import Atila

app = Atila (__name__)

app.access_control_allow_origin = ["http://a.com"]
@app.error_handler (403)
def e403 (was, error): return "own 403"
@app.default_error_handler
def dflt (was, error): return "dflt"
@app.route ("/", methods = ["GET", "POST"])
def index (was, **kw): return "i"
@app.route ("/own", access_control_allow_origin = ["http://c.com"])
def own (was): return "own"
@app.route ("/sub/")
def sub (was): return "own"

if __name__ == "__main__":
    import skitai
    skitai.mount ("/", app)
    skitai.run (port = 5000)
