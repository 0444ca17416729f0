"""`atila-compat migrate`: rewrites an app, one step at a time, and says what it leaves and why.

    steps       what can be done, by name
    rewriting   files, diffs, and the order of steps
    renaming    misprints and deprecated names
    imports     the old modules to this package's
    coroutines  generators to `async def`
    endpoints   simple handlers to Starlette

Each step looks at the code anew, changes what it understands, and keeps spacing and comments as they are. A
step that has been taken changes nothing when it is taken again.
"""

from __future__ import annotations
