import skitai
from atila import Atila
app = Atila (__name__)
@app.route ("/")
def index (was): return "atila"
@app.route ("/known")
def known (was): return "atila known"
def wsgi (env, sr):
    p = env ["PATH_INFO"]
    if p == "/write":
        w = sr ("200 OK", [("Content-Type", "text/plain")])
        w (b"written ")
        return [b"returned"]
    if p == "/writeonly":
        w = sr ("200 OK", [("Content-Type", "text/plain")]); w (b"w1"); w (b"w2")
        return []
    if p == "/raise": raise ValueError ("x")
    if p == "/raiselate":
        sr ("200 OK", [("Content-Type", "text/plain")])
        raise ValueError ("late")
    if p == "/nosr": return [b"x"]
    if p == "/excinfo":
        import sys
        sr ("200 OK", [])
        try: 1/0
        except Exception: sr ("500 Oops", [("Content-Type", "text/plain")], sys.exc_info ())
        return [b"oops"]
    if p == "/noct": sr ("200 OK", []); return [b"noct"]
    if p == "/204": sr ("204 No Content", []); return []
    if p == "/302": sr ("302 Found", [("Location", "/else")]); return [b""]
    if p == "/cookies": sr ("200 OK", [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2; Path=/"), ("Content-Type", "text/plain")]); return [b"c"]
    if p == "/str": sr ("200 OK", [("Content-Type", "text/plain")]); return "a string"
    if p == "/strs": sr ("200 OK", [("Content-Type", "text/plain")]); return ["a", "b"]
    if p == "/file":
        import io
        sr ("200 OK", [("Content-Type", "text/plain")]); return io.BytesIO (b"line1\nline2\n")
    if p == "/gen":
        sr ("200 OK", [("Content-Type", "text/plain")])
        def g ():
            yield b"g1"; yield b"g2"
        return g ()
    if p == "/cl": sr ("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "3")]); return [b"abc"]
    if p == "/env":
        sr ("200 OK", [("Content-Type", "text/plain")])
        return [("%s|" * 12 % tuple (env.get (k, "-") for k in ("REQUEST_METHOD", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "CONTENT_TYPE", "CONTENT_LENGTH", "SERVER_PROTOCOL", "wsgi.url_scheme", "HTTP_X_A", "REMOTE_ADDR", "wsgi.run_once", "wsgi.version"))).encode ()]
    if p == "/input":
        sr ("200 OK", [("Content-Type", "text/plain")])
        i = env ["wsgi.input"]
        return [repr (i.read () if i else None).encode ()]
    if p == "/lines":
        sr ("200 OK", [("Content-Type", "text/plain")])
        i = env ["wsgi.input"]
        return [repr ([i.readline (), i.read (2)]).encode ()]
    if p == "/big": sr ("200 OK", [("Content-Type", "text/plain")]); return [b"z" * 5000]
    if p == "/was":
        from skitai import was
        sr ("200 OK", [("Content-Type", "text/plain")]); return [was.request.method.encode ()]
    if p == "/404": sr ("404 Not Found", [("Content-Type", "text/plain")]); return [b"wsgi 404"]
    sr ("200 OK", [("Content-Type", "text/html; charset=utf-8")])
    return [("fallback " + p).encode ()]
if __name__ == "__main__":
    skitai.mount ("/", app)
    skitai.mount ("/", wsgi)
    skitai.mount ("/w", wsgi, name = "w2")
    skitai.run (port = 5000)
