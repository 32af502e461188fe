"""The editor of Jobs: the artefact picker, the grid of parameters, and the settings."""

from __future__ import annotations

from typing import Any

import pytest
from httpx import Response

from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.jobs import DataType, Job, Parameter
from tests.unit.application.platforms.drift.notebooks import AWAY, NOTEBOOK, World
from tests.unit.console.browser import parsed, submit, text_of

# Each test builds the whole app.
pytestmark = pytest.mark.slow


@pytest.fixture
def world() -> World:
    found = World()
    found.workspace.put("/etl/Sales Load", Parameter(name="region", default="eu"))
    found.workspace.put("/etl/stock", notes=("a cell is not valid Python",))
    return found


def new_form(world: World) -> Response:
    return world.app.browser.get("/jobs/new?platform=lakehouse")


def search(world: World, text: str) -> Response:
    return submit(world.app.browser, new_form(world), {"~search": text}, do="artefacts")


def choose(world: World, page: Response, artefact: str, **typed: str) -> Response:
    button = parsed(page.text).css_first(f'button[aria-label="Choose {artefact}"]')
    assert button is not None
    return submit(world.app.browser, page, typed, do=button.attributes["value"] or "")


def saved(world: World, page: Response) -> Job:
    plan = submit(world.app.browser, page, do="review")
    assert plan.status_code == 200, text_of(parsed(plan.text), "main")
    answer = submit(world.app.browser, plan, do="save")
    assert answer.status_code == 303
    name = answer.headers["location"].partition("?")[0].rpartition("/")[2]
    return job(world, name)


def job(world: World, name: str) -> Job:
    found = world.app.services.definition_editing.get(Kind.JOB, name).definition
    assert isinstance(found, Job)
    return found


def edit(world: World, name: str, values: dict[str, str], do: str = "review") -> Response:
    return submit(world.app.browser, world.app.browser.get(f"/jobs/{name}"), values, do=do)


def test_a_platform_is_chosen_before_its_artefacts(world: World) -> None:
    page = parsed(world.app.browser.get("/jobs/new").text)

    assert "Choose the Platform first" in text_of(page, "#panel-general")
    assert page.css_first("#artefact-search") is None


def test_a_chosen_artefact_fills_the_form_and_becomes_a_job(world: World) -> None:
    found = search(world, "sales")
    assert "/etl/Sales Load" in text_of(parsed(found.text), "#artefacts table")
    assert "stock" not in text_of(parsed(found.text), "#artefacts table")

    filled = choose(world, found, "Sales Load")
    assert "with 1 parameter." in text_of(parsed(filled.text), "#artefacts .notice.success")

    stored = saved(world, filled)
    assert (stored.name, stored.external_id) == ("sales-load", "/etl/Sales Load")
    assert (stored.platform, stored.job_type) == ("lakehouse", NOTEBOOK)
    assert stored.display_name == "Sales Load"
    assert [(each.name, each.default) for each in stored.parameters] == [("region", "eu")]


def test_the_settings_that_the_parameters_need_are_taken(world: World) -> None:
    world.workspace.put(
        "/etl/stock", Parameter(name="day"), settings={"outputsFromExitValue": True}
    )

    stored = saved(world, choose(world, search(world, "stock"), "stock"))

    assert stored.settings == {"outputsFromExitValue": True}


def test_a_typed_name_stays_and_a_suggested_one_is_replaced(world: World) -> None:
    first = choose(world, search(world, ""), "stock")
    again = submit(world.app.browser, first, {"~search": "sales"}, do="artefacts")
    second = choose(world, again, "Sales Load")
    name = parsed(second.text).css_first("#f-name")
    assert name is not None
    assert name.attributes["value"] == "sales-load"

    typed = choose(world, search(world, ""), "stock", name="mine")
    name = parsed(typed.text).css_first("#f-name")
    assert name is not None
    assert name.attributes["value"] == "mine"


def test_a_taken_name_is_not_suggested(world: World) -> None:
    world.job("sales-load", externalId="/etl/other")

    assert saved(world, choose(world, search(world, ""), "Sales Load")).name != "sales-load"


def test_the_notes_of_the_reading_are_shown(world: World) -> None:
    page = parsed(choose(world, search(world, ""), "stock").text)

    assert "a cell is not valid Python" in text_of(page, "#artefacts .notice.warning")


def test_the_jobs_of_an_artefact_are_named(world: World) -> None:
    world.job("known", externalId="/etl/stock")

    page = parsed(search(world, "stock").text)

    links = [each.attributes["href"] for each in page.css("#artefacts td a")]
    assert links == ["/console/jobs/known"]


@pytest.mark.parametrize("step", ["search", "choose"])
def test_a_platform_that_does_not_answer_loses_no_typed_value(world: World, step: str) -> None:
    found = search(world, "")
    world.workspace.list_error = AWAY
    world.workspace.notebooks["/etl/stock"] = AWAY
    typed = {"description": "typed"}
    if step == "search":
        page = submit(world.app.browser, found, typed, do="artefacts")
    else:
        page = choose(world, found, "stock", **typed)

    assert page.status_code == 200
    assert "The workspace does not answer." in text_of(parsed(page.text), ".notice.error")
    assert text_of(parsed(page.text), "#f-description") == "typed"


def test_a_button_that_names_no_artefact_is_refused(world: World) -> None:
    for chosen in ("choose:", "choose:{}", "choose:[1]", "choose:null", 'choose:{"name":1}'):
        assert submit(world.app.browser, new_form(world), do=chosen).status_code == 400


