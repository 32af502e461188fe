"""The address of the API: a forgotten path, and the causes of a failed connection."""

from __future__ import annotations

import socket
import ssl

import httpx
import pytest

from polysync.addresses import api_address, unreachable
from polysync_core.cli.api.errors import CommandFailed
from tests.unit.cli.conftest import Invoke
from tests.unit.cli.fake_api import Answer, FakeApi

REMOTE, LOCAL = "https://func-x.azurewebsites.net/api", "http://127.0.0.1:7071/api"


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("http://host", "http://host/api"),
        ("http://host:7071/", "http://host:7071/api"),
        (" https://host ", "https://host/api"),
        ("https://host/api", "https://host/api"),
        ("https://gateway/team/polysync", "https://gateway/team/polysync"),
    ],
)
def test_an_address_without_a_path_means_the_api(given: str, used: str) -> None:
    assert str(api_address(given)) == used


@pytest.mark.parametrize("text", ["", " ", "host", "ftp://host", "http://", "http://host/api?x=1"])
def test_text_that_is_no_address_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(CommandFailed, match=r"is empty: set POLYSYNC_URL|is not a URL such as"):
        api_address(text)


def test_a_forgotten_path_is_added(api: FakeApi, polysync: Invoke) -> None:
    api.on("GET", "/task-runs", Answer({"items": []}))
    assert polysync("runs", "--url", api.url.removesuffix("/api")).exit_code == 0


def test_an_empty_address_is_named(polysync: Invoke) -> None:
    assert "POLYSYNC_URL" in polysync("runs", "--url", "").stderr


def test_another_path_without_the_api_is_explained(api: FakeApi, polysync: Invoke) -> None:
    url = api.url.removesuffix("/api") + "/polysync"
    result = polysync("runs", "--url", url)
    assert f"The address is {url}. An address of the API ends in /api." in result.stderr


def failed(cause: Exception, family: type[httpx.TransportError] = httpx.ConnectError) -> Exception:
    error = family(str(cause))
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (failed(socket.gaierror(-2, "Name or service not known")), "is unknown"),
        (failed(ConnectionRefusedError(111, "Connection refused")), "The connection is refused"),
        (failed(ssl.SSLError(1, "WRONG_VERSION_NUMBER")), "The TLS connection failed"),
        (failed(TimeoutError(), httpx.ConnectTimeout), "No connection was made in time"),
        (failed(OSError(), httpx.ProxyError), "The proxy"),
        (failed(OSError(113, "No route to host")), "No connection can be made"),
    ],
)
def test_the_causes_of_a_failed_connection_differ(error: Exception, expected: str) -> None:
    (detail,) = unreachable(httpx.URL(REMOTE), error).details
    assert expected in detail
    assert "polysync dev" not in detail


def test_polysync_dev_is_advised_for_this_machine_only() -> None:
    refused = failed(ConnectionRefusedError(111, "refused"))
    assert "`polysync dev`" in unreachable(httpx.URL(LOCAL), refused).details[0]
    assert "polysync dev" not in unreachable(httpx.URL(REMOTE), refused).details[0]


def test_a_proxy_is_named_without_its_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://user:secret@proxy.example:3128")
    (detail,) = unreachable(httpx.URL(REMOTE), failed(OSError(), httpx.ProxyError)).details
    assert "proxy.example:3128" in detail
    assert "secret" not in detail


@pytest.mark.parametrize(
    "command",
    [
        ("runs",),
        ("show", "r-1"),
        ("graph",),
        ("explain", "r-1"),
        ("explain", "--task", "t"),
        ("usage", "p"),
        ("schedules", "t"),
        ("fire-times", "t"),
        ("artefacts", "p"),
        ("platform-runs", "j"),
        ("export",),
        ("test", "platform", "p"),
        ("run", "t"),
        ("show", "--last"),
    ],
)
def test_json_of_another_service_is_an_error(
    api: FakeApi, polysync: Invoke, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.setattr(api, "react", lambda _request: Answer({"hello": 1}))
    result = polysync(*command)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: ")
