"""`run --usage FILE`: which names of the original, and which routes, a running app really needs.

count       counts while the app runs; nothing of it is there otherwise
record      the file: what several processes and runs have counted, together
table       the file for people: `atila-compat usage FILE`
"""

from __future__ import annotations
