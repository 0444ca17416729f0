from .. import LOG
def __setup__ (app, mntopt):
    LOG.append (["setup", "b", mntopt ["point"]])
def __mount__ (app, mntopt):
    LOG.append (["mount", "b", mntopt ["point"]])
    @app.route ("/pb")
    def p (was): return was.API (o = mntopt, u = was.urlfor (p), b = was.baseurl (p), s = was.urlspec (p))
    @app.route ("")
    def top (was): return "top b"
