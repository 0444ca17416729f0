
def __setup__ (app):
    from ..v1 import items
def __mount__ (app):
    @app.route ("/items/<id>")
    def one (was, id): return "v2 " + id
