"""Accounts, and the tokens that they get for their passwords."""

import time

DAY = 86400


def __mount__(app, mntopt):
    @app.route("/accounts", methods=["POST"])
    @app.inspect(
        strings=["name", "password"], name__regex="^[a-z][a-z0-9-]{1,31}$", password__len__between=(8, 200)
    )
    def add_account(was, name, password):
        with was.db("@todo") as db:
            known = db.select("account").aggregate("count (*) AS number").execute().one().number
            salt, signature = was.encrypt_password(password)
            level = "user" if known else "staff"
            row = {"name": name, "salt": salt, "signature": signature, "level": level}
            db.insert("account").set(**row).returning("name").execute().one()  # 409 where the name is taken
        return was.API("201 Created", name=name, level=level)

    @app.route("/accounts", methods=["GET"])
    @app.permission_required(["staff"])
    def accounts(was):
        return was.Map(
            accounts=was.db("@todo").select("account").get("name", "level").order_by("name").execute()
        )

    @app.route("/accounts/<name>/todos", methods=["GET"])
    @app.permission_required([], name=["staff"])  # "me" needs no permission, other names do
    def todos_of(was, name):
        owner = was.request.user.name if name == "me" else name
        return was.Map(
            todos=was.db("@todo").select("todo").filter(owner=owner).order_by("done", "priority").execute()
        )

    @app.route("/tokens", methods=["POST"])
    @app.inspect(strings=["name", "password"])
    def add_token(was, name, password):
        found = was.db("@todo").select("account").filter(name=name).execute().fetch()
        if not found or not was.verify_password(password, found[0].salt, found[0].signature):
            raise was.Error("401 Unauthorized", "wrong name or password", 40101)
        claims = {"name": name, "level": found[0].level, "exp": time.time() + DAY}
        return was.API("201 Created", token=was.encode_jwt(claims), seconds=DAY)
