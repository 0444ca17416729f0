"""Where notices are kept: an SQLite file, made before the server starts."""

import contextlib
import os
import secrets
import sqlite3

import skitai

SCRIPT = """
    CREATE TABLE IF NOT EXISTS notice (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        author TEXT NOT NULL,
        title TEXT NOT NULL,
        body TEXT NOT NULL,
        picture TEXT NOT NULL DEFAULT '',
        created TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M', 'now'))
    );
"""
FIRST = [
    (
        "Ida",
        "Boat to share",
        "A small sailing boat at pier 3. Looking for two people with time at weekends.",
        "boat",
    ),
    (
        "Marek",
        "Bicycle, hardly used",
        "Seven gears, green, with a basket. I have moved to the hill, so: never again.",
        "bicycle",
    ),
    (
        "Yuna",
        "Soup on Thursdays",
        "We cook for whoever comes, in the old lighthouse. Bring a bowl and a story.",
        "lighthouse",
    ),
    (
        "Tom",
        "Jam swap",
        "Too many plums here. I take pears, quinces or a good recipe for anything with plums.",
        "jam",
    ),
]
PICTURES = {b"\x89PNG": ".png", b"\xff\xd8\xff": ".jpg", b"GIF8": ".gif", b"RIFF": ".webp"}
"""Suffixes by the first bytes of a file: what a client says of it is not believed."""


def prepare(path):
    """Make the table, with a few notices where there is none, and let `was.db("@board")` find it."""
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(SCRIPT)
        if not connection.execute("SELECT count(*) FROM notice").fetchone()[0]:
            connection.executemany(
                "INSERT INTO notice (author, title, body, picture) VALUES (?, ?, ?, ?)",
                [(author, title, body, f"art/{name}.svg") for author, title, body, name in FIRST],
            )
    skitai.alias("@board", skitai.DB_SQLITE3, [path])


def keep_picture(was, file):
    """Move an uploaded picture to where /media serves it; gives its name there, empty where there is none.

    Raises was.Error for what is no picture.
    """
    if not file or isinstance(file, str):  # the field was left empty
        return ""
    content = file.read()
    if not content:
        return ""
    suffix = next((known for begin, known in PICTURES.items() if content.startswith(begin)), None)
    if suffix is None:
        raise was.Error("415 Unsupported Media Type", "a picture has to be PNG, JPEG, GIF or WebP")
    name = secrets.token_hex(8) + suffix
    file.move(os.path.join(was.app.config.MEDIA_ROOT, name))
    return name
