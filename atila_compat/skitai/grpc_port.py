"""`skitai.run (grpc_port = ...)`: the mounted apps on a gRPC port of their own."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

from ..app import Atila
from ..errors import AtilaError
from ..protocols.grpc_http import message_limit
from ..protocols.grpc_server import GRPCServer
from ..settings import settings
from ..tasks.grpc import find_service
from .server import Service

log = logging.getLogger("atila_compat.server")


def services_of(service: Service) -> Iterator[str]:
    """Full names of the gRPC services that apps are mounted as: `/routeguide.RouteGuide`."""
    for loaded in service.loaded:
        name = loaded.mount.point.strip("/").rpartition("/")[2]
        try:
            find_service(name)
        except LookupError:
            continue
        yield name


async def listen(service: Service) -> GRPCServer:
    """Serve gRPC on the port that `skitai.run` was told, with the certificate of the other port.

    Raises MissingExtra without the extra, AtilaError where the port cannot be had.
    """
    assert settings.grpc_port is not None
    apps = [loaded.app for loaded in service.loaded if isinstance(loaded.app, Atila)]
    certificate, key = _certificate()
    server = GRPCServer(
        service,
        service.listens_on.rpartition(":")[0] or "0.0.0.0",  # noqa: S104 - the original's default
        settings.grpc_port,
        certificate=certificate,
        key=key,
        limit=max(map(message_limit, apps), default=-1),
        services=services_of(service),
    )
    await server.start()
    log.info("gRPC served on %s:%d", server.address, server.port)
    return server


def _certificate() -> tuple[bytes | None, bytes | None]:
    if settings.certfile is None:
        return None, None
    if settings.passphrase:
        raise AtilaError("gRPC takes a key without a passphrase: decrypt it, or leave grpc_port out")
    certificate = Path(settings.certfile).read_bytes()
    return certificate, Path(settings.keyfile).read_bytes() if settings.keyfile else certificate
