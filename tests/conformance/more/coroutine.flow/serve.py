from atila import Atila

app = Atila (__name__)

import time
def nap (s, v): time.sleep (s); return v
def boom (): raise ValueError ("boom")
R = lambda p: app.route (p, coroutine = True)
@R ("/1")
def c1 (was):
    a = yield was.Thread (nap, 0.05, 1)
    b = yield was.Process (abs, -2)
    c = yield was.Subprocess ("printf 3")
    d = yield was.Mask (4)
    return was.API (r = [a.fetch (), b.fetch (), c.fetch (), d.fetch ()])
@R ("/2")
def c2 (was):
    ts = yield was.Tasks (was.Mask (1), was.Thread (nap, 0.05, 2))
    return was.API (r = ts.fetch ())
@R ("/3")
def c3 (was):
    ts = yield was.Tasks (a = was.Mask (1), b__one = was.Mask ([2]))
    return was.API (ts.fetch ())
@R ("/4")
def c4 (was):
    t = yield was.Thread (boom)
    try: t.fetch ()
    except ValueError as e: return was.API ("400 Bad Request", e = str (e))
@R ("/5")
def c5 (was):
    t = yield was.Thread (boom)
    return was.API (r = t.fetch ())
@R ("/6")
def c6 (was):
    raise was.Error ("410 Gone", "early")
    yield
@R ("/7")
def c7 (was):
    yield was.Mask (1)
    raise was.Error ("410 Gone", "late")
@R ("/8")
def c8 (was):
    yield was.Mask (1)
    1 / 0
@R ("/9")
def c9 (was):
    yield "a"; yield "b"
    return "c"
@R ("/10")
def c10 (was):
    yield "a"
    yield b"b"
    t = yield was.Thread (nap, 0.05, "t")
    yield t.fetch ()
    yield "end"
@R ("/11")
def c11 (was):
    yield was.Mask (1)
    was.response.set_status ("201 Created")
    was.response.set_header ("X-C", "1")
    return was.API (made = True)
@R ("/12")
def c12 (was):
    t = yield was.Thread (nap, 0.05, 1)
    return was.Map (a = was.Mask (t.fetch ()))
@R ("/13")
def c13 (was):
    t = yield was.Thread (nap, 0.05, 1)
    return was.redirect ("/z")
@R ("/14")
def c14 (was):
    t = yield was.Thread (nap, 0.05, 1)
    return was.Fault ("409 Conflict", "x")
@R ("/15")
def c15 (was):
    t = yield was.Thread (nap, 0.05, 1)
    return was.response ("206 Partial", "p", headers = [("Content-Type", "text/csv")])
@R ("/16")
def c16 (was):
    t = yield was.Thread (nap, 0.05, 1)
    return was.render ("c.j2", v = t.fetch ())
@R ("/17")
def c17 (was):
    a = was.Thread (nap, 0.2, "a"); b = was.Thread (nap, 0.1, "b")
    b = yield b
    a = yield a
    return a.fetch () + b.fetch ()
@R ("/18")
def c18 (was, n = "3"):
    for i in range (int (n)):
        t = yield was.Thread (nap, 0.02, i)
        yield "%d," % t.fetch ()
@R ("/19")
def c19 (was):
    def gen ():
        t = yield was.Thread (nap, 0.02, 5)
        return t.fetch ()
    v = yield from gen ()
    return was.API (v = v)
@R ("/20")
def c20 (was):
    t = yield was.Mask ([{"id": 1}])
    return was.API (r = t.one ().get ("id"), f = t.fetch (), c = t.status_code)
@R ("/21")
def c21 (was):
    t = yield was.Thread (nap, 0.02, [1, 2])
    return was.API (r = t.one ())
@R ("/22")
def c22 (was):
    was.session ["c"] = 1
    was.cookie ["k"] = "v"
    t = yield was.Thread (nap, 0.02, 1)
    was.session ["d"] = 2
    return "s"
@R ("/23")
def c23 (was):
    return was.API (s = sorted (k for k in was.session.keys () if k [0] != "_"), k = was.cookie ["k"])
    yield
@app.route ("/24", coroutine = True, methods = ["POST"])
@app.inspect (ints = "n")
def c24 (was, n, **kw):
    t = yield was.Mask (n * 2)
    return was.API (n = t.fetch (), kw = kw)
@R ("/25/<int:i>")
def c25 (was, i, q = "dq"):
    t = yield was.Mask (i)
    return was.API (i = t.fetch (), q = q, a = was.request.ARGS)
@R ("/26")
def c26 (was):
    yield "x"
    raise was.Error ("400 Bad Request")
@R ("/27")
def c27 (was):
    yield was.Thread (nap, 0.02, 1)
    yield "streamed "
    yield was.Thread (nap, 0.02, 1)
    return "tail"
@R ("/28")
def c28 (was):
    t = yield was.Tasks (was.Thread (boom), was.Mask (1))
    try: t.fetch ()
    except ValueError: return "caught"
@R ("/29")
def c29 (was):
    t = yield was.Thread (nap, 0.02, 1)
    return None
@R ("/30")
def c30 (was):
    t = yield was.Thread (nap, 0.02, 1)
    return ["a", "b"]
@R ("/31")
def c31 (was):
    t = yield was.Thread (nap, 0.02, 1)
    return was.Thread (nap, 0.02, "z").then (lambda was, t: "then " + t.fetch ())
@R ("/32")
def c32 (was):
    t = yield was.Thread (nap, 0.02, 1)
    return (x for x in ("g", "h"))
@app.coroutine
def deco (was):
    t = yield was.Mask ("d")
    return t.fetch ()
@app.route ("/33")
@app.coroutine
def c33 (was):
    t = yield was.Mask ("dd")
    return t.fetch ()
@R ("/34")
def c34 (was):
    yield 5
    return "x"
@R ("/35")
def c35 (was):
    x = yield None
    return "x"
@R ("/36")
def c36 (was):
    t = yield was.Thread (nap, 0.02, 1)
    return was.File ("serve.py", "text/plain", "s.txt") if 0 else was.API (ok = 1)
@R ("/37")
def c37 (was):
    t = yield was.Thread (nap, 0.02, 1)
    return b"bytes"
@R ("/38")
def c38 (was):
    t = yield was.Thread (nap, 0.02, {"a": 1})
    return was.API (t.fetch ())
@R ("/39")
def c39 (was):
    ts = yield was.Tasks ([was.Mask (i) for i in range (3)])
    a, b, c = ts.fetch ()
    return was.API (s = a + b + c, l = [t.fetch () for t in ts])

if __name__ == "__main__":
    import skitai
    with skitai.preference () as pref:
        pref.securekey = "k3y-for-b"
        skitai.mount ("/", app, pref)
    skitai.run (port = 5000)
