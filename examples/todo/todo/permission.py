"""Who asks: a bearer token tells, and what it says decides what is allowed."""


class Account:
    """Whoever has sent a valid token.

    Attributes:
        level: "user", or "staff", who may do everything.
    """

    def __init__(self, name, level):
        self.name = name
        self.level = level


def install(app):
    """Give the app its permission handler, which @app.permission_required calls."""

    @app.permission_handler
    def permission_handler(was, perms):
        claims = was.request.JWT
        if "err" in claims:
            raise was.Error("401 Unauthorized", claims["err"])
        was.request.user = Account(claims["name"], claims["level"])
        if "staff" in perms and was.request.user.level != "staff":
            raise was.Error("403 Permission Denied", "staff only")
