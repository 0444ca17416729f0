from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .packages import Packages


@pytest.fixture
def packages(tmp_path: Path) -> Iterator[Packages]:
    """Writes packages of apps: `packages.make({"shop.": source, "shop.services.pages": source})`."""
    made = Packages(tmp_path)
    yield made
    made.close()
