"""`rs4`: the original's helper package, as far as apps import it (spec/08 section 5).

No `from __future__ import annotations` here: that name is a module of this package.
"""
