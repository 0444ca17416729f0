import skitai
from atila import Atila
W = skitai.WS_CHANNEL | skitai.WS_NOTHREAD
app = Atila (__name__)
app.access_control_allow_origin = ["http://good.com"]
app.g.ids = {}
@app.route ("/e")
@app.websocket (W, 60)
def e (was, message): return "e " + message
@app.route ("/own", access_control_allow_origin = ["*"])
@app.websocket (W, 60)
def own (was, message): return "own " + message
def opened (was):
    app.g.ids [was.request.ARGS.get ("name")] = was.websocket.client_id
def gone (was):
    app.g.ids.pop (was.request.ARGS.get ("name"), None)
@app.route ("/named")
@app.websocket (W, 60, opened, gone)
def named (was, message, name):
    if message.startswith ("to "):
        _, to, text = message.split (" ", 2)
        app.websocket_send (app.g.ids.get (to, 999), name + ": " + text)
        return "sent"
    return sorted (app.g.ids)
@app.route ("/ids")
def ids (was): return was.API (ids = sorted (app.g.ids))

sub = Atila ("sub")
@sub.route ("/")
@sub.websocket (W, 60)
def root (was, message): return "root " + message + " " + was.request.uri
@sub.route ("/deep/<name>")
@sub.websocket (W, 60)
def deep (was, message, **kw): return "deep " + message
@sub.route ("/opt/<name>/")
@sub.websocket (W, 60)
def opt (was, message, **kw): return "opt " + message

locked = Atila ("locked")
locked.authenticate = "bearer"
@locked.bearer_handler
def bearer (was, token):
    if token != "good": raise was.Error ("401 Unauthorized")
@locked.route ("/e")
@locked.websocket (W, 60)
def le (was, message): return "in " + message

hooked = Atila ("hooked")
@hooked.before_request
def before (was):
    if was.request.get_header ("x-no"): return was.response ("403 Permission Denied")
    was.request.mark = "m"
@hooked.route ("/e")
@hooked.websocket (W, 60)
def he (was, message): return str (getattr (was.request, "mark", None))

if __name__ == "__main__":
    skitai.mount ("/", app)
    skitai.mount ("/sub", sub)
    skitai.mount ("/locked", locked)
    skitai.mount ("/hooked", hooked)
    skitai.run (port = 5000)
