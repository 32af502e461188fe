"""Tests of the local Functions host: HTTP, triggers and engine."""

from __future__ import annotations

import base64
import json
import signal
import socket
import threading
import time
from typing import Any
from uuid import uuid4

import httpx
import psutil
import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.queue import QueueClient

from devhost.host import lock
from devhost.settings import storage_connection
from polysync_embedded.options import StartRefused
from tests.integration.devhost.host_process import (
    QUEUE,
    TIMEOUT,
    HostProcess,
    StartHost,
    eventually,
)

pytestmark = [pytest.mark.devhost, pytest.mark.azurite]


def test_a_route_parameter_and_the_query_reach_the_function(host: HostProcess) -> None:
    assert host.get("/hello/bob%20a?x=1") == {"hello": "bob a", "query": {"x": "1"}}


def test_a_catch_all_takes_the_rest_and_the_url_is_the_callers(host: HostProcess) -> None:
    assert host.get("/files/a/b.txt?q=1") == {
        "path": "a/b.txt",
        "url": f"http://127.0.0.1:{host.port}/api/files/a/b.txt?q=1",
    }


def test_an_unknown_route_is_a_problem_document(host: HostProcess) -> None:
    answer = host.http.get("/nothing")

    assert (answer.status_code, answer.json()["status"]) == (404, 404)
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_known_route_with_another_method_is_405_and_says_which(host: HostProcess) -> None:
    answer = host.http.delete("/hello/bob")

    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="an empty body"),
        pytest.param(json.dumps({"a": 1}).encode(), id="a small body in one piece"),
        pytest.param(bytes(range(256)) * 12000, id="three megabytes in many pieces"),
    ],
)
def test_a_body_arrives_and_returns_unchanged(host: HostProcess, body: bytes) -> None:
    answer = host.http.post("/echo", content=body, headers={"content-type": "application/x"})

    assert (answer.content, answer.headers["x-echo"]) == (body, "yes")
    assert answer.headers["content-type"] == "application/x"


def test_a_body_of_unknown_length_is_streamed(host: HostProcess) -> None:
    answer = host.http.post("/echo", content=iter([b"one, ", b"two"]))

    assert answer.content == b"one, two"


def test_a_function_that_raises_is_500_without_the_reason(host: HostProcess) -> None:
    answer = host.http.get("/broken")

    assert answer.status_code == 500
    assert "on purpose" not in answer.text
    assert host.log_text().count("ValueError: on purpose") == 1


def test_events_are_streamed_as_they_happen(host: HostProcess) -> None:
    with host.http.stream("GET", "/events?count=100000") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = filter(None, answer.iter_lines())
        assert [next(lines) for _ in range(3)] == ["data: 0", "data: 1", "data: 2"]


def test_a_client_that_hangs_up_ends_the_stream(host: HostProcess) -> None:
    with host.http.stream("GET", "/events?count=1000") as answer:
        next(answer.iter_lines())

    assert eventually(lambda: "events" in host.get("/state")["disconnected"])


@pytest.mark.parametrize(
    ("kind", "status", "length"),
    [
        pytest.param("nothing", 204, 0, id="an answer without a body"),
        pytest.param("elsewhere", 302, 0, id="a redirect is the caller's to follow"),
        pytest.param("squeezed", 200, 800, id="a compressed body stays compressed on the way"),
        pytest.param("large", 200, 100_000, id="a large body of known length"),
    ],
)
def test_answers_are_not_changed(host: HostProcess, kind: str, status: int, length: int) -> None:
    answer = host.http.get(f"/answers/{kind}")

    assert (answer.status_code, len(answer.content)) == (status, length)
    assert ("content-encoding" in answer.headers) == (kind == "squeezed")


@pytest.mark.parametrize("kind", ["squeezed", "large"])
def test_head_has_the_length_and_no_body(host: HostProcess, kind: str) -> None:
    length = host.http.get(f"/answers/{kind}").headers["content-length"]
    for _ in range(2):
        answer = host.http.head(f"/answers/{kind}")
        assert (answer.headers["content-length"], answer.content) == (length, b"")


def test_every_cookie_arrives(host: HostProcess) -> None:
    assert len(host.http.get("/answers/cookies").headers.get_list("set-cookie")) == 2


def test_a_stream_that_fails_in_the_middle_does_not_look_complete(host: HostProcess) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        host.http.get("/torn")


def test_a_caller_that_expects_100_continue_receives_it(host: HostProcess) -> None:
    head = f"POST /api/echo HTTP/1.1\r\nHost: 127.0.0.1:{host.port}\r\nContent-Length: 2\r\n"
    with socket.create_connection(("127.0.0.1", host.port), timeout=TIMEOUT) as wire:
        wire.sendall((head + "Expect: 100-continue\r\nConnection: close\r\n\r\n").encode())
        assert wire.recv(100).startswith(b"HTTP/1.1 100 ")
        wire.sendall(b"ok")
        assert wire.recv(100).startswith(b"HTTP/1.1 200 ")


