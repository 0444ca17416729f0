"""`rs4`: the original's helper package, as far as apps import it (spec/08 section 5).

No `from __future__ import annotations` here: that name is a module of this package.
"""

__version__ = "0.2.35.8"
version_info = (0, 2, 35, 8)
"""The release of the original that this package stands in for; apps compare with it."""
