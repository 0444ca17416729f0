from atila import Atila
ORDER = []
def __config__ (pref):
    pref.config.FROM_CONFIG = "fc"
    ORDER.append ("config")
def __app__ ():
    ORDER.append ("app")
    return Atila (__name__)
def fn (app, opts):
    ORDER.append ("fn %s" % opts.get ("foo"))
    @app.route ("/fn")
    def f_n (was): return "fn"
def __setup__ (app, mntopt):
    from . import services, plain
    ORDER.append ("setup %s" % mntopt ["point"])
    app.mount ("/", services)
    app.mount ("/plain", plain, ns = "pl", color = "red")
    app.mount ("/fnp", fn, foo = 1)
    app.mount ("/dbg", plain, ns = "dbg", debug_only = True)
def __mount__ (app, mntopt):
    ORDER.append ("mount")
    @app.route ("/")
    def index (was): return "index"
    @app.route ("/order")
    def order (was): return was.API (order = [o.split (".") [-1] for o in ORDER])
    @app.route ("/opts")
    def opts (was): return was.API (mntopt = {k: v for k, v in mntopt.items () if k != "base_dir"}, r = was.request.routable ["mntopt"])
    @app.route ("/cfg")
    def cfg (was): return was.API (title = app.config.TITLE, fc = app.config.FROM_CONFIG, n = app.config.get ("NOPE"), item = app.config ["TITLE"])
    @app.route ("/attr")
    def attr (was): return was.API (custom = app.custom, base = app.basepath, name = app.name, an = app.app_name)
    @app.route ("/urls")
    def urls (was):
        out = {}
        for n in ("index", "v1.index", "items.list", "items.one", "services.index", "shop.services.v1.items.one", "pl.plain", "v1.items.one", "v2.items.one", "deep.d", "v1.items.deep.d", "f_n", "dbg.plain", "v1.index_slash"):
            try: out [n] = was.urlfor (n)
            except Exception as e: out [n] = type (e).__name__
            try: out [n + "+3"] = was.urlfor (n, 3)
            except Exception as e: out [n + "+3"] = type (e).__name__
        return was.API (out)
    @app.route ("/pipes")
    def pipes (was):
        out = {}
        for n, k in (("index", {}), ("v1.index", {}), ("v1.items.one", dict (id = 5)), ("v2.items.one", dict (id = 6)), ("pl.plain", {})):
            try: out [n] = str (was.pipe (n, **k))
            except Exception as e: out [n] = type (e).__name__
        return was.API (out)
