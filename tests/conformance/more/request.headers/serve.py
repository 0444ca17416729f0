from atila import Atila

app = Atila (__name__)

@app.route ("/m", methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def m (was, **k):
    r = was.request
    return was.API (method = r.method, command = r.command, uri = r.uri, version = r.version, scheme = r.scheme, split = r.split_uri (), ct = r.get_content_type (), main = r.get_main_type (), sub = r.get_sub_type (), cl = r.get_content_length (), ua = r.get_user_agent (), cs = r.get_charset (), addr = r.get_remote_addr (), ra = r.remote_addr, body = (r.get_body () or b"").decode ("utf8", "replace"), isnone = r.get_body () is None, user = r.user, same = [r.cookie is was.cookie, r.env is was.env])
@app.route ("/h")
def h (was):
    r = was.request
    return was.API (a = r.get_header ("x-a"), b = r.get_header ("X-B", "dflt"), c = r.headers.get ("X-a"), p = r.get_header_params ("x-p") if r.get_header ("x-p") else None, at = r.get_attr ("x-p", "q", "z"), np = r.get_header_noparam ("x-p"), lst = [x for x in r.get_headers () if x.lower ().startswith ("x-")])
@app.route ("/props")
def props (was):
    r = was.request
    return was.API (ref = r.referer, org = r.origin, ua = r.user_agent, ct = r.content_type, rip = r.get_real_ip (), rp = r.real_ip, priv = r.is_private_ip (), acc = r.acceptables)
@app.route ("/echo")
def echo (was):
    was.response.set_header ("X-Echo", was.request.get_header ("x-in") or "none")
    return was.request.get_header ("x-in") or "none"
@app.route ("/set", methods = ["POST", "GET"])
def set_ (was, a = 1, **k):
    was.request.ARGS ["z"] = 9
    return was.API (a = was.request.ARGS.a, z = was.request.ARGS ["z"], none = was.request.ARGS.get ("no"), dict = was.request.dict (), args = was.request.args)
@app.route ("/misc")
def misc (was):
    return was.API (ts = type (was.timestamp).__name__, uid = len (was.make_uid ()), uid2 = was.make_uid ("a"), ver = was.version is not None, id = was.ID is not None, clone = was.cloned, app = was.app.name, hasg = hasattr (was, "g"), nope = hasattr (was, "nope"))
@app.route ("/envs", methods = ["GET", "POST"])
def envs (was, **k):
    e = was.env
    return was.API ({k: str (e.get (k)) for k in ("REQUEST_METHOD", "REQUEST_URI", "REQUEST_VERSION", "SERVER_PROTOCOL", "GATEWAY_INTERFACE", "REMOTE_ADDR", "SCRIPT_NAME", "SCRPIT_PATH", "PATH_INFO", "QUERY_STRING", "CONTENT_TYPE", "CONTENT_LENGTH", "CONNECTION_TYPE", "HTTP_ACCEPT", "HTTP_X_A", "HTTP_COOKIE", "HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH", "SERVER_SOFTWARE", "wsgi.url_scheme", "wsgi.multithread", "wsgi.multiprocess", "wsgi.run_once", "wsgi.input", "HOME")})
@app.route ("/err/<kind>")
def err (was, kind):
    try: return str (getattr (was, kind))
    except AttributeError as e: return "AE " + str (e)

if __name__ == "__main__":
    import skitai
    skitai.mount ("/", app)
    skitai.run (port = 5000)
