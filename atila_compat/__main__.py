"""`python -m atila_compat`: the command `atila-compat`."""

from __future__ import annotations

from .cli import main

if __name__ == "__main__":
    main()
