from atila import Atila

def __app__ ():
    return Atila (__name__)

def __mount__ (app, mntopt):
    @app.route ("/a", methods = ["GET"])
    def a1 (was): return "a1"
    @app.route ("/a", methods = ["POST", "PUT"])
    def a2 (was, **f): return "a2 " + was.request.method
    @app.route ("/a", methods = ["GET"])
    def a3 (was): return "a3"
    @app.route ("/b/<int:n>", methods = ["GET"])
    def b1 (was, n): return "b1 %s" % n
    @app.route ("/b/<int:n>", methods = ["DELETE", "PATCH"])
    def b2 (was, n, **k): return "b2 %s" % n
    @app.route ("/b/<name>")
    def b3 (was, name): return "b3 " + name
    @app.route ("/b/9")
    def b4 (was): return "b4"
    @app.route ("/c/")
    def c1 (was): return "c1"
    @app.route ("/c/<x>")
    def c2 (was, x): return "c2 " + x
    @app.route ("/d/<x>/y")
    def d1 (was, x): return "d1 " + x
    @app.route ("/d/<path:x>")
    def d2 (was, x): return "d2 " + x
    @app.route ("/d/z/y")
    def d3 (was): return "d3"
    @app.route ("/e", methods = ["OPTIONS", "GET"])
    def e (was): return "e " + was.request.method
    @app.route ("/many/one")
    @app.route ("/many/two", methods = ["PUT"])
    @app.route ("/many/<int:k>")
    def many (was, k = 0): return "many %s" % k
    @app.route ("/secret/x")
    def sx (was): return "sx"
    @app.route ("/gone/<int:q>")
    def gq (was, q): return "gq"
    @app.route ("/u")
    def u (was): return was.API (many = was.urlfor ("many"), c = was.urlfor ("c1"), a = was.urlfor ("a2"), d = was.urlfor ("d2", "x/y z"))
    app.unroute ("/secret/*")
    app.unroute ("/gone/[0-4]", 410)
    app.unroute ("*.php", 403)
