
def __mount__ (app, mntopt):
    @app.route ("/both")
    def both (was): return "base both " + str (was.request.routable ["overridable"])
    @app.route ("/both-ext")
    def both_ext (was): return "base both-ext " + str (was.request.routable ["overridable"])
    @app.route ("/three", methods = ["GET"])
    def three (was): return "base three"
    @app.route ("/tpl/<name>")
    def tpl (was, name): return was.render (name + ".j2")
    @app.route ("/urls")
    def urls (was):
        out = {}
        for n in ("index", "both", "both_ext", "three", "only_ext", "only_over", "p"):
            try: out [n] = was.urlfor (n)
            except Exception as e: out [n] = type (e).__name__
        return was.API (out)
    @app.route ("/cfg")
    def cfg (was): return was.API (who = app.config.WHO, ext = app.config.get ("EXT"), over = app.config.get ("OVER"))
    @app.route ("/p/<int:n>")
    def p (was, n): return "base p %s" % n
