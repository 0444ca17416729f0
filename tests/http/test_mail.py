"""`was.email`."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from email import message_from_string

import pytest

from atila_compat.errors import AtilaError
from atila_compat.http.mail import Mail
from atila_compat.settings import settings


class Postbox(socketserver.StreamRequestHandler):
    """Speaks as much SMTP as a mail needs."""

    def handle(self) -> None:
        def say(line: str) -> None:
            self.wfile.write(line.encode() + b"\r\n")

        say("220 here")
        while line := self.rfile.readline().decode().strip():
            verb = line[:4].upper()
            if verb == "DATA":
                say("354 go on")
                lines = []
                while (text := self.rfile.readline().decode().rstrip("\r\n")) != ".":
                    lines.append(text)
                self.server.received.append("\n".join(lines))  # type: ignore[attr-defined]
            say("221 bye" if verb == "QUIT" else "250 ok")
            if verb == "QUIT":
                return


@pytest.fixture
def postbox() -> Iterator[list[str]]:
    """The mails that a server on this machine has received; `settings.smtp` names it."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Postbox) as server:
        server.received = []  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        before, settings.smtp = settings.smtp, {"server": f"127.0.0.1:{server.server_address[1]}"}
        yield server.received  # type: ignore[attr-defined]
        settings.smtp = before
        server.shutdown()


def test_mails_arrive(postbox: list[str]) -> None:
    """Text, its HTML alternative and an attachment arrive at the server."""
    mail = Mail("Your order", "shop@example.com", ["ann@example.com", "bob@example.com"])
    mail.add_text("two lamps").add_text("<b>two lamps</b>", "text/html")
    mail.add_attachment(b"%PDF", "application/pdf", "bill.pdf").send()
    (received,) = postbox
    message = message_from_string(received)
    assert (message["Subject"], message["To"]) == ("Your order", "ann@example.com, bob@example.com")
    kinds = [part.get_content_type() for part in message.walk() if not part.is_multipart()]
    assert kinds == ["text/plain", "text/html", "application/pdf"]


def test_line_breaks_make_no_headers() -> None:
    """A subject with a line break is refused: it could add headers."""
    with pytest.raises(ValueError, match=r"[Hh]eader|linefeed"):
        Mail("a\nBcc: all@example.com", "a@example.com", "b@example.com")


def test_without_server_the_remedy_is_named() -> None:
    """Sending without `skitai.set_smtp` says what to call."""
    before, settings.smtp = settings.smtp, {}
    try:
        with pytest.raises(AtilaError, match="set_smtp"):
            Mail("a", "a@example.com", "b@example.com").add_text("x").send()
    finally:
        settings.smtp = before
