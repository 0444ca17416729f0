import time
from atila import Atila

app = Atila (__name__)

def nap (seconds, word):
    time.sleep (seconds)
    return word

# /KIND/s/t/s: text and tasks in that order, then an end of that kind
@app.route ("/<kind>/<path:steps>", coroutine = True)
def steps (was, kind, steps):
    for step in steps.split ("/"):
        if step == "s":
            yield "text;"
        elif step == "m":
            yield was.Mask (1)
        elif step == "t":
            yield was.Thread (nap, 0.02, "t")
        elif step == "p":
            yield was.Subprocess ("printf p")
        elif step == "g":
            yield was.Tasks (was.Mask (1), was.Thread (nap, 0.02, "g"))
    if kind == "crash":
        1 / 0
    elif kind == "missing":
        raise was.Error ("404 Not Found", "nothing here", 40404)
    elif kind == "failed":
        task = yield was.Thread (int, "x")
        yield str (task.fetch ())
    elif kind == "none":
        task = yield was.Thread (list)
        yield str (task.one ())
    elif kind == "late":
        was.response.set_status ("203 Other")
        was.response.set_header ("X-Late", "1")
        return "end"
    elif kind == "response":
        return was.response ("202 Accepted", "end")
    elif kind == "api":
        return was.API ("201 Created", a = 1)
    elif kind == "map":
        return was.Map (a = was.Thread (nap, 0.02, 1))
    elif kind == "redirect":
        return was.redirect ("/elsewhere")
    return "end"

@app.route ("/plain", coroutine = True)
def plain (was):
    return "no generator"

@app.route ("/deferred", coroutine = True)
def deferred (was):
    return was.Thread (nap, 0.02, "then").then (lambda was, task: task.fetch ())

if __name__ == "__main__":
    import skitai
    skitai.mount ("/", app)
    skitai.run (port = 5000)
