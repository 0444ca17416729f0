import os, sqlite3, tempfile
import skitai
import blog
DBFILE = os.path.join (tempfile.mkdtemp (), "blog.db")
def create ():
    conn = sqlite3.connect (DBFILE)
    conn.executescript ("""
        CREATE TABLE author (id integer primary key, name text unique, pw text, lev text default 'user');
        CREATE TABLE post (id integer primary key, author_id integer, title text, body text, created text default '2020-01-01', views integer default 0);
        CREATE TABLE comment (id integer primary key, post_id integer, body text);
        INSERT INTO author (name, pw, lev) VALUES ('ann', 'a1', 'staff'), ('bob', 'b1', 'user');
        INSERT INTO post (author_id, title, body) VALUES (1, 'First', 'Hello <b>'), (2, 'Second', '둘'), (1, 'Third', 'x');
        INSERT INTO comment (post_id, body) VALUES (1, 'nice'), (1, 'so so');
    """)
    conn.close ()
    os.chmod (os.path.dirname (DBFILE), 0o777); os.chmod (DBFILE, 0o666)
if __name__ == "__main__":
    create ()
    with skitai.preference () as pref:
        pref.securekey = "blog-secret"
        pref.config.PRETTY_JSON = False
        skitai.alias ("@blog", skitai.DB_SQLITE3, [DBFILE])
        skitai.register_g ("tables.post")
        skitai.mount ("/blog", blog, pref)
    skitai.run (port = 5000)
