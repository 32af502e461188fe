"""Log lines for people: time, level, the function or part that speaks, a sentence, its facts."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime

from azure_functions_runtime import invocation_id_cv

#: Attributes that every record has; whatever else is on it came by `extra`.
_PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "action"}

#: Libraries that narrate their own work; what they absorb or cannot do is still shown.
_CHATTY = (
    "aiohttp",
    "asyncio",
    "azure",
    "databricks",
    "durabletask",
    "grpc",
    "mcp",
    "sse_starlette",
    "urllib3",
    "uvicorn",
)

_running: dict[str, str] = {}
"""Invocation id → function name, for as long as the function runs."""


def name_invocation(invocation_id: str, function: str) -> None:
    """Let log lines of this invocation carry the function's name."""
    _running[invocation_id] = function


def forget_invocation(invocation_id: str) -> None:
    """The invocation has ended; its id names nothing any more."""
    _running.pop(invocation_id, None)


class SentenceFormatter(logging.Formatter):
    """Write a record as one line, with the facts of its `extra` behind the sentence."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; a traceback, if there is one, follows on lines of its own."""
        at = datetime.fromtimestamp(record.created, UTC).astimezone()
        facts = "".join(
            f" {name}={_shown(value)}" for name, value in vars(record).items() if name not in _PLAIN
        )
        line = (
            f"{at:%H:%M:%S}.{int(record.msecs):03d} {record.levelname:<7} "
            f"{_speaker(record):<24} {record.getMessage()}{facts}"
        )
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line


def _speaker(record: logging.LogRecord) -> str:
    invocation = invocation_id_cv.get()
    function = _running.get(invocation) if invocation else None
    is_own = record.name.startswith("devhost.")
    return function or (record.name.rpartition(".")[2] if is_own else record.name)


def _shown(value: object) -> str:
    text = str(value)
    return repr(text) if not text or " " in text else text


def _is_told_already(record: logging.LogRecord) -> bool:
    """Tell whether the web server repeats a failure of a function, which is logged as such.

    What fails later, while a response is streamed, is known to the web server alone.
    """
    trace = record.exc_info[2] if record.exc_info else None
    while trace is not None:
        if trace.tb_frame.f_code.co_name == "catch_all":
            return True
        trace = trace.tb_next
    return False


def configure(*, verbose: bool = False) -> None:
    """Send every log line to stderr, and the app's own prints too: stdout is for the ready line."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(SentenceFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.DEBUG if verbose else logging.INFO)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.INFO if verbose else logging.WARNING)
    logging.getLogger("uvicorn.error").addFilter(lambda record: not _is_told_already(record))
    logging.captureWarnings(capture=True)
    sys.stdout = sys.stderr


def leave_the_web_server_unheard() -> None:
    """Drop what uvicorn says from now on: it ends with the loop, and takes that for an error."""
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL + 1)


def quieten_the_web_server() -> None:
    """Keep uvicorn, which the worker library starts, from installing handlers of its own.

    Its default configuration writes an access log to stdout; the dictionary is the one that
    `uvicorn.Config` takes by default, so changing it in place is what reaches it.
    """
    from uvicorn.config import LOGGING_CONFIG

    LOGGING_CONFIG.clear()
    LOGGING_CONFIG.update(
        version=1,
        disable_existing_loggers=False,
        loggers={"uvicorn.access": {"handlers": [], "propagate": False}},
    )
