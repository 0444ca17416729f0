from atila import Atila
def __app__ (): return Atila (__name__)
def __setup__ (app, mntopt):
    from .services import v1, admin
    app.mount ("/v1", v1, ns = "v1")
    app.mount ("/admin", admin, authenticate = "basic")
    @app.before_request
    def before (was):
        was.response.set_header ("X-Before", was.request.method)
        if was.request.URL.get ("deny"): raise was.Error ("403 Forbidden", "denied by hook", 40399)
        if was.request.URL.get ("short"): return was.API (short = True)
        if was.request.URL.get ("resp"): return was.response ("202 Accepted", "resp")
        if was.request.URL.get ("boom"): 1 / 0
    @app.finish_request
    def finish (was): was.response.set_header ("X-Finish", was.response.get_status ())
    @app.failed_request
    def failed (was, expt):
        was.response.set_header ("X-Failed", expt [0].__name__)
        if was.request.URL.get ("rescue"): return "rescued"
    @app.teardown_request
    def teardown (was): was.response.set_header ("X-Teardown", "1")
    @app.permission_handler
    def ph (was, perms):
        role = was.request.get_header ("x-role")
        if not role: raise was.Error ("401 Unauthorized", "no role")
        was.request.user = role
        if perms and role not in perms: raise was.Error ("403 Permission Denied", "need " + ",".join (sorted (perms)))
    @app.error_handler (401)
    def e401 (was, error): return was.API (e = 401, d = error ["detail"])
