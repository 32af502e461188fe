"""Collects the credentials that a connection uses, to remove them from response texts."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from polysync_core.domain.security.redaction import NO_SECRETS, Redactor, is_credential_parameter
from polysync_core.domain.security.secrets import Secret
from polysync_core.outbound.http_request import HttpRequest
from polysync_core.outbound.references import Secrets
from polysync_core.outbound.urls import Query

MAX_CREDENTIALS = 32
"""The number of credentials that are remembered; tokens change every hour."""


class CredentialsInUse:
    """The newest credentials that a connection was given or signed with; safe for threads."""

    def __init__(self) -> None:
        self._secrets: OrderedDict[Secret, None] = OrderedDict()
        self._redactor: Redactor = NO_SECRETS
        self._lock = threading.Lock()

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """The credentials."""
        with self._lock:
            return tuple(self._secrets)

    @property
    def redactor(self) -> Redactor:
        """The redactor of these credentials."""
        return self._redactor

    def note(self, secret: Secret) -> None:
        """Remember a credential."""
        with self._lock:
            if secret in self._secrets:
                return
            self._secrets[secret] = None
            if len(self._secrets) > MAX_CREDENTIALS:
                self._secrets.popitem(last=False)
            self._redactor = Redactor(self._secrets)

    def note_signature(self, unsigned: HttpRequest, signed: HttpRequest) -> None:
        """Remember the headers that an authenticator added to a request.

        A signature of AWS and its time are no credentials: they are valid for one request.
        """
        for name, value in signed.headers.items():
            is_signature = name == "X-Amz-Date" or value.startswith("AWS4-HMAC-SHA256 ")
            if unsigned.headers.get(name) != value and not is_signature:
                # The word before the credential is its scheme, such as `Bearer`.
                self.note(Secret(value.rpartition(" ")[2]))

    def note_query(self, query: Query | None) -> None:
        """Remember the query values of a URL that carries its own permission."""
        pairs = query.items() if isinstance(query, Mapping) else query or ()
        for name, value in pairs:
            if isinstance(value, str) and is_credential_parameter(name):
                self.note(Secret(value))


@dataclass(frozen=True, slots=True)
class NotedSecrets:
    """Resolves the references of one connection, and remembers the values."""

    secrets: Secrets
    credentials: CredentialsInUse

    def resolve(self, reference: str) -> Secret:
        """Return the value of a reference."""
        secret = self.secrets.resolve(reference)
        self.credentials.note(secret)
        return secret

    def forget(self, reference: str) -> None:
        """Make the next `resolve` read the vault again."""
        self.secrets.forget(reference)
