"""`was.email`: a mail being written (spec/04 section 1); `skitai.set_smtp` says who sends it."""

from __future__ import annotations

import smtplib
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Any

from ..errors import AtilaError
from ..settings import settings


class Mail:
    """One mail.

    Args:
        subject: one line.
        sender: address that it comes from.
        to: address or list of addresses.

    Raises ValueError for headers with line breaks.
    """

    def __init__(self, subject: str, sender: str, to: str | list[str]) -> None:
        self.message = EmailMessage()
        self.message["Subject"] = subject
        self.message["From"] = sender
        self.message["To"] = to if isinstance(to, str) else ", ".join(to)
        self.message["Date"] = formatdate()
        self.message["Message-ID"] = make_msgid()

    def add_text(self, text: str, mimetype: str = "text/plain") -> Mail:
        """Set the text; a second one, as a rule `text/html`, is its alternative."""
        subtype = mimetype.partition("/")[2] or "plain"
        if self.message.get_content_type() == "text/plain" and not self.message.get_payload():
            self.message.set_content(text, subtype=subtype)
        else:
            self.message.add_alternative(text, subtype=subtype)
        return self

    add_content = add_text

    def add_attachment(self, content: bytes, mimetype: str, filename: str) -> Mail:
        """Attach a file."""
        main, _, subtype = mimetype.partition("/")
        self.message.add_attachment(content, maintype=main, subtype=subtype, filename=filename)
        return self

    def send(self, timeout: float = 10.0) -> None:
        """Hand the mail to the SMTP server; blocks for at most `timeout` seconds a step.

        Raises AtilaError where `skitai.set_smtp` has not named one, smtplib's errors where it refuses.
        """
        server: dict[str, Any] = settings.smtp
        if not server.get("server"):
            raise AtilaError(
                'no SMTP server is known: call skitai.set_smtp ("host:port") before skitai.run ()'
            )
        host, _, port = str(server["server"]).partition(":")
        use_ssl = bool(server.get("ssl"))
        kind = smtplib.SMTP_SSL if use_ssl else smtplib.SMTP
        with kind(host, int(port or (465 if use_ssl else 25)), timeout=timeout) as client:
            if server.get("user"):
                client.login(str(server["user"]), str(server.get("password") or ""))
            client.send_message(self.message)
