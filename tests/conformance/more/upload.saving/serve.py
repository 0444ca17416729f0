import os
import tempfile
import skitai
from atila import Atila

app = Atila (__name__)
HOME = tempfile.mkdtemp ()
def ex (*fs): return [f for f in fs if os.path.isfile (os.path.join (HOME, f))]

@app.route ("/save-twice", methods = ["POST"])
def save_twice (was, document):
    document.save (HOME, "x.txt")
    a = os.path.basename (document.path)
    document.save (HOME, "y.txt")
    return was.API (a = a, b = os.path.basename (document.path), files = ex ("x.txt", "y.txt"))

@app.route ("/move-twice", methods = ["POST"])
def move_twice (was, document):
    document.move (os.path.join (HOME, "m1"))
    a = os.path.basename (document.path)
    document.move (os.path.join (HOME, "m2"))
    return was.API (a = a, b = os.path.basename (document.path), files = ex ("m1", "m2"), n = len (document.read ()))

@app.route ("/remove-twice", methods = ["POST"])
def remove_twice (was, document):
    document.remove ()
    document.remove ()
    return was.API (x = 1)

@app.route ("/flash-then-read", methods = ["POST"])
def flash_then_read (was, document):
    with document.as_flashfile () as p:
        pass
    try: n = len (document.read ())
    except Exception as e: n = type (e).__name__
    return was.API (n = n, path = bool (document.path))

@app.route ("/dupz", methods = ["POST"])
def dupz (was, document):
    document.save (HOME, "z.txt", dup = "z")
    a = document.path
    return was.API (a = os.path.basename (a), text = open (a).read () [:20], files = sorted (f for f in os.listdir (HOME) if f.startswith ("z")))

@app.route ("/dupn", methods = ["POST"])
def dupn (was, document):
    r = document.save (HOME, dup = None)
    a = document.path
    return was.API (a = os.path.basename (a), text = open (a).read () [:20])

@app.route ("/slash-home", methods = ["POST"])
def slash_home (was, document):
    document.save (HOME + "/", "slash.txt")
    return was.API (a = os.path.relpath (document.path, HOME))

@app.route ("/move-over", methods = ["POST"])
def move_over (was, document):
    r = document.move (os.path.join (HOME, "over.txt"))
    return was.API (text = open (document.path).read () [:10])

if __name__ == "__main__":
    skitai.mount ("/", app)
    skitai.run (port = 5000)
