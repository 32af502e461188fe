"""Lists, reads, writes and deletes definitions of any kind by the API.

`python -m scripts.client_sync` generates this module from polysync/aio.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any

from pydantic import BaseModel

from polysync.calls import Call, Json
from polysync.sync.http import Http
from polysync.values import MAX_PAGE_SIZE, query_of, stored, to_json


def pages(http: Http, *path: str, query: Mapping[str, Any] | None = None) -> Generator[Json]:
    """Yield every item of a list; a page is read when its first item is needed."""
    token: str | None = None
    while True:
        page = {**(query or {}), "limit": str(MAX_PAGE_SIZE), "continuationToken": token}
        answer = http.call(Call(method="GET", path=path, query=page, has="items"))
        for item in answer["items"]:
            yield item
        token = answer.get("continuationToken")
        if token is None:
            return


class Definition[M]:
    """One definition by its name; a request is sent only by a method."""

    path = ""
    """The path of the kind."""
    model = ""
    """The name of the model of a stored definition."""

    def __init__(self, http: Http, name: str) -> None:
        self._http = http
        self.name = name

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"

    def get(self) -> M:
        """Read the definition."""
        return self._stored(self._send("GET"))

    def put(self, definition: Mapping[str, Any] | BaseModel, *, if_match: str | None = None) -> M:
        """Create or replace the definition; with `if_match`, replace only this version."""
        headers = {} if if_match is None else {"If-Match": if_match}
        body = {key: each for key, each in to_json(definition).items() if key != "name"}
        return self._stored(self._send("PUT", body=body, headers=headers))

    def patch(self, changes: Mapping[str, Any]) -> M:
        """Change some fields, named as in a definition, such as `{"enabled": False}`."""
        return self._stored(self._send("PATCH", body=to_json(changes)))

    def delete(self) -> None:
        """Delete the definition; what refers to it prevents that."""
        self._send("DELETE")

    def _send(self, method: str, *path: str, **rest: Any) -> Json:
        return self._http.call(Call(method=method, path=(self.path, self.name, *path), **rest))

    def _stored(self, answer: Json) -> M:
        return stored(self.model, answer)


class Collection[D: Definition[Any], M]:
    """The definitions of one kind: `client.tasks["name"]`, or a loop over all of them."""

    def __init__(self, http: Http, item: type[D]) -> None:
        self._http = http
        self._item = item

    def __getitem__(self, name: str) -> D:
        return self._item(self._http, name)

    def __iter__(self) -> Generator[M]:
        return self.list()

    def list(self, **filters: Any) -> Generator[M]:
        """Yield the stored definitions by name; the filters are those of the route."""
        for item in pages(self._http, self._item.path, query=query_of(filters)):
            yield stored(self._item.model, item)
