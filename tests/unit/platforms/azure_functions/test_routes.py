"""Route templates and external ids of functions."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polysync_core.domain.definitions.jobs import DataType
from polysync_core.domain.errors import Invalid, PlatformRefused
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.outbound.urls import url
from polysync_core.platforms.azure_functions.external_id import (
    HttpTarget,
    Orchestrator,
    external_id_of,
    read_target,
)
from polysync_core.platforms.azure_functions.routes import Route


def route(text: str) -> Route:
    return Route.parse(text, path="externalId")


@pytest.mark.parametrize(
    ("template", "values", "expected"),
    [
        ("users", {}, ("users",)),
        ("users/{id}", {"id": "7"}, ("users", "7")),
        ("users/{id:int}/{day?}", {"id": "7"}, ("users", "7")),
        ("users/{id:int}/{day?}", {"id": "7", "day": "1"}, ("users", "7", "1")),
        ("users/{id=5}", {}, ("users",)),
        ("file-{name}.{ext:alpha:length(3)}", {"name": "a?b", "ext": "csv"}, ("file-a?b.csv",)),
        ("files/{*path}", {"path": "a/b"}, ("files", "a", "b")),
        ("files/{**path:regex(^a)}", {"path": "a"}, ("files", "a")),
    ],
)
def test_values_fill_a_template(
    template: str, values: dict[str, str], expected: tuple[str, ...]
) -> None:
    assert route(template).fill(values) == expected


@pytest.mark.parametrize("value", ["a/b", "a\\b", "a%2Fb", "a%252fb", "%5c", ".", "..", "%2e%2e"])
def test_a_value_that_a_server_may_read_as_several_parts_is_refused(value: str) -> None:
    with pytest.raises(PlatformRefused, match=r"parameters\.name") as caught:
        route("files/{name}").fill({"name": value})

    assert caught.value.cause is FailureCause.PARAMETERS


@given(st.text(max_size=20))
def test_a_value_never_changes_the_depth_of_the_path(value: str) -> None:
    try:
        segments = route("users/{id}/x").fill({"id": value})
    except PlatformRefused:
        return
    path = urlsplit(url("https://app", *segments)).path
    assert [unquote(part) for part in path.split("/")] == ["", "users", value, "x"]


@pytest.mark.parametrize(
    "template",
    [
        "",
        "/users",
        "users/",
        "a//b",
        "..",
        "a/./b",
        "{id",
        "{}",
        "{1}",
        "a?b",
        "a#b",
        "%2e%2e",
        "{id}/{ID}",
        "a\\b",
        "a\u200bb",
        "{id:regex(^\\d{{3}}$)}",
    ],
)
def test_an_invalid_template_is_refused(template: str) -> None:
    with pytest.raises(Invalid, match="externalId"):
        route(template)


def test_placeholders_become_parameters_of_their_types() -> None:
    found = route("{a}/{b:int}/{c:double:min(1)}/{d:bool}/{e:guid?}").parameters

    assert [(each.name, each.data_type, each.required) for each in found] == [
        ("a", DataType.STRING, True),
        ("b", DataType.INT, True),
        ("c", DataType.FLOAT, True),
        ("d", DataType.BOOL, True),
        ("e", DataType.STRING, False),
    ]


def test_external_ids_of_functions_are_read() -> None:
    assert read_target("Report") == HttpTarget("Report", route("Report"))
    assert read_target("Report/users/{id}") == HttpTarget("Report", route("users/{id}"))
    assert read_target("orchestrator:Nightly") == Orchestrator("Nightly")


@pytest.mark.parametrize("text", ["", "1st", "Report/", "a b", "orchestrator:", "orchestrator:a/b"])
def test_an_invalid_external_id_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="externalId"):
        read_target(text)


def test_a_found_function_gets_an_external_id_that_can_be_called() -> None:
    assert external_id_of("Report", None, is_orchestrator=False) == "Report"
    assert external_id_of("Report", "report", is_orchestrator=False) == "Report"
    assert external_id_of("Report", "/users/{id}", is_orchestrator=False) == "Report/users/{id}"
    assert external_id_of("Nightly", None, is_orchestrator=True) == "orchestrator:Nightly"
