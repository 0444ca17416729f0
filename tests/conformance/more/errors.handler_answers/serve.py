from atila import Atila

app = Atila (__name__)

@app.error_handler (404)
def nf (was, error):
    was.response.set_header ("X-Handler", "404")
    return "nf %s %s %s" % (error ["code"], error ["message"], error ["detail"])
@app.error_handler (405)
def mna (was, error): return was.API (sorted_keys = sorted (error), code = error ["code"], errno = error ["errno"], mode = error ["mode"], msg = error ["message"], detail = error ["detail"], debug = error ["debug"], tb = error ["traceback"], url = error ["url"].split ("/", 3) [-1])
@app.error_handler (400)
def bad (was, error): return None
@app.error_handler (403)
def forb (was, error): raise ValueError ("in handler")
@app.error_handler (409)
def conf (was, error): raise was.Error ("410 Gone", "in handler")
@app.error_handler (418)
def tea (was, error):
    was.response.set_status ("299 Tea")
    return "tea"
@app.error_handler (420)
def resp (was, error): return was.response ("200 OK", "resp")
@app.error_handler (423)
def lst (was, error): return ["a", "b"]
@app.error_handler (424)
def red (was, error): return was.redirect ("/else")
@app.error_handler (425)
def empty (was, error): return ""
@app.default_error_handler
def default (was, error): return "default %s %s %s %s" % (error ["code"], error ["message"], error ["detail"], error ["errno"])
@app.route ("/e/<int:code>")
def e (was, code, errno = 0):
    was.response ["Content-Type"] = "text/plain"
    raise was.Error ("%d Some Reason" % code, "why", int (errno))
@app.route ("/e2/<int:code>")
def e2 (was, code): raise was.Error ("%d Some Reason" % code)
@app.route ("/r/<int:code>")
def r (was, code): return was.response ("%d Returned" % code)
@app.route ("/rb/<int:code>")
def rb (was, code): return was.response ("%d Returned" % code, "own body")
@app.route ("/crash")
def crash (was): 1/0
@app.route ("/none")
def none (was): return None
@app.route ("/need")
def need (was, a): return a
@app.route ("/fault")
def fault (was): return was.Fault ("404 Not Found", "fault")
@app.route ("/fault9")
def fault9 (was): return was.Fault ("499 Nine", "fault")

if __name__ == "__main__":
    import skitai
    skitai.mount ("/", app)
    skitai.run (port = 5000)
