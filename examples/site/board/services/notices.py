"""The notices: a page of all, and a form for a new one."""

from .. import storage
from . import live


def __mount__(app, mntopt):
    @app.route("/", methods=["GET"])
    def board(was):
        notices = was.db("@board").select("notice").order_by("-id").limit(60).execute()
        return was.render_or_Map("board.html", notices=notices)

    @app.route("/new", methods=["GET"])
    @app.login_required
    def new(was):
        return was.render("new.html")

    @app.route("/new", methods=["POST"])
    @app.login_required
    @app.csrf_verification_required
    @app.inspect(strings=["title", "body"], title__len__between=(3, 60), body__len__between=(3, 600))
    def add(was, title, body, picture=None, **form):
        row = {"author": was.session["name"], "title": title, "body": body}
        row["picture"] = storage.keep_picture(was, picture)
        was.db("@board").insert("notice").set(**row).execute().commit()
        pinned = {"kind": "notice", "title": title, "author": row["author"]}
        pinned["picture"] = was.media(row["picture"]) if row["picture"] else ""
        live.tell_everybody(was.app, pinned)
        was.mbox.send("Your notice is on the board.", "done")
        return was.redirect(was.urlfor("notices.board"))
