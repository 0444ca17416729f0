import os
import sqlite3
import tempfile
from atila import Atila
from sqlphile import Q, F, V, D
import skitai

DBFILE = os.path.join (tempfile.mkdtemp (), "shop.db")
app = Atila (__name__)
def create ():
    conn = sqlite3.connect (DBFILE)
    conn.executescript ("""
        CREATE TABLE emp (id integer primary key, name text unique, dept text, pay integer, boss integer, note text);
        INSERT INTO emp VALUES (1, 'ann', 'dev', 100, NULL, 'x'), (2, 'bob', 'dev', 80, 1, NULL), (3, 'cat', 'ops', 60, 1, '50%'), (4, 'dan', 'ops', 60, 3, 'it''s'), (5, 'eve', NULL, 10, NULL, '');
        CREATE TABLE dept (code text primary key, title text);
        INSERT INTO dept VALUES ('dev', 'Development'), ('ops', 'Operations'), ('hr', 'People');
        CREATE TABLE log (id integer primary key, what text);
    """)
    conn.close ()
    os.chmod (os.path.dirname (DBFILE), 0o777)
    os.chmod (DBFILE, 0o666)
def db (was): return was.db ("@shop")
def err (f):
    try: return f ()
    except Exception as e: return [type (e).__name__]
@app.route ("/<path:code>")
def run (was, code, **kw):
    return was.API (r = QS [code] (was, db (was)))

def t1 (was, db):
    with was.transaction ("@shop") as t:
        t.execute ("insert into log (what) values ('t1')")
        t.commit ()
def t2 (was, db):
    with was.transaction ("@shop") as t:
        t.execute ("insert into log (what) values ('t2')")
        t.rollback ()
def t3 (was, db):
    with was.transaction ("@shop") as t:
        t.execute ("insert into log (what) values ('t3')")
def t4 (was, db):
    with was.transaction ("@shop") as t:
        t.execute ("insert into log (what) values ('t4')")
        1 / 0
def t5 (was, db):
    with was.transaction ("@shop") as t:
        t.execute ("select id, name from emp order by id limit 2")
        return t.fetchall ()
def t6 (was, db):
    with was.transaction ("@shop") as t:
        t.execute ("select id, name from emp order by id limit 2")
        return t.fetchall (as_dict = True)
def t7 (was, db):
    with was.transaction ("@shop") as t:
        t.execute ("select id, name from emp order by id")
        return [t.fetchone (), t.fetchmany (2)]
def t8 (was, db):
    with was.transaction ("@shop") as t:
        return t.select ("emp").get ("id").filter (id__lte = 2).order_by ("id").execute ().fetch ()
def t9 (was, db):
    with was.transaction ("@shop") as t:
        t.insert ("log").set (what = "t9").execute ()
        r = t.select ("log").filter (what = "t9").execute ().fetch ()
        t.commit ()
        return len (r)
def t10 (was, db):
    with was.db ("@shop", transaction = True) as t:
        t.execute ("insert into log (what) values ('t10')")
        t.commit ()
def t11 (was, db):
    with was.cursor ("@shop") as c:
        a = c.execute ("select id from emp where id = 1").fetch ()
        b = c.execute ("select id from emp where id = 2").one ()
        return [a, b]
def t12 (was, db):
    c = was.cursor ("@shop")
    c.execute ("insert into log (what) values ('t12')").commit ()
def t13 (was, db):
    with was.transaction ("@shop") as t:
        return t.execute ("select id from emp where id = 1").one ()
def t14 (was, db):
    with was.transaction ("@shop") as t:
        t.execute ("bad sql")
def t15 (was, db):
    with was.transaction ("@shop") as t:
        t.execute ("select id, name from emp order by id")
        return [t.fetch1 (), t.fetchn (1)]
def t16 (was, db):
    with was.transaction ("@shop") as t:
        t.execute ("insert into log (what) values (?)", ("t16",))
        t.commit ()
        t.execute ("insert into log (what) values ('t16b')")
        t.rollback ()
        t.execute ("insert into log (what) values ('t16c')")
        t.commit ()
def t17 (was, db):
    with was.transaction ("@shop") as t:
        t.update ("emp").set (pay = 1).filter (id = 5).execute ()
        t.commit ()
    return db.select ("emp").get ("pay").filter (id = 5).execute ().one ().pay
QS = {"t%d" % i: (lambda f: lambda was, db: [err (lambda: f (was, db)), [r.what for r in was.db ("@shop").select ("log").order_by ("id").execute ().fetch ()]]) (globals () ["t%d" % i]) for i in range (1, 18)}

if __name__ == "__main__":
    create ()
    skitai.alias ("@shop", skitai.DB_SQLITE3, [DBFILE])
    skitai.mount ("/", app)
    skitai.run (port = 5000)
