"""Names of the engine that this version does not serve yet; their use says so."""

from __future__ import annotations

from typing import Any, NoReturn

from ..errors import AtilaError


def mount_django(*args: Any, **options: Any) -> NoReturn:
    """Not served yet; raises AtilaError."""
    raise AtilaError(
        "skitai.mount_django is not served yet: mount the project's WSGI callable, "
        "skitai.mount('/', 'project/wsgi.py:application')"
    )
