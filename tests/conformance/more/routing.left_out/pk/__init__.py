from atila import Atila
def __app__ (): return Atila (__name__)
def __setup__ (app, mntopt):
    from .services import users, top
    app.mount ("/users", users)
    app.mount ("/top", top, ns = "tt")
def __mount__ (app, mntopt):
    @app.route ("/r/<int:x>", methods = ["GET"])
    def r1 (was, x = 1): return "r1 %s" % x
    @app.route ("/r/<int:x>", methods = ["GET"])
    def r2 (was, x = 2): return "r2 %s" % x
    @app.route ("/s", methods = ["POST"])
    def s1 (was): return "s1"
    @app.route ("/s/<int:x>", methods = ["GET"])
    def s2 (was, x = 2): return "s2 %s" % x
    @app.route ("/t/<int:x>", methods = ["GET"])
    def t1 (was, x = 2): return "t1 %s" % x
    @app.route ("/t", methods = ["POST"])
    def t2 (was): return "t2"
    @app.route ("/v/<int:x>", methods = ["GET"])
    def v1 (was, x = 2): return "v1 %s" % x
    @app.route ("/v/<name>", methods = ["GET"])
    def v2 (was, name = "n"): return "v2 %s" % name
    @app.route ("/w/<int:x>", methods = ["POST"])
    def w1 (was, x = 2): return "w1 %s" % x
    @app.route ("/w/<name>", methods = ["GET"])
    def w2 (was, name = "n"): return "w2 %s" % name
    @app.route ("/y/", methods = ["GET"])
    def y1 (was): return "y1"
    @app.route ("/y/<name>", methods = ["GET"])
    def y2 (was, name = "n"): return "y2 %s" % name
    @app.route ("/z/<name>", methods = ["GET"])
    def z1 (was, name = "n"): return "z1 %s" % name
    @app.route ("/z/<name>/more", methods = ["GET"])
    def z2 (was, name = "n"): return "z2 %s" % name
