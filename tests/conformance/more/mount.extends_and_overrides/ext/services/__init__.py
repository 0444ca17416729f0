
def __mount__ (app, mntopt):
    @app.route ("/only-ext")
    def only_ext (was): return "ext only " + str (was.request.routable ["overridable"]) + was.urlfor ("only_ext")
    @app.route ("/both-ext")
    def both_ext (was): return "ext both"
    @app.route ("/three", methods = ["POST"])
    def three_post (was): return "ext three post"
