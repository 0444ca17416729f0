import os
import sqlite3
import sys
import tempfile
from atila import Atila
import skitai

DBFILE = os.path.join (tempfile.mkdtemp (), "city.db")
app = Atila (__name__)

def create ():
    conn = sqlite3.connect (DBFILE)
    conn.executescript ("CREATE TABLE city (name text unique); INSERT INTO city VALUES ('Seoul'), ('Busan');")
    conn.close ()
    os.chmod (os.path.dirname (DBFILE), 0o777)
    os.chmod (DBFILE, 0o666)

def boom (): raise ValueError ("boom")
def cities (was): return was.db ("@city").select ("city").order_by ("name").execute ()
def twice (was): return was.db ("@city").insert ("city").set (name = "Seoul").execute ()
def wrong (was): return was.db ("@city").execute ("selec")
def missing (was): return was.get ("@me/nowhere")
def answer (was, tasks): return was.API (tasks.fetch ())

@app.route ("/<kind>")
def run (was, kind):
    return KINDS [kind] (was)
KINDS = {
    "map": lambda was: was.Map (twice (was), cities = cities (was)),
    "map-constant": lambda was: was.Map (wrong (was), version = 1),
    "map-status": lambda was: was.Map ("201 Created", twice (was), cities = cities (was)),
    "map-http": lambda was: was.Map (missing (was), word = was.Mask ("w")),
    "map-all": lambda was: was.Map (wrong (was), missing (was)),
    "map-thread": lambda was: was.Map (was.Thread (boom), cities = cities (was)),
    "map-process": lambda was: was.Map (was.Process (boom), cities = cities (was)),
    "map-shell": lambda was: was.Map (was.Subprocess ("exit 3"), cities = cities (was)),
    "map-group": lambda was: was.Map (was.Tasks (wrong (was)), cities = cities (was)),
    "map-named": lambda was: was.Map (extra = wrong (was), cities = cities (was)),
    "map-conflict": lambda was: was.Map (extra__one = twice (was), cities = cities (was)),
    "mapped": lambda was: was.Mapped (was.Tasks (twice (was), cities = cities (was))),
    "page": lambda was: was.render_or_Map ("page.j2", twice (was), cities = cities (was)),
    "then": lambda was: was.Tasks (twice (was), cities = cities (was)).then (answer),
    "then-dict": lambda was: was.Tasks (missing (was), a = 1, cities = cities (was)).then (lambda was, tasks: was.API (tasks.dict ())),
    "then-list": lambda was: was.Tasks (twice (was), cities (was)).then (lambda was, tasks: was.API (r = tasks.fetch ())),
    "then-one": lambda was: was.Tasks (twice (was), cities = cities (was)).then (lambda was, tasks: was.API (r = tasks.one ())),
    "then-thread": lambda was: was.Tasks (was.Thread (boom), cities = cities (was)).then (answer),
    "fetch": lambda was: was.API (was.Tasks (twice (was), cities = cities (was)).fetch ()),
    "commit": lambda was: was.API (done = was.Tasks (twice (was), cities (was)).commit ())
}

@app.route ("/coroutine", coroutine = True)
def coroutine (was):
    tasks = yield was.Tasks (twice (was), missing (was), cities = cities (was))
    return was.API (tasks.fetch ())

@app.route ("/coroutine-list", coroutine = True)
def coroutine_list (was):
    tasks = yield was.Tasks (twice (was), cities (was))
    return was.API (r = tasks.fetch ())

@app.route ("/coroutine-thread", coroutine = True)
def coroutine_thread (was):
    tasks = yield was.Tasks (was.Thread (boom), cities = cities (was))
    return was.API (tasks.fetch ())

if __name__ == "__main__":
    create ()
    port = [a [7:] for a in sys.argv if a.startswith ("--port=")] [0]
    skitai.alias ("@city", skitai.DB_SQLITE3, [DBFILE])
    skitai.alias ("@me", skitai.PROTO_HTTP, ["127.0.0.1:" + port])
    skitai.mount ("/", app)
    skitai.run (port = 5000)
