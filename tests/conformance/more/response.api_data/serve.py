import datetime
from atila import Atila
import skitai

app = Atila (__name__)

ROWS = [{"id": 1, "name": "ann"}, {"id": 2, "name": "böb"}]
FORMS = {
    "rows": lambda was: was.API ("200 OK", ROWS),
    "created": lambda was: was.API ("201 Created", [1, {"a": 2}, [3]]),
    "empty": lambda was: was.API ("200 OK", []),
    "tuple": lambda was: was.API ("200 OK", (1, 2)),
    "text": lambda was: was.API ("202 Accepted", "later"),
    "number": lambda was: was.API ("200 OK", 5),
    "true": lambda was: was.API ("200 OK", True),
    "none": lambda was: was.API ("200 OK", None),
    "zero": lambda was: was.API ("200 OK", 0),
    "dates": lambda was: was.API ("200 OK", [datetime.date (2020, 1, 2)]),
    "list-and-names": lambda was: was.API ("200 OK", [1], a = 1),
    "none-and-names": lambda was: was.API ("200 OK", None, a = 1),
    "dict-and-names": lambda was: was.API ("201 Created", {"a": 1}, a = 2, b = 3),
    "list": lambda was: was.API ([1]),
    "only-text": lambda was: was.API ("text"),
    "dict-first": lambda was: was.API ({"a": 1}, "201 Created"),
    "data": lambda was: was.API (data = [1]),
    "error": lambda was: was.API ("404 Not Found", ["nobody"]),
    "later": lambda was: was.Mask (ROWS).then (lambda was, task: was.API ("201 Created", task.fetch ())),
    "thread": lambda was: was.ThreadPass (lambda was: was.API ("200 OK", ["from", "a thread"]))
}

@app.route ("/<kind>")
def form (was, kind):
    return FORMS [kind] (was)

@app.route ("/coroutine", coroutine = True)
def coroutine (was):
    task = yield was.Thread (sorted, [3, 1, 2])
    return was.API ("200 OK", task.fetch ())

@app.error_handler (405)
def not_allowed (was, error):
    return was.API ("405 Method Not Allowed", [error ["code"]])

if __name__ == "__main__":
    skitai.mount ("/", app)
    skitai.run (port = 5000)
