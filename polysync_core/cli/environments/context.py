"""Defines a CLI context: a Polysync app's address, sign-in and bundle variables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from polysync_core.cli.api.errors import CommandFailed
from polysync_core.cli.api.reader import Reader
from polysync_core.domain.json_types import JsonObject, JsonValue

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


class SignIn(StrEnum):
    """The way in which the command line signs in."""

    ENVIRONMENT = "Environment"
    """The variables POLYSYNC_TOKEN and POLYSYNC_KEY."""
    DEVICE_CODE = "DeviceCode"
    """Entra, by a code that the person types on a page; the keyring keeps the tokens."""
    BROKER = "Broker"
    """Entra, by the account manager of the operating system."""
    AZURE_CLI = "AzureCli"
    """Entra, by the account of `az login`."""
    DEFAULT_CREDENTIAL = "DefaultCredential"
    """Entra, by the identity of the machine: managed, federated or from the environment."""
    ACCESS_KEY = "AccessKey"
    """An access key, from a variable or a command."""

    @property
    def is_entra(self) -> bool:
        """Return whether the method gets tokens of Entra."""
        return self not in {SignIn.ENVIRONMENT, SignIn.ACCESS_KEY}

    @property
    def has_login(self) -> bool:
        """Return whether `polysync login` asks a person."""
        return self in {SignIn.DEVICE_CODE, SignIn.BROKER}


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """A named app with its sign-in; it holds no secret."""

    name: str
    url: str
    sign_in: SignIn = SignIn.ENVIRONMENT
    app_id: str | None = None
    """The client id of the app registration, whose tokens the app accepts."""
    tenant_id: str | None = None
    key_variable: str | None = None
    """The environment variable that holds the access key."""
    key_command: str | None = None
    """The command that prints the access key."""
    target: str | None = None
    """The target of a bundle that this context uses by default."""
    variables: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])

    @property
    def scope(self) -> str:
        """The scope of the tokens.

        Raises:
            CommandFailed: the context does not name the app registration.
        """
        if self.app_id is None:
            raise CommandFailed(
                f"Context {self.name} has no --app-id, the client id of the app registration."
            )
        return f"{self.app_id}/.default"

    def as_json(self) -> JsonObject:
        """Return the context for its file; absent values are left out."""
        values: JsonObject = {
            "url": self.url,
            "signIn": self.sign_in.value,
            "appId": self.app_id,
            "tenantId": self.tenant_id,
            "keyVariable": self.key_variable,
            "keyCommand": self.key_command,
            "target": self.target,
            "variables": dict(self.variables),
        }
        return {name: value for name, value in values.items() if value not in (None, {})}

    @classmethod
    def decode(cls, name: str, content: JsonObject) -> Context:
        """Return the context of an entry of the file.

        Raises:
            CommandFailed: the entry is malformed.
        """
        reader = Reader(f"context {name}", content)
        try:
            sign_in = SignIn(reader.text("signIn") or SignIn.ENVIRONMENT)
        except ValueError as error:
            raise CommandFailed(f"Context {name} has an unknown signIn.") from error
        return cls(
            name=name,
            url=reader.text("url") or "",
            sign_in=sign_in,
            app_id=reader.text("appId"),
            tenant_id=reader.text("tenantId"),
            key_variable=reader.text("keyVariable"),
            key_command=reader.text("keyCommand"),
            target=reader.text("target"),
            variables=reader.object("variables"),
        )


def require_context_name(name: str) -> None:
    """Raise `CommandFailed` unless the name is valid."""
    if not _NAME.fullmatch(name):
        raise CommandFailed(
            f"'{name}' is not a name of a context: use 1 to 63 of a-z, 0-9 and '-'."
        )
