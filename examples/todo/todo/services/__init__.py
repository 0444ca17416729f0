"""What the service answers: /, /accounts, /tokens and /todos."""

WELCOME = """\
A to-do service. Try it:

curl -d name=kim -d password=correct-horse {url}accounts
curl -d name=kim -d password=correct-horse {url}tokens
export TOKEN=...
curl -H "Authorization: Bearer $TOKEN" -d title="Buy milk" -d priority=1 {url}todos
curl -H "Authorization: Bearer $TOKEN" {url}todos
curl -H "Authorization: Bearer $TOKEN" -X PATCH -d done=yes {url}todos/1
curl -H "Authorization: Bearer $TOKEN" -X DELETE {url}todos/1
curl -H "Authorization: Bearer $TOKEN" {url}accounts/me/todos

The first account is staff: it sees all accounts, and their to-dos.
"""


def __setup__(app, mntopt):
    from . import accounts, todos

    app.mount("/", accounts)
    app.mount("/todos", todos)


def __mount__(app, mntopt):
    @app.route("/")
    def index(was):
        was.response.set_header("Content-Type", "text/plain; charset=utf-8")
        return WELCOME.format(url=f"http://{was.request.host}{was.urlfor('index')}")
