"""The match of paths with route templates."""

from __future__ import annotations

from typing import Any

import pytest

from devhost.app.functions import Function
from devhost.web.routes import BadTemplate, Match, MethodNotAllowed, RouteTable, compile_template


def function(name: str, route: str | None = None, *methods: str) -> Function:
    trigger: dict[str, Any] = {"type": "httpTrigger", "name": "req"}
    if route is not None:
        trigger["route"] = route
    if methods:
        trigger["methods"] = list(methods)
    return Function(id=name, name=name, trigger=trigger)


def table(*routes: str, prefix: str = "api") -> RouteTable:
    return RouteTable([function(route, route) for route in routes], prefix)


@pytest.mark.parametrize(
    ("template", "path", "params"),
    [
        pytest.param("runs", "/api/runs", {}, id="a literal"),
        pytest.param("runs", "/API/Runs/", {}, id="anything the case, with a slash at the end"),
        pytest.param("runs/{id}", "/api/runs/7", {"id": "7"}, id="a parameter"),
        pytest.param("runs/{id}", "/api/runs/a%2Fb", {"id": "a/b"}, id="an encoded slash in one"),
        pytest.param("{a}/x/{b}", "/api/1/x/2", {"a": "1", "b": "2"}, id="two parameters"),
        pytest.param("runs/{id:int}", "/api/runs/-7", {"id": "-7"}, id="a constraint that holds"),
        pytest.param("runs/{id?}", "/api/runs", {}, id="an optional parameter left out"),
        pytest.param("runs/{id?}", "/api/runs/7", {"id": "7"}, id="an optional parameter"),
        pytest.param("{*path}", "/api/a/b/c", {"path": "a/b/c"}, id="a catch-all"),
        pytest.param("{*path}", "/api/a/b/", {"path": "a/b"}, id="a catch-all and a last slash"),
        pytest.param("{*path}", "/api", {}, id="a catch-all of nothing"),
        pytest.param("{**path}", "/api/a/b", {"path": "a/b"}, id="a catch-all with two stars"),
        pytest.param("files/{*p}", "/api/files/a%20b/c", {"p": "a b/c"}, id="a decoded catch-all"),
        pytest.param("a.b", "/api/a.b", {}, id="a dot is a dot"),
    ],
)
def test_a_path_that_matches_gives_its_parameters(
    template: str, path: str, params: dict[str, str]
) -> None:
    found = table(template).find("GET", path)

    assert isinstance(found, Match)
    assert found.params == params


@pytest.mark.parametrize(
    ("template", "path"),
    [
        pytest.param("runs", "/runs", id="without the prefix"),
        pytest.param("runs", "/api/runs/7", id="longer than the template"),
        pytest.param("runs/{id}", "/api/runs", id="without the parameter"),
        pytest.param("runs/{id}", "/api/runs/7/log", id="longer than the parameter"),
        pytest.param("runs/{id:int}", "/api/runs/seven", id="against the constraint"),
        pytest.param("files/{*p}", "/api/filesystem", id="a longer word than the literal"),
        pytest.param("a.b", "/api/axb", id="a dot is no wildcard"),
    ],
)
def test_a_path_that_does_not_match_has_no_function(template: str, path: str) -> None:
    assert table(template).find("GET", path) is None


def test_the_most_specific_template_wins_in_any_order() -> None:
    routes = table("{*rest}", "runs/{id}", "runs/{id:int}", "runs/latest")

    def winner(path: str) -> str:
        found = routes.find("GET", path)
        assert isinstance(found, Match)
        return found.function.name

    assert winner("/api/runs/latest") == "runs/latest"
    assert winner("/api/runs/7") == "runs/{id:int}"
    assert winner("/api/runs/seven") == "runs/{id}"
    assert winner("/api/else") == "{*rest}"


def test_another_function_may_take_the_method_that_the_first_does_not() -> None:
    routes = RouteTable([function("read", "x", "GET"), function("write", "x", "POST")], "api")

    found = routes.find("POST", "/api/x")
    assert isinstance(found, Match)
    assert found.function.name == "write"
    assert routes.find("PUT", "/api/x") == MethodNotAllowed(frozenset({"GET", "POST"}))


def test_a_function_without_a_route_answers_under_its_name() -> None:
    assert isinstance(RouteTable([function("hello")], "api").find("PATCH", "/api/hello"), Match)


def test_an_empty_prefix_does_not_change_the_route() -> None:
    assert isinstance(table("{*path}", prefix="").find("GET", "/"), Match)


def test_an_invalid_template_is_refused() -> None:
    with pytest.raises(BadTemplate, match="x-\\{y\\}"):
        compile_template("x-{y}")
