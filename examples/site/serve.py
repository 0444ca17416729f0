"""A notice board: pages, sign-in, pictures, and a room where everybody sees at once what is new.

python3 -m atila_compat run examples/site/serve.py --port=5000

Notices are kept in board.sqlite3 and pictures in uploads, beside this script or in --data=FOLDER.
"""

import skitai

if __name__ == "__main__":
    skitai.add_option("", "--data=FOLDER", "where notices and pictures are kept")

    import board

    with skitai.preference() as pref:
        pref.session_timeout = 7 * 86400
        pref.session_cookie_httponly = True
        pref.session_cookie_samesite = "Lax"
        pref.config.MAX_UPLOAD_SIZE = 5 * 1024 * 1024
        skitai.mount("/", board, pref)
    print(f"the notice board: http://127.0.0.1:{skitai.get_option('--port') or 5000}/", flush=True)
    skitai.run(address="127.0.0.1", port=5000, name="board")
