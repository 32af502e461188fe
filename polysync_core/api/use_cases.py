"""Stores use-case objects in each FastAPI app, and injects them into routes.

The routes are the same for every app of a process, so they are built once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

from fastapi import FastAPI, Request


def provide(app: FastAPI, use_cases: Iterable[object]) -> None:
    """Give an app the use cases that its routes need."""
    app.state.use_cases = {type(each): each for each in use_cases}


def use_case[T](kind: type[T]) -> Callable[[Request], Awaitable[T]]:
    """Return the dependency that finds the use case of a class."""

    async def find(request: Request) -> T:
        return given(request, kind)

    return find


def given[T](request: Request, kind: type[T]) -> T:
    """Return the use case of a class, for code behind a route."""
    return request.app.state.use_cases[kind]
