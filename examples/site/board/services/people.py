"""Signing in and out: a name is enough on this board."""


def __mount__(app, mntopt):
    @app.route("/sign-in", methods=["GET"])
    def sign_in(was):
        return was.render("sign_in.html")

    @app.route("/sign-in", methods=["POST"])
    @app.csrf_verification_required
    @app.inspect(strings=["name"], name__len__between=(2, 20))
    def signed_in(was, name, **form):
        was.session["name"] = name.strip()
        was.mbox.send(f"Welcome, {name.strip()}.", "done")
        return was.redirect(was.urlfor("notices.board"))

    @app.route("/sign-out", methods=["POST"])
    @app.csrf_verification_required
    def sign_out(was, **form):
        was.session.expire()
        was.mbox.send("You are signed out.", "done")
        return was.redirect(was.urlfor("notices.board"))
