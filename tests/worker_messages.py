"""Reduces the messages that the processes of pytest-xdist send about passed tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

_PROGRESS = frozenset({"logstart", "logfinish"})


def send_less(config: pytest.Config) -> None:
    """Let a process send one message about a passed test instead of five.

    Each message costs both processes about as much time as a quick test.
    """
    for plugin in config.pluginmanager.get_plugins():
        # xdist executes the module of this class under another name, so its type is unknown here.
        if type(plugin).__name__ == "WorkerInteractor":
            plugin.sendevent = _only_news(plugin.sendevent)


def _only_news(send: Callable[..., None]) -> Callable[..., None]:
    def send_news(name: str, **content: Any) -> None:
        if name not in _PROGRESS and not (name == "testreport" and _is_usual(content["data"])):
            send(name, **content)

    return send_news


def _is_usual(report: dict[str, Any]) -> bool:
    """Return True for a set-up or a tear-down without a failure, a skip or output."""
    return report["when"] != "call" and report["outcome"] == "passed" and not report["sections"]
