"""Creates, reads and verifies the access keys of machines; only hashes are stored.

A key is 256 random bits, so its plain SHA-256 reveals nothing and is safe in a setting
(docs/decisions/0011-access-keys-of-the-app.md).
"""

from __future__ import annotations

import re
import secrets
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from hmac import compare_digest

from polysync_core.domain.security.roles import Role

MAX_KEYS_PER_NAME = 2
"""The key in use and its successor."""

_PREFIX = "polysync_"
_KEY = re.compile(rf"{_PREFIX}[A-Za-z0-9_-]{{43}}")
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_DIGEST = re.compile(r"[0-9a-f]{64}")


class BadAccessKeys(ValueError):
    """An entry is invalid; the message never contains text that could be a key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessKey:
    """The holder and the role of a key."""

    name: str
    role: Role
    digest: str = field(repr=False)
    """The SHA-256 of the key, in hexadecimal."""

    def __str__(self) -> str:
        return f"{self.name}:{self.role}:{self.digest}"


def new_access_key(name: str, role: Role) -> tuple[str, AccessKey]:
    """Return a new key, and the record that is stored instead of the key."""
    key = _PREFIX + secrets.token_urlsafe(32)
    return key, AccessKey(name=name, role=role, digest=_digest(key))


def holder_of(key: str, keys: Iterable[AccessKey]) -> AccessKey | None:
    """Return the stored key that matches a key; the comparison takes constant time."""
    # A text of another form is not random, so it is refused even if its hash is listed.
    if _KEY.fullmatch(key) is None:
        return None
    digest = _digest(key)
    held = [each for each in keys if compare_digest(each.digest, digest)]
    return held[0] if held else None


def read_access_keys(text: str) -> tuple[AccessKey, ...]:
    """Parse comma-separated entries `name:role:sha256`; raises `BadAccessKeys`."""
    entries = text.split(",") if text.strip() else []
    keys = tuple(_entry(each.strip(), index) for index, each in enumerate(entries, 1))
    _check_together(keys)
    return keys


def is_name(text: str) -> bool:
    """Return whether a text is a valid name of a key holder."""
    return _NAME.fullmatch(text) is not None


def _entry(text: str, index: int) -> AccessKey:
    parts = text.split(":")
    if len(parts) != 3:
        raise BadAccessKeys(f"entry {index} must be name:role:sha256")
    name, role, digest = parts
    if not is_name(name):
        raise BadAccessKeys(
            f"entry {index} has no name of 1 to 63 of a-z, 0-9 and -, as in nightly:{Role.READER}:…"
        )
    if role not in list(Role):
        raise BadAccessKeys(f"the role of {name} must be one of {', '.join(Role)}")
    if _DIGEST.fullmatch(digest) is None:
        raise BadAccessKeys(
            f"{name} must have the SHA-256 of its key in 64 lower-case hexadecimal digits, and "
            "never the key itself"
        )
    return AccessKey(name=name, role=Role(role), digest=digest)


def _check_together(keys: Sequence[AccessKey]) -> None:
    by_name: defaultdict[str, list[AccessKey]] = defaultdict(list)
    for key in keys:
        by_name[key.name].append(key)
    for name, held in by_name.items():
        if len(held) > MAX_KEYS_PER_NAME:
            raise BadAccessKeys(
                f"{name} has more than {MAX_KEYS_PER_NAME} keys: remove the old ones"
            )
        if len({each.role for each in held}) > 1:
            raise BadAccessKeys(f"the keys of {name} contradict each other: give both one role")
    by_digest: defaultdict[str, list[str]] = defaultdict(list)
    for key in keys:
        by_digest[key.digest].append(key.name)
    for names in by_digest.values():
        if len(names) > 1:
            raise BadAccessKeys(f"{' and '.join(names)} have the same key: make one for each entry")


def _digest(key: str) -> str:
    return sha256(key.encode()).hexdigest()
