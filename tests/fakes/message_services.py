"""Simulates the message APIs of Teams, Slack and Azure Communication Services."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ACS_KEY = base64.b64encode(b"an access key").decode()
type Verdict = tuple[int, str]


@dataclass
class MessageServices:
    """The services of one server, by path, with the messages that they accepted."""

    url: str = ""
    archived: bool = False
    """True if the channel of Slack is archived."""
    accepted: list[Any] = field(default_factory=list[Any])

    def judge(self, path: str, headers: Mapping[str, str], body: bytes) -> Verdict:
        """Return the answer to a request."""
        content = json.loads(body)
        if path.startswith("/workflows/"):
            verdict = _teams(content)
        elif path.startswith("/services/"):
            verdict = (410, "channel_is_archived") if self.archived else _slack(content)
        else:
            verdict = _azure(path, headers, body, content)
        if verdict[0] < 300:
            self.accepted.append(content)
        return verdict


def _error(code: str) -> str:
    return json.dumps({"error": {"code": code, "message": "words of the service"}})


def _teams(content: Any) -> Verdict:
    kinds = [each["contentType"] for each in content["attachments"]]
    cards = [each["content"]["type"] for each in content["attachments"]]
    is_valid = (content["type"], kinds, cards) == (
        "message",
        ["application/vnd.microsoft.card.adaptive"],
        ["AdaptiveCard"],
    )
    return (202, "") if is_valid else (400, _error("TriggerInputSchemaMismatch"))


def _slack(content: Any) -> Verdict:
    blocks = content["blocks"]
    texts = [block["text"]["text"] for block in blocks if "text" in block]
    is_valid = len(blocks) <= 50 and all(0 < len(text) <= 3000 for text in texts)
    return (200, "ok") if is_valid and content["text"] else (400, "invalid_blocks")


def _azure(path: str, headers: Mapping[str, str], body: bytes, content: Any) -> Verdict:
    if not path.startswith("/emails:send?api-version="):
        return 404, _error("ResourceNotFound")
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    signed = f"POST\n{path}\n{headers['x-ms-date']};{headers['Host']};{digest}"
    key = base64.b64decode(ACS_KEY)
    expected = base64.b64encode(hmac.digest(key, signed.encode(), "sha256")).decode()
    if not headers["Authorization"].endswith(f"&Signature={expected}"):
        return 401, _error("Denied")
    if not content["senderAddress"].endswith("@example.com"):
        return 404, _error("DomainNotLinked")
    complete = content["recipients"]["to"] and content["content"]["subject"]
    return (202, "{}") if complete else (400, _error("InvalidRequest"))


@contextmanager
def message_services() -> Generator[MessageServices]:
    """Serve on a free port until the end of the block."""
    services = MessageServices()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, text = services.judge(self.path, dict(self.headers), body)
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: object) -> None:
            """Write nothing to stderr."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        services.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield services
        finally:
            server.shutdown()
            thread.join()
