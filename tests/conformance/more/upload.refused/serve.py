from atila import Atila
import skitai

app = Atila (__name__)
app.users = {"ann": "pw"}

@app.default_error_handler
def failed (was, error):
    return was.API (own = error ["code"], message = error ["message"])

@app.error_handler (413)
def too_large (was, error):
    return "never asked"

@app.route ("/form", methods = ["POST", "PUT"])
def form (was, file = None, **fields):
    return was.API (size = getattr (file, "size", None), fields = sorted (fields))

@app.route ("/json", methods = ["POST"], content_types = ["application/json"])
def json (was, **fields):
    return was.API (fields = sorted (fields))

@app.route ("/closed", methods = ["POST"], authenticate = "basic")
def closed (was, **fields):
    return was.API (fields = sorted (fields))

@app.route ("/raised", methods = ["POST"])
def raised (was, **fields):
    raise was.Error ("413 Request Entity Too Large", "the app says so")

if __name__ == "__main__":
    with skitai.preference () as pref:
        pref.config.MAX_UPLOAD_SIZE = 1000
        skitai.mount ("/", app, pref)
    skitai.run (port = 5000)
