import skitai
from atila import Atila

app = Atila (__name__)
W = skitai.WS_CHANNEL | skitai.WS_NOTHREAD

@app.route ("/lists")
@app.websocket (W, 60)
def lists (was, message):
    return {"empties": ["a", "", "b"], "eb": ["a", b"", "b"], "nones": ["a", None, "b"], "ints": ["a", 5, "b"], "nested": ["a", ["x", "y"], "b"], "dicts": ["a", {"k": 1}, "b"], "gen": (x for x in ("a", "", "b")), "dict2": {"a": 1, "b": 2}, "tuplelist": (["a", "b"], 2), "emptyop": ("", 1)}.get (message, "?" + message)

@app.route ("/jl")
@app.websocket (W, 60, encoding = "json")
def jl (was, message):
    return {"empties": ["a", "", "b"], "nones": ["a", None, "b"], "ints": ["a", 5, "b"], "nested": ["a", ["x", "y"], "b"], "dicts": ["a", {"k": [1, "é"]}, "b"], "empty": "", "none": None, "zero": 0, "false": False, "five": 5, "float": 1.5, "emptylist": [], "emptydict": {}, "bytes": b"ab", "date": __import__ ("datetime").datetime (2020, 1, 2), "set": {1}}.get (message, "?")

@app.route ("/sends")
@app.websocket (W, 60)
def sends (was, message):
    try:
        was.websocket.send ({"int": 5, "none": None, "dict": {"a": 1}, "empty": "", "eb": b"", "list": ["a", 5], "ba": bytearray (b"x"), "float": 1.5}.get (message, message))
    except Exception as e:
        return type (e).__name__
    return "after"

if __name__ == "__main__":
    skitai.mount ("/", app)
    skitai.run (port = 5000)
