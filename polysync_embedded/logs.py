"""Configures logging, and formats each log record as readable text or JSON."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from polysync_core.domain.display_text import escaped
from polysync_embedded.options import LogFormat

#: Attributes of every record. All other attributes come from `extra`.
_PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

#: Libraries that log every step. Only their warnings and errors are shown.
CHATTY = (
    "aiohttp",
    "asyncio",
    "azure",
    "databricks",
    "durabletask",
    "grpc",
    "httpcore",
    "httpx",
    "mcp",
    "sse_starlette",
    "urllib3",
)


class SentenceFormatter(logging.Formatter):
    """Formats a record as one line: the message, then the fields of `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and the traceback of the record below it."""
        at = datetime.fromtimestamp(record.created, UTC).astimezone()
        facts = "".join(
            f" {name}={_shown(value)}" for name, value in _extra(record) if name != "action"
        )
        line = (
            f"{at:%H:%M:%S}.{int(record.msecs):03d} {record.levelname:<7} "
            f"{self.source(record):<24} {record.getMessage()}{facts}"
        )
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line

    def source(self, record: logging.LogRecord) -> str:
        """Return the short name of the module that logs."""
        is_own = record.name.startswith(("polysync_", "orchestrations.", "devhost."))
        return record.name.rpartition(".")[2] if is_own else record.name


class JsonFormatter(logging.Formatter):
    """Formats a record as one JSON object; the fields of `extra` keep their names."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the object in one line of ASCII."""
        fields: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        # A field of `extra` never replaces one of the fields above.
        fields = dict(_extra(record)) | fields
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        return json.dumps(fields, default=str)


def configure(log_format: LogFormat) -> None:
    """Send log lines to stderr; stdout is for what the command prints."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if log_format is LogFormat.JSON else SentenceFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    quieten(CHATTY)
    # The web server repeats failures that the app has logged, and a normal end as an error.
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL + 1)
    logging.captureWarnings(capture=True)


def quieten(names: tuple[str, ...]) -> None:
    """Show only the warnings and errors of these libraries."""
    for name in names:
        logging.getLogger(name).setLevel(logging.WARNING)


def _extra(record: logging.LogRecord) -> Iterator[tuple[str, object]]:
    return ((name, value) for name, value in vars(record).items() if name not in _PLAIN)


def _shown(value: object) -> str:
    text = escaped(str(value))
    return repr(text) if not text or " " in text else text
