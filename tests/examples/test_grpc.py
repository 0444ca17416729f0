"""examples/grpc."""

from __future__ import annotations

import subprocess
import sys

from ..servers import HOST, free_port
from .conftest import Example


def test_client_calls_all_kinds_of_methods(example: Example) -> None:
    """The example's client gets an answer, a stream, a sum, alarms as they come up, and an error's status."""
    port = free_port()
    service = example("grpc", f"--grpc-port={port}")
    command = [sys.executable, "client.py", f"{HOST}:{port}"]
    done = subprocess.run(
        command, cwd=service.folder, capture_output=True, text=True, timeout=50, check=False
    )
    assert done.returncode == 0, done.stderr + service.log()
    assert done.stdout.splitlines() == [
        "latest: 24.0",
        "report: 3 from 4.5 to 31.5",
        "history: [31.5, 12.0, 4.5]",
        "alarm: cacti 31.5 degrees",
        "alarm: cacti 4.5 degrees",
        "error: NOT_FOUND no sensor at roses",
    ]
    assert service.client.get("/greenhouse.v1.Sensors/").json() == {
        "places": ["cacti", "orchids", "tomatoes"]
    }
