"""Tests that a connection goes to a checked address only, which prevents DNS rebinding."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator, Sequence

import pytest
import requests
from requests.adapters import HTTPAdapter

from polysync_core.outbound.hosts import AddressScope
from polysync_core.outbound.http_request import json_request
from polysync_core.outbound.transport import AddressRefused, CheckedAdapter, shared_transport

NAME = "adb-1.7.azuredatabricks.net"


class Zone:
    """A name server that gives each answer once; the last one stays."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(30)
        yield server


def send(adapter: HTTPAdapter, url: str) -> requests.Response:
    return adapter.send(json_request("GET", url, {}).prepare(), timeout=(30, 30))


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["10.0.0.1"], ["20.42.4.211", "127.0.0.1"]])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_name_with_a_private_address_is_never_connected_to(
    addresses: list[str], scheme: str, listener: socket.socket
) -> None:
    adapter = CheckedAdapter(AddressScope.PUBLIC, resolver=Zone(addresses))
    listener.settimeout(0.05)

    with pytest.raises(AddressRefused):
        send(adapter, f"{scheme}://{NAME}:{listener.getsockname()[1]}/")
    with pytest.raises(TimeoutError):
        listener.accept()


def test_the_checked_address_is_the_one_connected_to(listener: socket.socket) -> None:
    """A zone that answers publicly to a check and privately to the connection gains nothing."""
    zone = Zone(["127.0.0.1"], ["10.0.0.1"])
    adapter = CheckedAdapter(AddressScope.LOOPBACK, resolver=zone)
    port = listener.getsockname()[1]

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(1000)
            connection.sendall(
                b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
            )

    thread = threading.Thread(target=serve)
    thread.start()
    response = send(adapter, f"http://simulator.example:{port}/")
    thread.join()

    assert response.content == b"ok"
    assert zone.asked == ["simulator.example"]
    adapter.close()


def test_tls_requests_the_name_of_the_host(listener: socket.socket) -> None:
    adapter = CheckedAdapter(AddressScope.LOOPBACK, resolver=Zone(["127.0.0.1"]))
    hello: list[bytes] = []

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            hello.append(connection.recv(4000))

    thread = threading.Thread(target=serve)
    thread.start()
    with pytest.raises((requests.ConnectionError, ssl.SSLError)):
        send(adapter, f"https://{NAME}:{listener.getsockname()[1]}/")
    thread.join()

    assert NAME.encode() in hello[0]
    adapter.close()


def test_an_unknown_name_is_an_ordinary_connection_error() -> None:
    def unknown(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror(-2, "Name or service not known")

    with pytest.raises(requests.ConnectionError):
        send(CheckedAdapter(AddressScope.PUBLIC, resolver=unknown), f"https://{NAME}/")


def test_a_name_without_addresses_is_an_ordinary_connection_error() -> None:
    with pytest.raises(requests.ConnectionError):
        send(CheckedAdapter(AddressScope.PUBLIC, resolver=Zone([])), f"https://{NAME}/")


def test_the_process_has_one_transport_for_each_address_scope() -> None:
    assert shared_transport(AddressScope.PUBLIC) is shared_transport(AddressScope.PUBLIC)
    assert shared_transport(AddressScope.PUBLIC) is not shared_transport(AddressScope.LOOPBACK)


def test_a_silent_connection_is_kept_open(listener: socket.socket) -> None:
    """A function may work for minutes, and Azure drops connections that are silent for four."""
    options: list[tuple[int, int]] = []

    class Watched(socket.socket):
        def setsockopt(self, level: int, option: int, value: object) -> None:  # type: ignore[override]
            options.append((level, option))
            super().setsockopt(level, option, value)  # type: ignore[call-overload]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "socket", Watched)
        adapter = CheckedAdapter(AddressScope.LOOPBACK, resolver=Zone(["127.0.0.1"]))
        with pytest.raises(requests.ReadTimeout):
            request = json_request("GET", f"http://127.0.0.1:{listener.getsockname()[1]}/", {})
            adapter.send(request.prepare(), timeout=(30, 0.05))

    assert (socket.SOL_SOCKET, socket.SO_KEEPALIVE) in options
    assert (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) in options
