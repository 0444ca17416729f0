from atila import Atila

app = Atila (__name__)

import time
def err (f):
    try: return f ()
    except Exception as e: return [type (e).__name__]
@app.route ("/csrf")
def csrf (was): return was.csrf_token
@app.route ("/csrf_input")
def csrf_input (was): return was.csrf_token_input
@app.route ("/gen")
def gen (was): was.generate_csrf (); return "g"
@app.route ("/rm")
def rm (was): was.remove_csrf (); return "r"
@app.route ("/v", methods = ["GET", "POST"])
def v (was, **kw): return was.API (ok = was.verify_csrf (), kw = sorted (kw))
@app.route ("/vo", methods = ["GET", "POST"])
def vo (was, **kw): return was.API (ok = was.csrf_verify (False))
@app.route ("/need", methods = ["POST", "PUT", "GET"])
@app.csrf_verification_required
def need (was, **kw): return was.API (kw = sorted (kw))
@app.route ("/need2", methods = ["POST"])
@app.csrf_verification_required
def need2 (was, a): return a
@app.route ("/otp")
def otp (was):
    o = was.generate_otp ()
    p = was.generate_otp ("salt")
    return was.API (n = len (o), same = was.verify_otp (o) == o, wrong = was.verify_otp ("x"), salt = was.verify_otp (p, "salt") == p, cross = was.verify_otp (p), empty = was.verify_otp (""))
@app.route ("/ott")
def ott (was):
    t = was.encode_ott ({"a": [1, "x", None]})
    return was.API (d = was.decode_ott (t), bad = was.decode_ott ("zz"), bad2 = was.decode_ott (t [:-3] + "abc"), empty = was.decode_ott (""), q = t.count ("?"), exp = was.decode_ott (was.encode_ott (1, -5)), never = was.decode_ott (was.encode_ott ("n", 0)), none = was.decode_ott (was.encode_ott ("n", None)))
@app.route ("/mk")
def mk (was, k = None): return was.encode_ott ("val", 60, k) if k else was.mktoken ("val", 60)
@app.route ("/de", methods = ["GET", "POST"])
def de (was, t): return was.API (d = was.decode_ott (t))
@app.route ("/rev", methods = ["GET", "POST"])
def rev (was, t): was.revoke_ott (t); return was.API (d = was.decode_ott (t))
@app.route ("/jwt")
def jwt (was):
    a = was.encode_jwt ({"exp": 4000000000, "username": "k"})
    b = was.mkjwt ({"exp": 4000000000, "x": 1}, alg = "HS512")
    c = was.encode_jwt ({"exp": 4000000000}, "othersalt")
    return was.API (a = was.decode_jwt (a), b = was.dejwt (b), c = was.decode_jwt (c), c2 = was.decode_jwt (c, "othersalt"), old = was.decode_jwt (was.encode_jwt ({"exp": 100})), nb = was.decode_jwt (was.encode_jwt ({"exp": 4000000000, "nbf": 3900000000})), bad = was.decode_jwt ("a.b.c"), bad2 = was.decode_jwt ("abc"), noexp = err (lambda: was.encode_jwt ({"a": 1})), alg = err (lambda: was.encode_jwt ({"exp": 4000000000}, alg = "none")), user = str (was.request.user))
@app.route ("/nojwt")
def nojwt (was): return was.API (j = was.decode_jwt (), r = was.request.JWT)
@app.route ("/pw")
def pw (was):
    s, g = was.encrypt_password ("secret")
    return was.API (ok = was.verify_password ("secret", s, g), no = was.verify_password ("x", s, g), types = [type (s).__name__, type (g).__name__])

if __name__ == "__main__":
    import skitai
    with skitai.preference () as pref:
        pref.securekey = "k3y-for-b"
        skitai.mount ("/", app, pref)
    skitai.run (port = 5000)
