"""The format of log lines."""

from __future__ import annotations

import logging
import sys

from azure_functions_runtime import invocation_id_cv

from devhost.logs import FunctionFormatter, _is_logged_elsewhere, forget_invocation, name_invocation


def line(message: str, *args: object, **extra: object) -> str:
    record = logging.LogRecord(
        "orchestrations.engine", logging.WARNING, __file__, 1, message, args, None
    )
    vars(record).update(extra)
    return FunctionFormatter().format(record)


def test_a_line_has_level_source_message_and_fields() -> None:
    written = line("A run was %s.", "submitted", action="run_submitted", run_id="r1", note="a b")

    assert written[12:] == (
        " WARNING engine                   A run was submitted. run_id=r1 note='a b'"
    )


def test_a_line_of_a_running_function_carries_its_name() -> None:
    name_invocation("i1", "poll")
    token = invocation_id_cv.set("i1")  # type: ignore[arg-type]
    try:
        assert " poll " in line("Polled.")
        forget_invocation("i1")
        assert " engine " in line("Polled.")
    finally:
        invocation_id_cv.reset(token)


def test_the_web_server_does_not_repeat_a_failure_of_a_function() -> None:
    def catch_all() -> None:
        raise ValueError("on purpose")

    def later() -> None:
        raise ValueError("on purpose")

    hidden = []
    for fail in (catch_all, later):
        try:
            fail()
        except ValueError:
            record = logging.makeLogRecord({"exc_info": sys.exc_info()})
            hidden.append(_is_logged_elsewhere(record))

    assert hidden == [True, False]
