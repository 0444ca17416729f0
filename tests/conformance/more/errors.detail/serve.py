from atila import Atila

app = Atila (__name__)

@app.default_error_handler
def default (was, error): return "[%r %r %r %r %r %r %s]" % (error ["code"], error ["message"], error ["detail"], error ["errno"], error ["mode"], error ["debug"], type (error ["traceback"]).__name__)
@app.route ("/e/<int:n>")
def e (was, n):
    E = was.Error
    if n == 1: raise E ("404 X")
    if n == 2: raise E ("404 X", "")
    if n == 3: raise E ("404 X", None)
    if n == 4: raise E ("404 X", "why")
    if n == 5: raise E ("404 X", "why", 5)
    if n == 6: raise E ("500 X", traceback = True)
    if n == 7:
        try: 1/0
        except ZeroDivisionError: raise E ("500 X", traceback = True)
    if n == 8:
        try: 1/0
        except ZeroDivisionError: raise E ("500 X", "why", traceback = True)
    if n == 9: raise E ("404 X", {"a": 1})
    if n == 10: raise E ("404 X", ["a"])
    if n == 11: assert False, E ("410 Y")
    if n == 12: was.response.throw ("402 Z")
    if n == 13: was.response.throw ("402 Z", "why")
    if n == 14: return was.response.with_explain ("402 Z", "why")
    if n == 15: return was.response.with_explain ("402 Z")
    if n == 16: return was.response ("402 Z")
    if n == 17: return was.response.adaptive_error ("402 Z", "msg")
    if n == 18: return was.response.adaptive_error ("402 Z", "msg", 5, "more")
    if n == 19: return None
    if n == 20: return 42
    if n == 21: return was.API (x = {1, 2})
    if n == 22: return was.response ("200 OK", {"a": 1})
    if n == 23: 1/0
    if n == 24: return was.Static ("none")
    if n == 25: return was.File ("none")
    if n == 26: return was.render ("none.j2")
    if n == 27: return was.pipe ("none")
    if n == 28: raise KeyError ("k")
    if n == 29: return {"a": 1}
    if n == 30: return object ()
    if n == 31: raise E ()
    if n == 32: raise E ("bad")
    if n == 33: raise E ("404")
    if n == 34: was.Error ("404 X"); return "not raised"
    if n == 35: return E ("404 X", "returned")
    if n == 36: raise E (404)
@app.route ("/m", methods = ["POST"], content_types = ["text/plain"])
def m (was, a): return a
@app.route ("/slash/")
def sl (was): return "x"
@app.route ("/auth", authenticate = "basic")
def auth (was): return "x"
@app.route ("/q")
def q (was, a): return a
app.config.MAX_UPLOAD_SIZE = 100

if __name__ == "__main__":
    import skitai
    skitai.mount ("/", app)
    skitai.run (port = 5000)
