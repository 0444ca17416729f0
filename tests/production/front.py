"""nginx in front of a service, and certificates."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from ..programs import find
from ..servers import HOST, free_port, listening

START_SECONDS = 20.0


@contextlib.contextmanager
def nginx(server: str) -> Iterator[str]:
    """A running nginx; gives its URL.

    Args:
        server: what stands within `http { }`; `LISTEN` in it stands for the port.
    """
    program = find("nginx")
    assert program is not None, "nginx is not installed: apt-get install nginx-light"
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="nginx-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        temporary = "".join(
            f"{kind}_temp_path {folder}/{kind};\n"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        user = "user root;\n" if os.geteuid() == 0 else ""
        (folder / "nginx.conf").write_text(
            f"{user}daemon off;\nworker_processes 1;\npid {folder}/pid;\nerror_log {folder}/error.log;\n"
            f"events {{ worker_connections 256; }}\nhttp {{\naccess_log off;\n{temporary}"
            f"{server.replace('LISTEN', f'{HOST}:{port}')}\n}}\n"
        )
        process = subprocess.Popen(
            [program, "-c", folder / "nginx.conf", "-p", folder], stderr=subprocess.PIPE
        )
        try:
            deadline = time.monotonic() + START_SECONDS
            while not listening(port):
                if process.poll() is not None or time.monotonic() > deadline:
                    said = (
                        process.stderr.read().decode()
                        if process.poll() is not None and process.stderr
                        else ""
                    )
                    raise AssertionError(f"nginx does not start: {said}")
                time.sleep(0.02)
            yield f"http://{HOST}:{port}"
        finally:
            process.terminate()
            process.communicate(timeout=10)


def certificate(folder: Path) -> tuple[str, str]:
    """A certificate for 127.0.0.1 that signs itself, and its key, as paths."""
    certfile, keyfile = str(folder / "cert.pem"), str(folder / "key.pem")
    subprocess.run(
        (
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
            "-subj /CN=localhost -addext subjectAltName=IP:127.0.0.1,DNS:localhost "
            f"-keyout {keyfile} -out {certfile}"
        ).split(),
        check=True,
        capture_output=True,
    )
    return certfile, keyfile
