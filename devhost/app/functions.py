"""Reads the functions of the app with triggers and bindings from the worker library."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_SETTING = re.compile(r"%([^%]+)%")


class MissingSetting(Exception):
    """A binding names a setting without a value."""

    def __init__(self, setting: str) -> None:
        super().__init__(f"The setting {setting} has no value.")
        self.setting = setting


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """One function of the app: its trigger and its other bindings."""

    id: str
    name: str
    trigger: Mapping[str, Any]
    clients: tuple[str, ...] = ()
    """Names of the arguments that are durable clients."""
    unsupported: tuple[str, ...] = ()
    """Types of bindings that this host does not support."""
    bindings: tuple[Mapping[str, Any], ...] = ()
    """All bindings as the worker lists them, including the trigger."""

    @property
    def kind(self) -> str:
        """Return the trigger's type, `httpTrigger` for example."""
        return self.trigger["type"]

    @property
    def argument(self) -> str:
        """Return the name of the argument that receives the trigger's value."""
        return self.trigger["name"]

    def setting(self, key: str, default: str = "") -> str:
        """Return a text of the trigger with every `%NAME%` replaced from the environment.

        Raises:
            MissingSetting: the environment does not have the variable.
        """
        return resolve(str(self.trigger.get(key) or default))


def resolve(text: str) -> str:
    """Replace every `%NAME%` by the environment's value, as the Functions host does.

    Raises:
        MissingSetting: the environment does not have the variable.
    """

    def value(match: re.Match[str]) -> str:
        found = os.environ.get(match[1])
        if found is None:
            raise MissingSetting(match[1])
        return found

    return _SETTING.sub(value, text)


def declared(metadata: Any) -> Function:
    """Return the function that one entry of the worker's index describes."""
    bindings = [json.loads(raw) for raw in metadata.raw_bindings]
    trigger = next(each for each in bindings if each["type"].lower().endswith("trigger"))
    others = [each for each in bindings if each is not trigger]
    return Function(
        id=metadata.function_id,
        name=metadata.name,
        trigger=trigger,
        clients=tuple(each["name"] for each in others if each["type"] == "durableClient"),
        unsupported=tuple(
            each["type"] for each in others if each["type"] not in ("durableClient", "http")
        ),
        bindings=tuple(bindings),
    )