def test_a_timer_fires_at_start_up_and_then_each_second(host: HostProcess) -> None:
    assert eventually(lambda: len(host.get("/state")["ticks"]) >= 3)


def test_a_message_is_handled_once(host: HostProcess) -> None:
    text = str(uuid4())
    host.queue().send_message(text)

    eventually(lambda: _seen(host, text))
    time.sleep(0.5)
    assert _seen(host, text) == [{"text": text, "count": 1}]


def test_a_message_that_fails_too_often_goes_to_the_poison_queue(host: HostProcess) -> None:
    text = f"fail {uuid4()}"
    host.queue().send_message(text)

    poison = eventually(lambda: _poison(host))
    assert poison == [text]
    assert [each["count"] for each in _seen(host, text)] == [1, 2]


def test_a_message_that_is_not_base64_goes_to_the_poison_queue_at_once(host: HostProcess) -> None:
    QueueClient.from_connection_string(storage_connection(host.base), QUEUE).send_message("no!")

    assert eventually(lambda: _poison(host, decode=False)) == ["no!"]


def _seen(host: HostProcess, text: str) -> list[Any]:
    return [each for each in host.get("/state")["seen"] if each["text"] == text]


def _poison(host: HostProcess, *, decode: bool = True) -> list[str]:
    queue = host.queue("work-poison")
    try:
        found = list(queue.receive_messages())
    except ResourceNotFoundError:
        return []
    for message in found:
        queue.delete_message(message)
    texts = [message.content for message in found]
    return [base64.b64decode(text).decode() for text in texts] if decode else texts


def _run(host: HostProcess, name: str, given: Any) -> Any:
    started = host.post(f"/start/{name}", given)
    return host.get(f"/wait/{started['id']}")


def test_an_orchestration_goes_through_activity_timer_event_entity_and_child(
    host: HostProcess,
) -> None:
    host.post("/start/everything?id=all", 21)
    time.sleep(0.5)
    host.post("/raise/all/answer", "yes")

    ended = host.get("/wait/all")
    assert (ended["status"], json.loads(ended["output"])) == ("COMPLETED", [42, "yes", 84])
    by_entity = eventually(lambda: _ended(host, "from-the-entity"))
    assert by_entity["output"] == "84"


def _ended(host: HostProcess, instance_id: str) -> Any:
    ended = host.get(f"/wait/{instance_id}")
    return ended if ended["status"] else None


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        pytest.param("failing", "refused x", id="an activity that raises"),
        pytest.param("lost", "Function 'lost' failed", id="an activity the app does not have"),
        pytest.param("missing", "missing", id="an orchestrator the app does not have"),
    ],
)
def test_a_failure_ends_the_orchestration_with_its_reason(
    host: HostProcess, name: str, reason: str
) -> None:
    ended = _run(host, name, "x")

    assert ended["status"] == "FAILED"
    assert reason in ended["output"]


def test_the_id_of_an_ended_orchestration_may_be_used_again(host: HostProcess) -> None:
    for number in (1, 2):
        host.post("/start/child?id=again", number)
        assert host.get("/wait/again")["output"] == str(number * 2)


def test_twenty_waiting_clients_do_not_block_other_requests(host: HostProcess) -> None:
    host.post("/start/everything?id=slow", 1)

    def wait() -> None:
        httpx.get(f"http://127.0.0.1:{host.port}/api/wait/slow", timeout=TIMEOUT)

    waiting = [threading.Thread(target=wait) for _ in range(20)]
    for each in waiting:
        each.start()
    try:
        assert _run(host, "child", 3)["output"] == "6"
    finally:
        host.post("/raise/slow/answer", "go")
        for each in waiting:
            each.join()


def test_it_listens_on_loopback_only(host: HostProcess) -> None:
    listening = {
        connection.laddr.ip.removeprefix("::ffff:")
        for process in (psutil.Process(host.process.pid), *host.children())
        for connection in process.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    }

    assert listening == {"127.0.0.1"}


def test_an_unknown_trigger_is_named_and_the_rest_works(host: HostProcess) -> None:
    assert "function=never trigger=eventHubTrigger" in host.log_text()


def test_two_hosts_have_no_shared_data_and_a_signal_ends_one_with_its_children(
    start_host: StartHost, host: HostProcess
) -> None:
    second = start_host().ready()
    host.post("/table?row=mine")
    assert second.get("/table") == []
    assert _run(second, "child", 3)["output"] == "6"

    second.post("/table?row=before")
    with second.http.stream("GET", "/events?count=1000"):
        second.require_clean_end(signal.SIGTERM)
    assert host.get("/table") == ["mine"]


def test_a_second_host_on_the_same_data_is_refused(host: HostProcess) -> None:
    with pytest.raises(StartRefused, match="choose another directory with --data"):
        lock(host.data, timeout=0.1)
