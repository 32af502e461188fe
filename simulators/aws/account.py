"""Defines the base class of simulated AWS services that store jobs and runs."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aiohttp import web

from simulators.aws.services import STATE, Operation
from simulators.aws.state import AwsState

type Json = dict[str, Any]


class AccountService:
    """The objects of one service in one account; `operations` has a method for each operation."""

    next_key = "NextToken"
    size_key = "MaxResults"
    operations: Mapping[str, Callable[[Json], Json]]

    def __init__(self, state: AwsState) -> None:
        self.state = state

    def now(self) -> float:
        """Return the current time in seconds since 1970."""
        return time.time()

    def page(self, body: Json, name: str, items: Sequence[Any]) -> Json:
        """Return one page of a list."""
        size = body.get(self.size_key) or self.state.page_size
        found, following = self.state.page(items, body.get(self.next_key), size)
        return {name: found, self.next_key: following} if following else {name: found}


def operation(service: type[AccountService], name: str) -> Operation:
    """Return the operation of a service, whose objects belong to the state of the simulator."""
    return lambda call: service_in(call.state, service).operations[name](call.body)


def control(service: type[AccountService]) -> web.RouteDef:
    """Return the route by which tests call the operations of a service without a signature."""

    async def answer(request: web.Request) -> web.Response:
        found = service_in(request.app[STATE], service)
        call = found.operations[request.match_info["operation"]]
        return web.json_response(call(json.loads(await request.read())))

    return web.post(f"/simulator/{service.__name__.lower()}/{{operation}}", answer)


def service_in[S: AccountService](state: AwsState, service: type[S]) -> S:
    """Return the objects of a service in the state of the simulator."""
    known = state.known(service.__name__)
    if "service" not in known:
        known["service"] = service(state)
    return known["service"]
