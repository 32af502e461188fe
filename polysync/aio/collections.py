"""Lists, reads, writes and deletes definitions of any kind by the API."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from typing import Any

from pydantic import BaseModel

from polysync.aio.http import AsyncHttp
from polysync.calls import Call, Json
from polysync.values import MAX_PAGE_SIZE, query_of, stored, to_json


async def pages(
    http: AsyncHttp, *path: str, query: Mapping[str, Any] | None = None
) -> AsyncGenerator[Json]:
    """Yield every item of a list; a page is read when its first item is needed."""
    token: str | None = None
    while True:
        page = {**(query or {}), "limit": str(MAX_PAGE_SIZE), "continuationToken": token}
        answer = await http.call(Call(method="GET", path=path, query=page, has="items"))
        for item in answer["items"]:
            yield item
        token = answer.get("continuationToken")
        if token is None:
            return


class AsyncDefinition[M]:
    """One definition by its name; a request is sent only by a method."""

    path = ""
    """The path of the kind."""
    model = ""
    """The name of the model of a stored definition."""

    def __init__(self, http: AsyncHttp, name: str) -> None:
        self._http = http
        self.name = name

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"

    async def get(self) -> M:
        """Read the definition."""
        return self._stored(await self._send("GET"))

    async def put(
        self, definition: Mapping[str, Any] | BaseModel, *, if_match: str | None = None
    ) -> M:
        """Create or replace the definition; with `if_match`, replace only this version."""
        headers = {} if if_match is None else {"If-Match": if_match}
        body = {key: each for key, each in to_json(definition).items() if key != "name"}
        return self._stored(await self._send("PUT", body=body, headers=headers))

    async def patch(self, changes: Mapping[str, Any]) -> M:
        """Change some fields, named as in a definition, such as `{"enabled": False}`."""
        return self._stored(await self._send("PATCH", body=to_json(changes)))

    async def delete(self) -> None:
        """Delete the definition; what refers to it prevents that."""
        await self._send("DELETE")

    async def _send(self, method: str, *path: str, **rest: Any) -> Json:
        return await self._http.call(
            Call(method=method, path=(self.path, self.name, *path), **rest)
        )

    def _stored(self, answer: Json) -> M:
        return stored(self.model, answer)


class AsyncCollection[D: AsyncDefinition[Any], M]:
    """The definitions of one kind: `client.tasks["name"]`, or a loop over all of them."""

    def __init__(self, http: AsyncHttp, item: type[D]) -> None:
        self._http = http
        self._item = item

    def __getitem__(self, name: str) -> D:
        return self._item(self._http, name)

    def __aiter__(self) -> AsyncGenerator[M]:
        return self.list()

    async def list(self, **filters: Any) -> AsyncGenerator[M]:
        """Yield the stored definitions by name; the filters are those of the route."""
        async for item in pages(self._http, self._item.path, query=query_of(filters)):
            yield stored(self._item.model, item)
