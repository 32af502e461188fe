"""Invalid and failing answers of a storage account, over real sockets."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from polysync_core.domain.errors import PolysyncError, StaleETag, Unavailable, Uncertain
from polysync_core.storage.azure.connection import StorageConnection
from polysync_core.storage.azure.failures import StorageRefusesIdentity
from polysync_core.storage.azure.tables import AzureTable, AzureTables
from polysync_core.storage.rows import Change, Operation, Row

CUT = b""
TRUNCATED = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"
BUSY = (
    b"HTTP/1.1 503 Busy\r\nRetry-After: 2\r\nConnection: close\r\n"
    b"Content-Type: text/html\r\nContent-Length: 4\r\n\r\n<p/>"
)
TORN_JSON = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1\r\n\r\n{"
FORBIDDEN = (
    b"HTTP/1.1 403 No\r\nx-ms-error-code: AuthorizationFailure\r\nContent-Length: 6\r\n\r\ncanary"
)
STALE = (
    b"HTTP/1.1 412 No\r\nx-ms-error-code: UpdateConditionNotSatisfied\r\nContent-Length: 0\r\n\r\n"
)


class Waits:
    def __init__(self) -> None:
        self.seconds: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


@contextmanager
def table_that_answers(*answers: bytes, waits: Waits | None = None) -> Iterator[AzureTable]:
    """Yield a table whose server sends these answers in turn, the last one repeatedly."""
    left = list(answers)

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            length = 0
            while (line := self.rfile.readline()) not in {b"\r\n", b""}:
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            self.rfile.read(length)
            self.wfile.write(left.pop(0) if len(left) > 1 else left[0])

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        connection = StorageConnection(
            connection_string="DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;"
            f"TableEndpoint=http://127.0.0.1:{server.server_address[1]}/a"
        )
        storage = AzureTables(connection, sleep=waits or Waits())
        yield storage.table("rows")
        storage.close()
        server.shutdown()


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(CUT, id="no answer"),
        pytest.param(TRUNCATED, id="half an answer"),
        pytest.param(TORN_JSON, id="torn JSON"),
        pytest.param(BUSY, id="busy, in HTML"),
    ],
)
def test_a_bad_answer_makes_a_read_unavailable_and_a_write_uncertain(
    answer: bytes,
) -> None:
    with table_that_answers(answer) as table:
        with pytest.raises(Unavailable):
            table.get("p", "k")
        with pytest.raises(Uncertain):
            table.replace(Row("p", "k", {"a": 1}, "etag"))
        if answer != TORN_JSON:
            with pytest.raises(Uncertain):
                table.transact([Operation(Change.INSERT, Row("p", "k", {}))])


def test_retries_wait_for_the_time_that_busy_storage_requests() -> None:
    waits = Waits()
    with table_that_answers(BUSY, waits=waits) as table, pytest.raises(Unavailable) as caught:
        table.get("p", "k")

    assert len(waits.seconds) == 4
    assert all(2 <= seconds <= 2.5 for seconds in waits.seconds)
    assert caught.value.retry_after == 2


def test_a_refused_call_is_not_repeated_and_the_error_has_no_body_text() -> None:
    waits = Waits()
    with (
        table_that_answers(FORBIDDEN, waits=waits) as table,
        pytest.raises(StorageRefusesIdentity) as caught,
    ):
        table.get("p", "k")

    assert not waits.seconds
    error: BaseException = caught.value
    assert isinstance(error, PolysyncError)
    assert "canary" not in str(error)


def test_a_stale_etag_in_the_first_answer_is_final() -> None:
    with table_that_answers(STALE) as table, pytest.raises(StaleETag):
        table.replace(Row("p", "k", {"a": 1}, "etag"))
