"""Implements `polysync access-key`, which creates an access key for a machine."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class KeyRole(StrEnum):
    """The role of a key."""

    READER = "Polysync.Reader"
    OPERATOR = "Polysync.Operator"
    ADMINISTRATOR = "Polysync.Administrator"


Name = Annotated[
    str, typer.Argument(metavar="NAME", help="Name of the machine: 1 to 63 of a-z, 0-9 and -.")
]
RoleOfKey = Annotated[
    KeyRole,
    typer.Argument(metavar="ROLE", help="Role of the key; choose the lowest that suffices."),
]


def access_key(name: Name, role: RoleOfKey) -> None:
    """Create an access key; the key is printed only once and stored nowhere."""
    from polysync_core.domain.security.access_keys import is_name, new_access_key
    from polysync_core.domain.security.roles import Role

    if not is_name(name):
        raise typer.BadParameter(f"{name!r} must have 1 to 63 of a-z, 0-9 and -", param_hint="NAME")
    key, entry = new_access_key(name, Role(role.value))
    typer.echo(f"key (POLYSYNC_KEY):              {key}")
    typer.echo(f"entry (POLYSYNC_ACCESS_KEYS):    {entry}")
