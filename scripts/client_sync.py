"""Generates polysync/sync, the blocking Python client, from the asynchronous client polysync/aio.

python -m scripts.client_sync
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "polysync"
SOURCE, TARGET = PACKAGE / "aio", PACKAGE / "sync"

_WORDS = {
    "AsyncGenerator": "Generator",
    "AsyncExitStack": "ExitStack",
    "AsyncBaseTransport": "BaseTransport",
    "AsyncClient": "Client",
    "StopAsyncIteration": "StopIteration",
    "__aenter__": "__enter__",
    "__aexit__": "__exit__",
    "__aiter__": "__iter__",
    "aclose": "close",
    "aiter_bytes": "iter_bytes",
    "anext": "next",
    "aread": "read",
    "push_async_callback": "callback",
}
_REPLACEMENTS = (
    (r"^import asyncio\n", ""),
    (r"asyncio\.sleep", "time.sleep"),
    (r"Awaitable\[None\]", "None"),
    (r", Awaitable,", ","),
    (r"\basync (def|for|with)\b", r"\1"),
    (r"\bawait ", ""),
    (r"  # noqa: ASYNC109[^\n]*", ""),
    (r"polysync\.aio\b", "polysync.sync"),
    (r"\b_?Async([A-Z]\w*)", lambda found: found[0].replace("Async", "", 1)),
)
_NOTICE = "`python -m scripts.client_sync` generates this module from polysync/aio."


def modules() -> dict[str, str]:
    """Return the text of each generated module by its name."""
    return {path.name: _formatted(converted(path.read_text("utf-8"))) for path in _sources()}


def converted(text: str) -> str:
    """Return the blocking form of an asynchronous module."""
    for word, replacement in _WORDS.items():
        text = re.sub(rf"(?<![A-Za-z0-9]){word}\b", replacement, text)
    for pattern, by in _REPLACEMENTS:
        text = re.sub(pattern, by, text, flags=re.MULTILINE)
    return _with_notice(text)


def _with_notice(text: str) -> str:
    first, _, rest = text.partition("\n")
    if first.endswith('"""') and first.count('"""') == 2:
        return f'{first[:-3]}\n\n{_NOTICE}\n"""\n{rest}'
    end = rest.index('"""')
    return f"{first}\n{rest[:end]}\n{_NOTICE}\n{rest[end:]}"


def _sources() -> list[Path]:
    return [path for path in sorted(SOURCE.glob("*.py")) if path.name != "__init__.py"]


def _formatted(text: str) -> str:
    ruff = [sys.executable, "-m", "ruff"]
    name = ["--stdin-filename", str(TARGET / "module.py"), "-"]
    for command in (["check", "--quiet", "--select", "I", "--fix"], ["format"]):
        text = subprocess.run(  # noqa: S603 - fixed commands
            [*ruff, *command, *name], input=text, capture_output=True, text=True, check=True
        ).stdout
    return text


if __name__ == "__main__":
    for _name, _text in modules().items():
        (TARGET / _name).write_text(_text, encoding="utf-8")
