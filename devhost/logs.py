"""Configures logging, and formats each log record as one readable line."""

from __future__ import annotations

import logging
import sys

from azure_functions_runtime import invocation_id_cv

from polysync_embedded.logs import CHATTY, SentenceFormatter, quieten

_running: dict[str, str] = {}
"""Invocation id → name of the running function."""


def name_invocation(invocation_id: str, function: str) -> None:
    """Show the name of the function in the log lines of this invocation."""
    _running[invocation_id] = function


def forget_invocation(invocation_id: str) -> None:
    """Forget the name of an invocation that has ended."""
    _running.pop(invocation_id, None)


class FunctionFormatter(SentenceFormatter):
    """Formats a record as one line, which names the running function."""

    def source(self, record: logging.LogRecord) -> str:
        """Return the running function, otherwise the short name of the module that logs."""
        invocation = invocation_id_cv.get()
        function = _running.get(invocation) if invocation else None
        return function or super().source(record)


def _is_logged_elsewhere(record: logging.LogRecord) -> bool:
    """Return whether the web server repeats a failure that the function has already logged.

    Only the web server knows of a failure while a response is streamed.
    """
    trace = record.exc_info[2] if record.exc_info else None
    while trace is not None:
        if trace.tb_frame.f_code.co_name == "catch_all":
            return True
        trace = trace.tb_next
    return False


def configure(*, verbose: bool = False) -> None:
    """Send log lines and the output of the app to stderr; stdout is for the ready line."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(FunctionFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.DEBUG if verbose else logging.INFO)
    if not verbose:
        quieten(("uvicorn", *CHATTY))
    logging.getLogger("uvicorn.error").addFilter(lambda record: not _is_logged_elsewhere(record))
    logging.captureWarnings(capture=True)
    sys.stdout = sys.stderr


def mute_web_server() -> None:
    """Drop the messages of uvicorn, which reports a normal end as an error."""
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL + 1)


def configure_web_server_logging() -> None:
    """Prevent uvicorn, which the worker library starts, from installing its own handlers.

    Its default configuration writes an access log to stdout. `uvicorn.Config` uses this dictionary
    by default, so a change in place is effective.
    """
    from uvicorn.config import LOGGING_CONFIG

    LOGGING_CONFIG.clear()
    LOGGING_CONFIG.update(
        version=1,
        disable_existing_loggers=False,
        loggers={"uvicorn.access": {"handlers": [], "propagate": False}},
    )
