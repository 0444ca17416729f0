import skitai

def __mount__ (app, mntopt):
    app.g.watchers = {}

    def arrived (was):
        app.g.watchers [was.websocket.client_id] = was.request.ARGS ["name"]
        return "hello {}".format (was.request.ARGS ["name"])

    def left (was):
        app.g.watchers.pop (was.websocket.client_id, None)

    @app.route ("/live")
    @app.websocket (skitai.WS_CHANNEL | skitai.WS_THREAD, 60, arrived, left)
    def live (was, message, name):
        found = was.db ("@shop").select ("book").filter (title = message).execute ().fetch ()
        return "{}: {}".format (message, found [0].pieces if found else "unknown")

    @app.route ("/<int:id>", methods = ["PUT"])
    @app.permission_required (["staff"])
    @app.inspect ("JSON", ints = ["pieces"])
    def count (was, id, pieces):
        was.db ("@shop").update ("book").set (pieces = pieces).filter (id = id).execute ().commit ()
        for client_id in list (app.g.watchers):
            app.websocket_send (client_id, "book {} has {} pieces now".format (id, pieces))
        return was.response.API (id = id, pieces = pieces)

    @app.route ("/watchers")
    def watchers (was):
        return was.response.API (watchers = sorted (app.g.watchers.values ()))
