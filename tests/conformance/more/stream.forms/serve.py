import io
import os
import time
import skitai
from atila import Atila
app = Atila (__name__)
app.securekey = "abcdefgh12345678"
app.g.log = []
@app.teardown_request
def teardown (was): app.g.log.append ("teardown")
@app.failed_request
def failed (was, e): app.g.log.append ("failed")
@app.route ("/log")
def log (was):
    l, app.g.log = app.g.log, []
    return was.API (log = l)
def gen (*items):
    for i in items: yield i
@app.route ("/bytearray")
def ba (was): return gen (bytearray (b"a"), b"b")
@app.route ("/mixed")
def mixed (was): return gen ("a", b"b", "é")
@app.route ("/empties")
def empties (was): return gen ("", "a", "", b"", "b", "")
@app.route ("/nones")
def nones (was): return gen ("a", None, "b")
@app.route ("/ints")
def ints (was): return gen ("a", 5)
@app.route ("/dicts")
def dicts (was): return gen ("a", {"b": 1})
@app.route ("/firsterror")
def firsterror (was):
    def g ():
        raise ValueError ("x")
        yield
    return g ()
@app.route ("/midhttp")
def midhttp (was):
    def g ():
        yield "a"
        raise was.Error ("400 Bad Request")
    return g ()
@app.route ("/list")
def list_ (was): return ["a", "b"]
@app.route ("/tuple")
def tuple_ (was): return ("a", "b")
@app.route ("/map")
def map_ (was): return map (str, [1, 2])
@app.route ("/filter")
def filter_ (was): return filter (None, ["a", "", "b"])
@app.route ("/iterlist")
def iterlist (was): return iter ([b"a", b"b"])
@app.route ("/set")
def set_ (was): return {"a"}
@app.route ("/dictkeys")
def dictkeys (was): return {"a": 1}.keys ()
class It:
    def __init__ (self): self.n = 0
    def __iter__ (self): return self
    def __next__ (self):
        self.n += 1
        if self.n > 3: raise StopIteration
        return str (self.n)
@app.route ("/itobj")
def itobj (was): return It ()
@app.route ("/strio")
def strio (was): return io.StringIO ("text é")
@app.route ("/bytesio")
def bytesio (was): return io.BytesIO (b"bytes")
@app.route ("/bytesio-pos")
def bytesio_pos (was):
    b = io.BytesIO (b"bytes"); b.read (2)
    return b
@app.route ("/openfile")
def openfile (was): return open ("data.txt", "rb")
@app.route ("/opentext")
def opentext (was): return open ("data.txt")
@app.route ("/response-file")
def response_file (was): return was.response ("200 OK", open ("data.txt", "rb"), headers = [("Content-Type", "text/x")])
@app.route ("/response-list")
def response_list (was): return was.response ("200 OK", ["a", "b"])
@app.route ("/response-201")
def response_201 (was): return was.response ("201 Created", gen ("a"), headers = {"X-A": "1"})
@app.route ("/response-404")
def response_404 (was): return was.response ("404 Not Found", gen ("a"))
@app.route ("/response-204")
def response_204 (was): return was.response ("204 No Content", gen ("a"))
@app.route ("/clen")
def clen (was):
    was.response ["Content-Length"] = "2"
    return gen ("ab")
@app.route ("/yield-status")
def yield_status (was):
    was.response.set_status ("201 Created")
    yield "a"
@app.route ("/yield-cookie")
def yield_cookie (was):
    was.cookie.set ("a", "b")
    yield "x"
@app.route ("/cookie-gen")
def cookie_gen (was):
    was.cookie.set ("a", "b")
    was.session.set ("k", "v")
    return gen ("x")
@app.route ("/yield-return")
def yield_return (was):
    yield "a"
    return "b"
@app.route ("/yieldfrom")
def yieldfrom (was):
    yield from gen ("a", "b")
@app.route ("/yield-arg", methods = ["GET", "POST"])
def yield_arg (was, a, b = "2"):
    yield a
    yield b
@app.route ("/yield-post", methods = ["POST"])
def yield_post (was):
    yield str (was.request.FORM)
class More:
    def __init__ (self): self.l = [b"a", b"b", b"c"]
    def more (self): return self.l.pop (0) if self.l else b""
@app.route ("/more")
def more (was): return More ()
class MoreStr:
    def __init__ (self): self.l = ["a", "b"]
    def more (self): return self.l.pop (0) if self.l else ""
