import skitai
import other
from atila import Atila
app = Atila (__name__)
@app.route ("/")
def index (was): return "x"
@app.route ("/a/<x>/b/<int:y>")
def ab (was, x, y, z = None, **kw): return "x"
@app.route ("/f/<float:v>")
def f (was, v = 1.5): return "x"
@app.route ("/p/<path:p>")
def p (was, p = ""): return "x"
@app.route ("/q")
def q (was, a, b = 2): return "x"
@app.route ("/s/")
def s (was): return "x"
@app.route ("/multi/one")
@app.route ("/multi/two/<n>")
def multi (was, n = None): return "x"
CALLS = {
 "ab1": lambda w: w.urlfor ("ab", "x y", 3), "ab2": lambda w: w.urlfor ("ab", "x/y", 3, "z z"), "ab3": lambda w: w.urlfor ("ab", x = "a_b", y = "me", extra = [1, 2]), "ab4": lambda w: w.urlfor ("ab", "x"), "ab5": lambda w: w.urlfor ("ab", "x", 1, 2, 3), "ab6": lambda w: w.urlfor (ab, "x", y = 2, z = True),
 "f0": lambda w: w.urlfor ("f"), "f1": lambda w: w.urlfor ("f", 2.50), "f2": lambda w: w.urlfor ("f", v = "me"),
 "p0": lambda w: w.urlfor ("p"), "p1": lambda w: w.urlfor ("p", "/a/b"), "p2": lambda w: w.urlfor ("p", "a b/c_d/\uae00"),
 "q0": lambda w: w.urlfor ("q"), "q1": lambda w: w.urlfor ("q", 1), "q2": lambda w: w.urlfor ("q", a = "1&2", b = None), "q3": lambda w: w.urlfor ("q", b = 5), "q4": lambda w: w.urlfor ("q", "\uae00", b = ["x", "y"]), "q5": lambda w: w.urlfor ("q", a = 1, c = 2), "q6": lambda w: w.urlfor ("q", a = "", b = 0),
 "s": lambda w: w.urlfor ("s"), "m0": lambda w: w.urlfor ("multi"), "m1": lambda w: w.urlfor ("multi", "z"),
 "abs": lambda w: w.urlfor ("/x/y?z=1"), "absargs": lambda w: w.urlfor ("/x", 1), "abskw": lambda w: w.urlfor ("/x", a = 1), "empty": lambda w: w.urlfor (""), "none": lambda w: w.urlfor ("zzz"), "other": lambda w: w.urlfor ("other:index"), "other2": lambda w: w.urlfor ("other:one", 5), "other3": lambda w: w.urlfor ("other:/abs"), "othernone": lambda w: w.urlfor ("nope:index"), "otherstatic": lambda w: w.static ("other:a.css"),
 "base1": lambda w: w.baseurl ("ab"), "base2": lambda w: w.baseurl ("q"), "base3": lambda w: w.baseurl ("p"), "base4": lambda w: w.baseurl ("other:one"), "base5": lambda w: w.basepath ("f"), "base6": lambda w: w.baseurl (ab), "base7": lambda w: w.baseurl ("zzz"),
 "spec1": lambda w: w.urlspec ("ab"), "spec2": lambda w: w.urlspec ("q"), "spec3": lambda w: w.urlspec ("p"), "spec4": lambda w: w.urlspec ("f"), "spec5": lambda w: w.urlspec ("multi"), "spec6": lambda w: w.urlspec ("index"),
 "ab": lambda w: w.ab ("q", 1), "appurl": lambda w: w.app.urlfor ("q", 1), "appbuild": lambda w: w.app.build_url ("q", 1), "static": lambda w: w.static ("a b.css"), "static2": lambda w: w.static ("x.css?v=1"), "media": lambda w: w.media ("m.png"), "media2": lambda w: w.media ("/m.png"), "bool": lambda w: w.urlfor ("q", True), "wrapped": lambda w: w.urlfor (multi), "lambda": lambda w: w.urlfor (len),
 "patch0": lambda w: w.urlpatch ("q", a = 1), "patch1": lambda w: w.partial ("q"), "pipe1": lambda w: w.pipe ("q", 1), "pipe2": lambda w: w.pipe (q, a = 1), "pipe3": lambda w: w.pipe ("other:one", 5), "pipe4": lambda w: w.pipe ("zz"), "pipe5": lambda w: w.pipe ("q"), "pipe6": lambda w: w.pipe (q, 1, 2, 3),
}
@app.route ("/call/<name>")
def call (was, name, **k):
    try: v = CALLS [name] (was)
    except Exception as e: v = "!" + type (e).__name__
    return was.API (v = v)
if __name__ == "__main__":
    with skitai.preference () as pref:
        skitai.mount ("/o", other, pref)
    skitai.mount ("/app", app, name = "main")
    skitai.run (port = 5000)
