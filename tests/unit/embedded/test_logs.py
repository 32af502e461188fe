"""The format of the log lines of the embedded host."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

from polysync_embedded.logs import JsonFormatter, SentenceFormatter


def _record(message: str, *args: object, **extra: object) -> logging.LogRecord:
    record = logging.LogRecord(
        "polysync_core.application.runs.store", logging.INFO, __file__, 1, message, args, None
    )
    vars(record).update(extra)
    return record


def test_a_line_has_level_source_message_and_fields() -> None:
    written = SentenceFormatter().format(
        _record("A run was %s.", "accepted", action="run_accepted", run_id="r1", note="a b")
    )

    assert written[12:] == (
        " INFO    store                    A run was accepted. run_id=r1 note='a b'"
    )


def test_a_json_line_has_the_fields_under_their_names() -> None:
    at = datetime(2026, 11, 23, 12, tzinfo=UTC)
    record = _record("A run was %s.", "accepted", action="run_accepted", run_id="r1", level="x")
    record.created, record.msecs = at.timestamp(), 0

    assert json.loads(JsonFormatter().format(record)) == {
        "time": "2026-11-23T12:00:00.000+00:00",
        "level": "info",
        "logger": "polysync_core.application.runs.store",
        "message": "A run was accepted.",
        "action": "run_accepted",
        "run_id": "r1",
    }


def test_a_json_line_holds_the_stack_trace_in_one_line() -> None:
    record = _record("It failed.")
    error = ValueError("two\nlines")
    record.exc_info = (ValueError, error, None)
    written = JsonFormatter().format(record)

    assert "\n" not in written
    assert "ValueError: two\nlines" in json.loads(written)["exception"]
