"""The tables, made before the server starts."""

import contextlib
import sqlite3

SCRIPT = """
    CREATE TABLE IF NOT EXISTS account (
        name TEXT PRIMARY KEY,
        salt TEXT NOT NULL,
        signature TEXT NOT NULL,
        level TEXT NOT NULL
    );
    CREATE TABLE IF NOT EXISTS todo (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        owner TEXT NOT NULL REFERENCES account (name),
        title TEXT NOT NULL,
        priority INTEGER NOT NULL,
        done INTEGER NOT NULL DEFAULT 0,
        created TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
    );
    CREATE INDEX IF NOT EXISTS todo_of_owner ON todo (owner, done, priority);
"""


def create(path):
    """Make the tables that are not there yet in the SQLite file `path`."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript(SCRIPT)
