"""Reads single values of settings, and refuses wrong ones by the name of their variable."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from polysync_core.domain.errors import Broken, Invalid
from polysync_core.domain.security.origins import read_origins


class SettingError(Broken):
    """A setting is missing or contradicts another."""


def is_connection_string(text: str) -> bool:
    """Return whether a text is a connection string of a storage account."""
    parts = {part.partition("=")[0].strip().lower() for part in text.split(";")}
    return (
        "usedevelopmentstorage" in parts
        or {"accountname", "accountkey"} <= parts
        or "sharedaccesssignature" in parts
    )


def collector(variables: Mapping[str, str], name: str) -> str:
    """Return the address of a collector. OpenTelemetry's exporter reads the variable too."""
    text = variables.get(name, "")
    if text and not re.match(r"https?://[^\s/]", text):
        raise SettingError(
            f"{name} is {text!r}; it must be an address such as http://127.0.0.1:4318."
        )
    return text


def flag(variables: Mapping[str, str], name: str) -> bool:
    """Return a setting that is true or false; false if it is absent."""
    text = variables.get(name, "false").lower()
    if text not in {"true", "false"}:
        raise SettingError(f"{name} is {text!r}; it must be true or false.")
    return text == "true"


def origins(variables: Mapping[str, str], name: str) -> frozenset[str]:
    """Return the origins of a comma-separated list."""
    try:
        return read_origins(variables.get(name, ""))
    except Invalid as error:
        problem = str(error)
    raise SettingError(f"{name} cannot be used: {problem}.")


def folder(variables: Mapping[str, str], name: str) -> Path | None:
    """Return the whole path of a folder; None for an absent setting."""
    text = variables.get(name, "").strip()
    if text and not text.startswith("/"):
        raise SettingError(f"{name} is {text!r}; it must be the whole path of a folder.")
    return Path(text) if text else None


def number(variables: Mapping[str, str], name: str, default: int, *, most: int) -> int:
    """Return a whole number from 1 to `most`."""
    text = variables.get(name) or str(default)
    found = int(text) if re.fullmatch(r"[0-9]{1,6}", text) else 0
    if not 1 <= found <= most:
        raise SettingError(f"{name} is {text!r}; it must be a whole number from 1 to {most}.")
    return found