def test_a_long_list_continues(world: World) -> None:
    for number in range(25):
        world.workspace.put(f"/many/n{number:02}")

    first = search(world, "n")
    buttons = parsed(first.text).css('button[value^="artefacts:"]')
    more = next(each for each in buttons if each.text() == "Next artefacts")
    second = submit(world.app.browser, first, do=more.attributes["value"] or "")

    assert len(parsed(first.text).css("#artefacts tbody tr")) == 20
    assert 5 <= len(parsed(second.text).css("#artefacts tbody tr")) <= 7


def test_a_parameter_that_a_task_sets_cannot_go_and_the_task_is_named(world: World) -> None:
    world.job("load", "area", "free")
    world.task("daily", "load", parameters={"area": "1"})

    page = parsed(world.app.browser.get("/jobs/load?tab=parameters").text)

    removable = [each.attributes["aria-label"] for each in page.css('button[value^="remove:par"]')]
    assert removable == ["Remove free"]
    links = [each.attributes["href"] for each in page.css("#f-parameters-0 a")]
    assert links == ["/console/tasks/daily?tab=settings"]

    refused = edit(world, "load", {}, do="remove:parameters[0]")
    refused = submit(world.app.browser, refused, do="review")
    assert refused.status_code == 422
    assert "daily" in text_of(parsed(refused.text), "#problems")


@pytest.mark.parametrize(
    ("data_type", "text", "default"),
    [
        ("String", "1.10", "1.10"),
        ("String", "true", "true"),
        ("Int", "5", 5),
        ("Bool", "true", True),
        ("Json", '{"a": [1]}', {"a": [1]}),
        ("JsonArray", "[1, 2]", [1, 2]),
        ("Float", "1.5", 1.5),
    ],
)
def test_a_default_has_the_type_of_its_parameter(
    world: World, data_type: str, text: str, default: Any
) -> None:
    world.job("load", {"name": "value", "dataType": data_type})

    plan = edit(world, "load", {"parameters[0].default": text})
    submit(world.app.browser, plan, do="save")

    assert job(world, "load").parameters[0].default == default
    again = edit(world, "load", {})
    assert again.status_code == 303
    assert "unchanged" in again.headers["location"]


def test_rows_of_a_sheet_are_added_and_replace_rows_of_the_same_name(world: World) -> None:
    world.job("load", {"name": "day", "description": "stays"})
    sheet = "Name\tType\tDirection\tDefault\tRequired\nday\tint\tINPUT\t7\tyes\n\nrows\t\tOutput\n"

    page = edit(world, "load", {"~paste": sheet}, do="paste")
    assert "2 rows taken" in text_of(parsed(page.text), ".notice.success")
    submit(world.app.browser, submit(world.app.browser, page, do="review"), do="save")

    day, rows = job(world, "load").parameters
    assert (day.data_type, day.default, day.required) == (DataType.INT, 7, True)
    assert day.description == "stays"
    assert (rows.name, rows.direction.value) == ("rows", "Output")


def test_a_wrong_cell_of_a_sheet_is_shown_and_refused_at_review(world: World) -> None:
    world.job("load")

    page = edit(world, "load", {"~paste": "day\tWord"}, do="paste")
    refused = submit(world.app.browser, page, do="review")

    assert refused.status_code == 422
    assert parsed(refused.text).css_first('#problems a[href="#f-parameters-0-dataType"]')


def test_a_missing_mark_survives_an_edit(world: World) -> None:
    world.job("load", {"name": "area", "missing": True})

    plan = edit(world, "load", {"description": "new"})
    submit(world.app.browser, plan, do="save")

    assert job(world, "load").parameters[0].missing is True
    assert "missing in the artefact" in text_of(
        parsed(world.app.browser.get("/jobs/load?tab=parameters&drift=true").text), "main"
    )


def test_the_settings_are_those_of_the_job_type(world: World) -> None:
    world.job("load")

    page = parsed(world.app.browser.get("/jobs/load?tab=settings").text)
    assert page.css_first('[name="settings.outputsFromExitValue"]') is not None

    plan = edit(world, "load", {"settings.outputsFromExitValue": "true"})
    submit(world.app.browser, plan, do="save")
    assert job(world, "load").settings == {"outputsFromExitValue": True}


def test_platform_and_name_are_locked(world: World) -> None:
    world.job("load")

    page = parsed(world.app.browser.get("/jobs/load").text)

    for field in ("#f-name", "#f-platform"):
        control = page.css_first(field)
        assert control is not None
        assert "readonly" in control.attributes


def test_texts_of_a_platform_are_never_markup(world: World) -> None:
    hostile = '/etl/"><script>alert(1)</script>'
    world.workspace.put(hostile, notes=("<script>alert(2)</script>",))
    world.workspace.put("/etl/bad")
    world.workspace.problems["/etl/bad"] = "<script>alert(3)</script>"

    found = search(world, "")
    button = next(
        each
        for each in parsed(found.text).css('button[value^="choose:"]')
        if "<script" in (each.attributes["value"] or "")
    )
    chosen = submit(world.app.browser, found, do=button.attributes["value"] or "")

    for page in (found, chosen):
        assert not parsed(page.text).css("script:not([src])")
    assert "<script>alert(2)</script>" in text_of(parsed(chosen.text), "#artefacts .notice")
    assert "<script>alert(3)</script>" in text_of(parsed(found.text), "#artefacts table")
