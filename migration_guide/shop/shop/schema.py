import os
import sqlite3

SCRIPT = """
    CREATE TABLE account (
        name TEXT PRIMARY KEY, salt TEXT NOT NULL, signature TEXT NOT NULL, level TEXT NOT NULL
    );
    CREATE TABLE book (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        title TEXT NOT NULL, author TEXT NOT NULL, cents INTEGER NOT NULL, pieces INTEGER NOT NULL
    );
    CREATE TABLE review (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        book INTEGER NOT NULL REFERENCES book (id), account TEXT NOT NULL, stars INTEGER NOT NULL, text TEXT
    );
    CREATE TABLE sale (
        id INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL, cents INTEGER NOT NULL
    );
    CREATE TABLE sale_item (
        sale INTEGER NOT NULL REFERENCES sale (id), book INTEGER NOT NULL, pieces INTEGER NOT NULL
    );
    INSERT INTO book (title, author, cents, pieces) VALUES
        ('Walden', 'Thoreau', 1250, 4), ('Emma', 'Austen', 900, 7), ('Dubliners', 'Joyce', 1100, 0);
"""

def create (path):
    if os.path.isfile (path):
        return
    connection = sqlite3.connect (path)
    connection.executescript (SCRIPT)
    connection.close ()