@app.route ("/more-str")
def more_str (was): return MoreStr ()
class Reader:
    def __init__ (self): self.l = [b"a", b"b"]
    def read (self, n = -1): return self.l.pop (0) if self.l else b""
    def close (self): app.g.log.append ("closed")
@app.route ("/reader")
def reader (was): return Reader ()
@app.route ("/big")
def big (was):
    was.response ["Content-Type"] = "text/plain"
    return gen (*["x" * 1000] * 10)
@app.route ("/bigbin")
def bigbin (was):
    was.response ["Content-Type"] = "application/octet-stream"
    return gen (*[b"x" * 1000] * 10)
@app.route ("/close-gen")
def close_gen (was):
    def g ():
        try:
            yield "a"
        finally:
            app.g.log.append ("finally")
    return g ()
@app.route ("/q")
def q (was):
    def p (queue):
        queue.put ("a"); queue.put (b"b"); queue.put ("é"); queue.put (None)
    return was.Queue (p)
@app.route ("/q-empty")
def q_empty (was):
    def p (queue): queue.put (None)
    return was.Queue (p)
@app.route ("/q-kw")
def q_kw (was):
    def p (queue):
        for i in range (20): queue.put (str (i) + ",")
        queue.put (None)
    return was.Queue (p, max_size = 2, wait_timeout = 3, use_thread_pool = False)
@app.route ("/q-status")
def q_status (was):
    was.response.set_status ("201 Created")
    was.response ["X-A"] = "1"
    was.cookie.set ("a", "b")
    def p (queue):
        queue.put ("z"); queue.put (None)
    return was.Queue (p)
@app.route ("/threadpass-gen")
def threadpass_gen (was):
    return was.ThreadPass (lambda was: gen ("a", "b"))
@app.route ("/then-gen")
def then_gen (was):
    return was.Mask (1).then (lambda was, t: gen ("a", "b"))
@app.route ("/file-obj")
def file_obj (was): return was.File (io.BytesIO (b"abc"), "text/x", "a.txt")
@app.route ("/file-path")
def file_path (was): return was.File ("data.txt", "text/plain", "é x.txt")
@app.route ("/file-default")
def file_default (was): return was.File ("data.txt")
@app.route ("/file-name")
def file_name (was): return was.File ("data.txt", filename = 'a"b.txt')
@app.route ("/file-missing")
def file_missing (was): return was.File ("nope.txt")
@app.route ("/file-dir")
def file_dir (was): return was.File (".")

@app.route ("/in", methods = ["POST", "PUT"], coroutine = True, input_stream = True)
def in_ (was, tail = ""):
    n = 0
    while 1:
        d = yield was.Input (5)
        if not d: break
        n += len (d)
    return "{} {}".format (n, tail)
@app.route ("/in-api", methods = ["POST"], coroutine = True, input_stream = True)
def in_api (was):
    d = yield was.Input (100)
    return was.API ("201 Created", d = d.decode ())
@app.route ("/in-early", methods = ["POST"], coroutine = True, input_stream = True)
def in_early (was):
    d = yield was.Input (3)
    return d
@app.route ("/in-error", methods = ["POST"], coroutine = True, input_stream = True)
def in_error (was):
    d = yield was.Input (3)
    raise was.Error ("422 Unprocessable Entity", "no")
@app.route ("/in-crash", methods = ["POST"], coroutine = True, input_stream = True)
def in_crash (was):
    d = yield was.Input (3)
    1 / 0
@app.route ("/in-default", methods = ["POST"], coroutine = True, input_stream = True)
def in_default (was):
    l = []
    while 1:
        d = yield was.Input ()
        if not d: break
        l.append (len (d))
    return str (sum (l))
@app.route ("/in-task", methods = ["POST"], coroutine = True, input_stream = True)
def in_task (was):
    while 1:
        d = yield was.Input (100)
        if not d: break
        t = yield was.Mask (d.decode ().upper ())
        yield t.fetch ()
@app.route ("/in-path/<int:n>", methods = ["POST"], coroutine = True, input_stream = True)
def in_path (was, n):
    d = yield was.Input (n)
    return type (d).__name__ + " " + d.decode ()
@app.route ("/in-notused", methods = ["POST"], coroutine = True, input_stream = True)
def in_notused (was):
    t = yield was.Mask ("x")
    return t.fetch ()

if __name__ == "__main__":
    import skitai
    skitai.mount ("/", app)
    skitai.run (port = 5000)
