from atila import Atila

app = Atila (__name__)

@app.error_handler (500)
def h5 (was, error): return "h500 " + error ["message"]
@app.error_handler (502)
def h502 (was, error): return was.API ("200 OK", mine = error ["code"])
@app.error_handler (411)
def h411 (was, error): return "h411"
@app.error_handler (413)
def h413 (was, error): return "h413"
@app.error_handler (401)
def h401 (was, error): return "h401 " + repr (error ["detail"])
@app.error_handler (301)
def h301 (was, error): return "h301 " + error ["detail"]
@app.error_handler (304)
def h304 (was, error): return "h304"
@app.error_handler (204)
def h204 (was, error): return "h204"
@app.error_handler (200)
def h200 (was, error): return "h200"
app.config.MAX_UPLOAD_SIZE = 50
@app.route ("/none")
def none (was): return None
@app.route ("/num")
def num (was): return 1.5
@app.route ("/crash")
def crash (was): raise RuntimeError ("x")
@app.route ("/e500")
def e500 (was): raise was.Error ("500 Mine", "x")
@app.route ("/r500")
def r500 (was): return was.response ("500 Mine")
@app.route ("/enc")
def enc (was): return was.API (a = object ())
@app.route ("/r/<int:n>")
def r (was, n): return was.response ("%d R" % n)
@app.route ("/e/<int:n>")
def e (was, n): raise was.Error ("%d R" % n)
@app.route ("/s/")
def s (was): return "s"
@app.route ("/up", methods = ["POST"])
def up (was, **k): return "up"
@app.route ("/auth", authenticate = "basic")
def auth (was): return "x"

if __name__ == "__main__":
    import skitai
    skitai.mount ("/", app)
    skitai.run (port = 5000)
