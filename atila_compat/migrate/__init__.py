"""The way over: what an app uses, how it is rewritten, whether it still answers the same.

    check       what of the old names an app uses, and which of them are not served or behave differently
    codemod     rewrites an app, one step at a time
    parity      records what the old server answers and plays it against the new one
    usage       counts which old names and routes a running app really needs
    enable      serves the old names to plain `python3 serve.py`

Nothing of this is needed to run an app.
"""

from __future__ import annotations
