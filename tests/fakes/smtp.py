"""Implements a small SMTP server that records mails, for notification tests."""

from __future__ import annotations

import base64
import socketserver
import ssl
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class SmtpService:
    """The behaviour of the server, and the mails that it accepted."""

    tls: ssl.SSLContext | None = None
    """The context of STARTTLS, or of the whole connection with `is_tls`."""
    is_tls: bool = False
    signs_in: bool = False
    answers: dict[str, str] = field(default_factory=dict[str, str])
    """The refusals by the first word of a command, such as `{"RCPT": "550 5.1.1 unknown"}`."""
    port: int = 0
    mails: list[bytes] = field(default_factory=list[bytes])
    commands: list[str] = field(default_factory=list[str])
    sign_ins: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])


class _Session(socketserver.StreamRequestHandler):
    service: SmtpService

    def handle(self) -> None:
        if self.service.is_tls and self.service.tls is not None and not self._secure():
            return
        self._say("220 fake ESMTP")
        while line := self.rfile.readline():
            text = line.decode().rstrip("\r\n")
            word = text.partition(" ")[0].upper()
            self.service.commands.append(text)
            if word in self.service.answers:
                self._say(self.service.answers[word])
            elif not self._answer(word, text):
                return

    def finish(self) -> None:
        super().finish()
        self.request.close()

    def _answer(self, word: str, text: str) -> bool:
        match word:
            case "EHLO":
                self._say(*self._features())
            case "STARTTLS" if self.service.tls is not None:
                self._say("220 ready")
                return self._secure()
            case "AUTH":
                self._sign_in(text)
            case "DATA":
                self._say("354 go on")
                self._read_mail()
            case "QUIT":
                self._say("221 bye")
                return False
            case _:
                self._say("250 ok")
        return True

    def _features(self) -> list[str]:
        found = ["250-fake"]
        if self.service.tls is not None and not self.service.is_tls:
            found.append("250-STARTTLS")
        if self.service.signs_in:
            found.append("250-AUTH PLAIN")
        return [*found, "250 SIZE 10000000"]

    def _sign_in(self, text: str) -> None:
        _, name, password = base64.b64decode(text.split(" ")[2]).decode().split("\0")
        self.service.sign_ins.append((name, password))
        self._say("235 2.7.0 ok")

    def _read_mail(self) -> None:
        lines = list(iter(self.rfile.readline, b".\r\n"))
        self.service.mails.append(b"".join(lines))
        self._say("250 2.0.0 queued")

    def _secure(self) -> bool:
        assert self.service.tls is not None
        try:
            self.request = self.service.tls.wrap_socket(self.request, server_side=True)
        except OSError:
            return False
        self.rfile = self.request.makefile("rb")
        self.wfile = self.request.makefile("wb", buffering=0)
        return True

    def _say(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())


@contextmanager
def smtp_server(service: SmtpService) -> Generator[SmtpService]:
    """Serve on a free port until the end of the block."""
    handler = type("Session", (_Session,), {"service": service})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        service.port = server.server_address[1]
        try:
            yield service
        finally:
            server.shutdown()
            thread.join()
