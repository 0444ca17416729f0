"""To-dos: each is its owner's, and staff may see and change all."""


def __mount__(app, mntopt):
    def find(was, number):
        row = was.db("@todo").select("todo").filter(id=number).execute().one()  # 410 where there is none
        if row.owner != was.request.user.name and was.request.user.level != "staff":
            raise was.Error("403 Permission Denied", "not yours")
        return row

    @app.route("", methods=["GET"])
    @app.permission_required([])
    @app.inspect(ints=["limit", "offset"], limit__between=(1, 100), offset__gte=0, booleans=["done"])
    def todos(was, limit=20, offset=0, done=None):
        mine = was.db("@todo").select("todo").filter(owner=was.request.user.name)
        if done is not None:
            mine.filter(done=int(done))
        return was.Map(
            todos=mine.clone().order_by("done", "priority", "id").limit(limit).offset(offset).execute(),
            count__one__number=mine.clone().aggregate("count (id) AS number").execute(),
        )

    @app.route("", methods=["POST"])
    @app.permission_required([])
    @app.inspect(
        strings=["title"],
        title__len__between=(1, 200),
        notags=["title"],
        ints=["priority"],
        priority__between=(1, 3),
    )
    def add(was, title, priority=2):
        row = {"owner": was.request.user.name, "title": title, "priority": priority}
        query = was.db("@todo").insert("todo").set(**row).returning("*")
        return was.API("201 Created", todo=query.execute().one())

    @app.route("/<int:number>", methods=["GET"])
    @app.permission_required([])
    def todo(was, number):
        return was.API(todo=find(was, number))

    @app.route("/<int:number>", methods=["PATCH"])
    @app.permission_required([])
    @app.inspect(
        title__len__between=(1, 200),
        notags=["title"],
        ints=["priority"],
        priority__between=(1, 3),
        booleans=["done"],
        manyof=["title", "priority", "done"],
    )
    def change(was, number, title=None, priority=None, done=None):
        find(was, number)
        given = {"title": title, "priority": priority, "done": None if done is None else int(done)}
        changes = {name: value for name, value in given.items() if value is not None}
        was.db("@todo").update("todo").set(**changes).filter(id=number).execute().commit()
        return was.API(todo=find(was, number))

    @app.route("/<int:number>", methods=["DELETE"])
    @app.permission_required([])
    def remove(was, number):
        find(was, number)
        was.db("@todo").delete("todo").filter(id=number).execute().commit()
        return was.response("204 No Content", "")
