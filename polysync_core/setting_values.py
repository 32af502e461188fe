"""Parses the values of environment variables, and names the variable in errors."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from polysync_core.domain.errors import Broken, Invalid
from polysync_core.domain.security.origins import read_origins
from polysync_core.domain.security.secrets import SecretReference
from polysync_core.outbound.lineage.sending import LineageTarget
from polysync_core.outbound.urls import read_url


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


def short_text(variables: Mapping[str, str], name: str, *, most: int) -> str | None:
    """Return a printable text of a bounded length; None for an empty setting."""
    text = variables.get(name, "").strip()
    if len(text) > most or not text.isprintable():
        raise SettingError(f"{name} must be printable text of at most {most} characters.")
    return text or None


def public_url(variables: Mapping[str, str]) -> str | None:
    """Return the address of the deployment; App Service tells its own host name."""
    name = "POLYSYNC_PUBLIC_URL"
    host = variables.get("WEBSITE_HOSTNAME", "")
    is_own = bool(host) and ":" not in host
    text = variables.get(name, "").strip() or (f"https://{host}" if is_own else "")
    if not text:
        return None
    try:
        found = read_url(text, path=name, allow_loopback=True, allow_port=True)
    except Invalid as error:
        raise SettingError(f"{error}.") from error
    if found.target != "/":
        raise SettingError(f"{name} is {text!r}; only the scheme and the host are wanted.")
    return found.base.url


def lineage_target(variables: Mapping[str, str]) -> LineageTarget | None:
    """Return the target of lineage, which is off without an address and a file."""
    names = ("POLYSYNC_OPENLINEAGE_URL", "POLYSYNC_OPENLINEAGE_KEY", "POLYSYNC_OPENLINEAGE_FILE")
    url, key, file = (variables.get(name, "").strip() for name in names)
    if key and not url:
        raise SettingError(f"{names[1]} is set without {names[0]}: set both, or remove it.")
    if not url and not file:
        return None
    try:
        if url:
            read_url(url, path=names[0], allow_loopback=True, allow_port=True)
        if key:
            SecretReference.parse(key, path=names[1])
    except Invalid as error:
        raise SettingError(f"{error}.") from error
    return LineageTarget(
        namespace=short_text(variables, "POLYSYNC_OPENLINEAGE_NAMESPACE", most=200) or "polysync",
        url=url or None,
        key=key or None,
        file=Path(file) if file else None,
    )
