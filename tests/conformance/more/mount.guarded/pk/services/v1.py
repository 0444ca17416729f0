def __mount__ (app, mntopt):
    @app.route ("/items/<int:id>", methods = ["GET", "POST", "DELETE", "OPTIONS"])
    @app.permission_required (["user"], id = ["staff"], DELETE = ["admin"])
    def items (was, id = None, q = 1): return was.API (id = id, q = q, user = was.request.user, u = was.urlfor ("v1.items", id))
    @app.route ("/open", methods = ["GET", "POST", "OPTIONS"], content_types = ["application/json"])
    @app.inspect ("POST", strings = ["name"], name__len__gt = 2, age = int, age__gte = 18)
    def open_ (was, name = None, age = None, **kw): return was.API (name = name, age = age, kw = kw)
    @app.route ("/up", methods = ["POST"])
    def up (was, f, note = ""): return was.API (n = f.name, s = f.size, t = f.mimetype, e = f.ext, note = note, ty = type (f.read ()).__name__)
    @app.route ("/page/<path:p>")
    def page (was, p = "home"): return was.render_or_API ("p.j2", p = p, n = len (p))
    @app.route ("/cookie")
    def cookie (was):
        was.cookie ["a"] = "1"
        was.session ["x"] = "y"
        was.mbox.send ("hi")
        return was.redirect (was.urlfor ("v1.page", "x/y"))
