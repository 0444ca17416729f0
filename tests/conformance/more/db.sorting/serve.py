import os
import sqlite3
import tempfile
from atila import Atila
from sqlphile import F
import skitai

DBFILE = os.path.join (tempfile.mkdtemp (), "race.db")
app = Atila (__name__)

def create ():
    conn = sqlite3.connect (DBFILE)
    conn.executescript ("""
        CREATE TABLE run (id integer primary key, team text, laps integer, best real);
        INSERT INTO run VALUES (1, 'red', 3, 9.5), (2, 'blue', 3, 8.25), (3, 'red', 5, NULL), (4, 'blue', 1, 9.5), (5, NULL, 3, 7);
    """)
    conn.close ()
    os.chmod (os.path.dirname (DBFILE), 0o777)
    os.chmod (DBFILE, 0o666)

ORDERS = [
    ("id",), ("-id",), ("+id",), ("team", "-id"), ("-team", "id"), ("team, id",), ("team, -id",), ("-team, id",),
    ("-laps, -id",), ("laps", "-team, id"), ("laps desc, id",), ("laps desc, -id",), ("coalesce (best, 0), -id",),
    ("-coalesce (best, 0)", "id"), ("laps, team, -id",), ("+laps", "-id"), ("team,-id",), ("laps, +id",),
    (F ("laps % 2"), "-id"), ("abs (laps) > 9", "-id"), ("2", "-1")
]

@app.route ("/rows/<int:n>")
def rows (was, n):
    q = was.db ("@race").select ("run").get ("id", "team").order_by (*ORDERS [n])
    return was.API (sql = str (q).split ("ORDER BY") [1].strip (), ids = [r.id for r in q.execute ().fetch ()])

@app.route ("/again")
def again (was):
    q = was.db ("@race").select ("run").get ("id").order_by ("-laps").order_by ("team, -id")
    return was.API (ids = [r.id for r in q [1:4].execute ().fetch ()], best = [r.id for r in q.limit (2).offset (1).execute ().fetch ()])

@app.route ("/grouped")
def grouped (was):
    q = was.db ("@race").select ("run").get ("team", "sum (laps) as total").group_by ("team").order_by ("total, -team")
    return was.API (rows = q.execute ().fetch (), having = q.having ("total > 3").execute ().fetch ())

@app.route ("/map")
def map_ (was):
    root = was.db ("@race").select ("run").filter (laps__gte = 3).order_by ("laps, -id").limit (2)
    return was.Map (rows = root.clone ().get ("id").execute (), total__one = root.clone ().aggregate ("count (*) as cnt", "max (best) as best").execute ())

if __name__ == "__main__":
    create ()
    skitai.alias ("@race", skitai.DB_SQLITE3, [DBFILE])
    skitai.mount ("/", app)
    skitai.run (port = 5000)
