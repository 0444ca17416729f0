"""A to-do service with accounts, on SQLite.

python3 -m atila_compat run examples/todo/serve.py --port=5000

The database is the file todo.sqlite3 beside this script; --database=PATH takes another one.
"""

import skitai

if __name__ == "__main__":
    skitai.add_option("", "--database=PATH", "the SQLite file")

    import todo

    with skitai.preference() as pref:
        skitai.mount("/", todo, pref)
    print(f"the to-do service: http://127.0.0.1:{skitai.get_option('--port') or 5000}/", flush=True)
    skitai.run(address="127.0.0.1", port=5000, name="todo")
