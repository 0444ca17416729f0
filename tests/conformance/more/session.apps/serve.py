import skitai
from atila import Atila
a = Atila ("a"); b = Atila ("b"); c = Atila ("c")
def routes (app):
    @app.route ("/set")
    def set_ (was, v = "1"): was.session ["v"] = app.app_name + v; was.mbox.send ("from " + app.app_name); return "set"
    @app.route ("/get")
    def get (was): return was.API (v = was.session.get ("v"), m = [m [4] for m in was.mbox.get ()])
    @app.route ("/peek")
    def peek (was): return was.API (v = was.session.get ("v"))
    @app.route ("/expire")
    def expire (was): was.session.expire (); return "ex"
    @app.route ("/named")
    def named (was):
        was.session.mount ("NS"); was.session ["n"] = app.app_name; was.session.mount (); return "named"
    @app.route ("/named_get")
    def named_get (was):
        was.session.mount ("NS"); n = was.session.get ("n"); was.session.mount (); return was.API (n = n)
    @app.route ("/err")
    def err (was): was.session ["v"] = "x"; was.cookie ["c"] = "1"; raise was.Error ("400 Bad Request", "bad")
    @app.route ("/crash")
    def crash (was): was.cookie ["c"] = "1"; 1 / 0
    @app.route ("/jwt")
    def jwt (was): return was.encode_jwt ({"exp": 4000000000, "u": app.app_name})
    @app.route ("/dejwt")
    def dejwt (was, t): return was.API (was.decode_jwt (t))
    @app.route ("/csrf")
    def csrf (was): return was.csrf_token
    @app.error_handler (400)
    def e400 (was, error):
        was.cookie ["eh"] = "1"; was.session ["eh"] = 1
        return "own 400 " + str (was.session.get ("v"))
    @app.error_handler (404)
    def e404 (was, error):
        was.cookie ["e4"] = "1"
        return "own 404 " + str (was.session.get ("v"))
    @app.default_error_handler
    def dflt (was, error):
        was.cookie ["de"] = "1"
        return was.API (own = error ["code"])
for x in (a, b, c): routes (x)
@c.failed_request
def failed (was, expt):
    was.cookie ["ff"] = "1"
    if was.request.get_header ("x-fix"): return was.API ("202 Accepted", fixed = 1)
@c.teardown_request
def tear (was): was.cookie ["tt"] = "1"

if __name__ == "__main__":
    with skitai.preference () as pref:
        pref.securekey = "one"
        skitai.mount ("/", a, pref)
    with skitai.preference () as pref:
        pref.securekey = "two"
        skitai.mount ("/b", b, pref)
    with skitai.preference () as pref:
        pref.securekey = "one"
        pref.session_timeout = 500
        skitai.mount ("/c", c, pref)
    skitai.run (port = 5000)
