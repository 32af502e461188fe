"""Calls AWS JSON APIs, which name the operation in the header `X-Amz-Target`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from polysync_core.domain.json_types import JsonObject
from polysync_core.platforms.aws.answers import page_of
from polysync_core.platforms.calls import Call, RefusalMapping
from polysync_core.platforms.paging import Page, paged
from polysync_core.platforms.platform_client import PlatformClient


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsJsonApi:
    """The operations of a service with the protocol JSON 1.0 or 1.1."""

    client: PlatformClient
    target: str
    """The prefix of `X-Amz-Target`, such as `AWSStepFunctions`."""
    version: str = "1.1"
    next_key: str = "nextToken"
    """The name of the token of the next page, in requests and answers."""

    def call(
        self,
        operation: str,
        body: JsonObject,
        *,
        has_effect: bool = False,
        refused: RefusalMapping | None = None,
    ) -> Call:
        """Return the call of an operation, which may be repeated."""
        return Call(
            method="POST",
            segments=(),
            ending="/",
            headers={
                "Content-Type": f"application/x-amz-json-{self.version}",
                "X-Amz-Target": f"{self.target}.{operation}",
            },
            text=json.dumps(body, separators=(",", ":"), allow_nan=False),
            repeatable=True,
            effect=has_effect,
            refused=refused,
        )

    def read[T](
        self,
        operation: str,
        body: JsonObject,
        read: Callable[[JsonObject], T],
        *,
        refused: RefusalMapping | None = None,
    ) -> T:
        """Call an operation without effect, and read its answer."""
        return self.client.execute(self.call(operation, body, refused=refused), read)

    def listed(
        self, operation: str, body: JsonObject, items: str, refused: RefusalMapping | None = None
    ) -> Iterator[JsonObject]:
        """Yield the entries of a list, page by page."""
        key = self.next_key

        def fetch(token: str | None) -> Page[JsonObject]:
            paging: JsonObject = {} if token is None else {key: token}
            content: JsonObject = {**body, **paging}
            return self.read(
                operation, content, lambda answer: page_of(answer, items, key), refused=refused
            )

        return paged(fetch)
