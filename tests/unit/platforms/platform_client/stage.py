"""The client of a platform with scripted answers, in virtual time."""

from dataclasses import dataclass, field

import pytest
import requests
from urllib3.exceptions import MaxRetryError, ProtocolError

from polysync_core.domain.json_types import JsonObject
from polysync_core.domain.security.secrets import Secret
from polysync_core.outbound.call_budget import CallBudget
from polysync_core.outbound.hosts import AddressScope, BaseAddress
from polysync_core.outbound.sign_in.authenticators import HeaderToken
from polysync_core.outbound.transport import ConnectionRefused
from polysync_core.platforms.calls import Call
from polysync_core.platforms.platform_client import HttpOptions, PlatformClient
from tests.fakes.http import Reply, ScriptedTransport, Step, VirtualTime

HOST = "adb-1.7.azuredatabricks.net"
CANARY = "canary-3f9b"


@dataclass
class Tokens:
    """A credential that counts its renewals."""

    values: list[str] = field(default_factory=lambda: [CANARY])
    renewed: int = 0
    error: Exception | None = None

    def token(self) -> Secret:
        if self.error is not None:
            raise self.error
        return Secret(self.values[min(self.renewed, len(self.values) - 1)])

    def renew(self) -> None:
        self.renewed += 1


class Stage:
    """A client on a script, in virtual time."""

    def __init__(self, *steps: Step, size_limit: int = 1000, tokens: Tokens | None = None) -> None:
        self.time = VirtualTime()
        self.transport = ScriptedTransport(steps)
        self.tokens = tokens or Tokens()
        http = HttpOptions(
            transport=self.transport,
            timer=self.time.timer,
            budget=CallBudget(),
            size_limit=size_limit,
        )
        base = BaseAddress(f"https://{HOST}", HOST, AddressScope.PUBLIC)
        self.client = PlatformClient(base, HeaderToken(self.tokens), http=http)

    def get(self) -> JsonObject:
        return self.client.get("api", "thing", read=whole)

    def post(self, *, repeatable: bool) -> JsonObject:
        return self.client.post("api", "thing", body={"a": 1}, repeatable=repeatable, read=whole)


def whole(answer: JsonObject) -> JsonObject:
    return answer


def refused_connection() -> Exception:
    reason = ConnectionRefused(None, "refused")  # pyright: ignore[reportArgumentType]
    return requests.ConnectionError(MaxRetryError(None, "/", reason))  # pyright: ignore[reportArgumentType]


def reset_connection() -> Exception:
    return requests.ConnectionError(ProtocolError("aborted", ConnectionResetError(104)))


PASSING = [
    pytest.param(refused_connection, id="the connection is refused"),
    pytest.param(reset_connection, id="the connection is reset"),
    pytest.param(requests.ConnectTimeout, id="the connection times out"),
    pytest.param(requests.ReadTimeout, id="the answer times out"),
    pytest.param(lambda: Reply(429), id="too many requests"),
    pytest.param(lambda: Reply(408), id="the request timed out there"),
    pytest.param(lambda: Reply(500), id="the server fails"),
    pytest.param(lambda: Reply(502, b"<html>"), id="bad gateway in HTML"),
    pytest.param(lambda: Reply(503, b""), id="unavailable without a word"),
    pytest.param(lambda: Reply(504), id="gateway time-out"),
    pytest.param(lambda: Reply(200, b"<html>hello</html>"), id="HTML with status 200"),
    pytest.param(lambda: Reply(200, b'{"a": '), id="truncated JSON"),
    pytest.param(lambda: Reply(200, b""), id="nothing at all"),
    pytest.param(lambda: Reply(200, b"[1]"), id="a list"),
    pytest.param(lambda: Reply(200, b'{"a": NaN}'), id="a number that is none"),
    pytest.param(lambda: Reply(200, b'{"a": "\xff"}'), id="not UTF-8"),
    pytest.param(lambda: Reply(200, b"[" * 100_000), id="nesting without end"),
]
CALL = Call(method="POST", segments=("run",), body={"a": 1})
