"""Tests that an absent answer says which kind of network fault happened."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence

import pytest
from requests.adapters import HTTPAdapter

from polysync_core.outbound.hosts import AddressScope
from polysync_core.outbound.http_exchange import Answer, Fault, HttpExchange, TimeLeft
from polysync_core.outbound.http_request import json_request
from polysync_core.outbound.transport import CheckedAdapter

NAME = "service.example"


def local(host: str, port: int) -> Sequence[str]:
    return ["127.0.0.1"]


def unknown(host: str, port: int) -> Sequence[str]:
    raise socket.gaierror(-2, "Name or service not known")


def send(adapter: HTTPAdapter, url: str, *, read: float = 30) -> Answer | Fault:
    left = TimeLeft(connect=30, read=read, deadline=time.monotonic() + 30)
    return HttpExchange(adapter).send(json_request("GET", url, {}), left, time.monotonic)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(30)
        yield server


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_closed_port_is_a_refused_connection(scheme: str) -> None:
    adapter = CheckedAdapter(AddressScope.LOOPBACK, resolver=local)
    assert send(adapter, f"{scheme}://{NAME}:{closed_port()}/") is Fault.CONNECTION_REFUSED


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_name_that_dns_does_not_know_is_named_as_such(scheme: str) -> None:
    adapter = CheckedAdapter(AddressScope.PUBLIC, resolver=unknown)
    assert send(adapter, f"{scheme}://{NAME}/") is Fault.NAME_UNKNOWN


@pytest.mark.parametrize(
    ("failure", "fault"),
    [
        pytest.param(TimeoutError(), Fault.CONNECTION_TIMED_OUT, id="time-out"),
        pytest.param(ConnectionRefusedError(), Fault.CONNECTION_REFUSED, id="refused"),
        pytest.param(OSError(113, "No route to host"), Fault.NOT_REACHED, id="no route"),
    ],
)
def test_a_connection_that_is_not_opened_says_why(
    failure: OSError, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> socket.socket:
        raise failure

    monkeypatch.setattr("polysync_core.outbound.transport.create_connection", fail)
    adapter = CheckedAdapter(AddressScope.LOOPBACK, resolver=local)
    assert send(adapter, f"https://{NAME}/") is fault
    assert not fault.may_have_arrived
    assert fault.is_transient


def answering(listener: socket.socket, talk: Callable[[socket.socket], None]) -> threading.Thread:
    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(4000)
            talk(connection)

    thread = threading.Thread(target=serve)
    thread.start()
    return thread


def test_a_host_without_tls_fails_in_the_handshake(listener: socket.socket) -> None:
    thread = answering(listener, lambda each: each.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    adapter = CheckedAdapter(AddressScope.LOOPBACK, resolver=local)
    assert send(adapter, f"https://{NAME}:{listener.getsockname()[1]}/") is Fault.TLS_FAILED
    thread.join()


def test_a_lost_connection_is_not_a_time_out(listener: socket.socket) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab"
    thread = answering(listener, lambda each: each.sendall(head))
    adapter = CheckedAdapter(AddressScope.LOOPBACK, resolver=local)
    assert send(adapter, f"http://{NAME}:{listener.getsockname()[1]}/") is Fault.NO_ANSWER
    thread.join()


@pytest.mark.parametrize(
    "head", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab"], ids=["head", "body"]
)
def test_a_silent_host_is_a_time_out_of_the_answer(listener: socket.socket, head: bytes) -> None:
    done = threading.Event()

    def stay_silent(connection: socket.socket) -> None:
        connection.sendall(head)
        done.wait(30)

    thread = answering(listener, stay_silent)
    adapter = CheckedAdapter(AddressScope.LOOPBACK, resolver=local)
    url = f"http://{NAME}:{listener.getsockname()[1]}/"
    fault = send(adapter, url, read=0.05)
    done.set()
    thread.join()
    assert fault is Fault.ANSWER_TIMED_OUT
    assert fault.may_have_arrived
    assert fault.is_transient
