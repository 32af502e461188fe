"""Tests of the editor of a Task: its tabs, its plan and its buttons."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import pytest
from selectolax.lexbor import LexborHTMLParser

from polysync_core.domain.definitions.contention import (
    ConcurrencyProfile,
    ConcurrencySettings,
    ProfileType,
)
from polysync_core.domain.definitions.jobs import DataType, Direction, Parameter
from polysync_core.domain.definitions.schedules import Calendar, Schedule
from polysync_core.domain.definitions.tasks import Dependency, Mapping, Retry
from polysync_core.domain.security.roles import Role
from tests.fakes.app import FakeApp
from tests.fakes.builders import a_job, a_platform
from tests.unit.console.tasks.pages import (
    a_task,
    an_app,
    check_page,
    opened,
    send,
    signed_in,
    texts,
    tree_of,
)

pytestmark = pytest.mark.slow

PARAMETERS = (
    Parameter(name="day", default="today", description="The day."),
    Parameter(name="rows", data_type=DataType.INT),
    Parameter(name="region.name", required=True),
    Parameter(name="count", direction=Direction.OUTPUT),
)
NIGHT = Schedule(name="night", cron="30 2 * * *", time_zone="Europe/Berlin", calendars=("close",))
TASK: dict[str, Any] = {
    "schedules": (NIGHT, Schedule(name="noon", cron="0 12 * * 1-5")),
    "parameters": {"day": "${run.scheduledTime:%Y-%m-%d}", "region.name": "north"},
    "dependencies": (Dependency(task="stock", mappings=(Mapping(output="count", input="rows"),)),),
    "retry": Retry(enabled=True, max_retry_attempts=2, backoff="Exponential"),  # type: ignore[arg-type]
    "tags": {"team": "sales"},
}


def the_app(**facts: Any) -> FakeApp:
    cap = ConcurrencyProfile(
        name="cap",
        type=ProfileType.CONCURRENCY,
        settings=ConcurrencySettings(max_concurrent_tasks=3),
    )
    return an_app(
        cap,
        a_platform(contention_profiles=("cap",)),
        Calendar(name="close", dates=(date(2026, 3, 25),)),
        a_job(parameters=PARAMETERS, settings={"outputsFromExitValue": True}),
        a_task("stock"),
        a_task("orders", **{**TASK, **facts}),
        a_task("report", dependencies=(Dependency(task="orders"),)),
    )


def form_of(tree: LexborHTMLParser) -> list[tuple[str, str]]:
    """Return the fields that a browser would send with the form of the editor."""
    fields: list[tuple[str, str]] = []
    for control in tree.css("#editor input, #editor select, #editor textarea"):
        name, kind = control.attributes.get("name"), control.attributes.get("type")
        if not name or "disabled" in control.attributes:
            continue
        if control.tag == "select":
            options = control.css("option")
            chosen = [each for each in options if "selected" in each.attributes] or options[:1]
            fields += [(name, each.attributes.get("value") or "") for each in chosen]
        elif control.tag == "textarea":
            fields.append((name, control.text()))
        elif kind not in {"checkbox", "radio"} or "checked" in control.attributes:
            fields.append((name, control.attributes.get("value") or ""))
    return fields


def changed(fields: Iterable[tuple[str, str]], **changes: str) -> list[tuple[str, str]]:
    """Return the fields with other values; `__` means a dot in a name."""
    wanted = {name.replace("__", "."): value for name, value in changes.items()}
    return [(name, wanted.get(name, value)) for name, value in fields]


def with_values(fields: list[tuple[str, str]], **values: str) -> list[tuple[str, str]]:
    return [*fields, *values.items()]


class TestTabs:
    @pytest.mark.parametrize(
        "tab", ["general", "settings", "dependencies", "scheduling", "arrivals", "runtime-settings"]
    )
    def test_every_tab_is_on_the_page(self, tab: str):
        tree = opened(the_app().browser, f"/tasks/orders?tab={tab}")

        check_page(tree)
        assert texts(tree, ".tabs a") == [
            "General",
            "Settings 3",
            "Dependencies 1",
            "Scheduling 2",
            "Arrivals 0",
            "Runtime Settings",
            "Runs",
            "Events",
            "Gate",
        ]
        assert tree.css_first(".tabs [aria-current]").attributes["href"] == f"?tab={tab}"

    def test_a_form_that_is_sent_back_changes_nothing(self):
        app = the_app()
        tree = opened(app.browser, "/tasks/orders")

        answer = send(app.browser, "/tasks/orders", [*form_of(tree), ("do", "review")])

        assert answer.status_code == 303, texts(tree_of(answer), ".problems, .diff")
        assert answer.headers["location"].endswith("notice=unchanged")

    def test_settings_say_where_each_value_comes_from(self):
        tree = opened(the_app().browser, "/tasks/orders?tab=settings")

        rows = [texts(row, "td") for row in tree.css("#panel-settings tbody tr")]
        assert [row[-2] for row in rows] == [
            "this Task",
            "output of stock: count",
            "this Task",
        ]
        assert [row[-1] for row in rows] == ["2026-03-20", "\N{EN DASH}", "north"]

    def test_a_value_whose_parameter_is_gone_can_be_removed(self):
        app = the_app()
        app.define(a_job(parameters=PARAMETERS[:2]))
        tree = opened(app.browser, "/tasks/orders?tab=settings")

        assert texts(tree, "#panel-settings del") == ["region.name"]
        remove = tree.css_first("#panel-settings button[value^=remove]")
        fields = [*form_of(tree), ("do", remove.attributes["value"] or "")]
        after = tree_of(send(app.browser, "/tasks/orders", fields))
        assert texts(after, "#panel-settings del") == []

    def test_the_graph_shows_ancestors_and_descendants(self):
        tree = opened(the_app().browser, "/tasks/orders?tab=dependencies&layout=stacked")

        tasks = {node.attributes["data-task"] for node in tree.css(".graph-pane [data-task]")}
        assert {"stock", "orders", "report"} <= tasks
        assert tree.css_first(".graph-view.stacked.embedded") is not None
        link = tree.css_first(".graph-tools [aria-current]")
        assert link.attributes["href"] == "/console/tasks/orders?tab=dependencies&layout=stacked"

    def test_the_picture_is_read_only_with_its_tab(self):
        app = the_app()

        general = opened(app.browser, "/tasks/orders")
        assert not general.css(".graph-pane [data-task]")
        link = general.css_first(".graph-pane a")
        assert link.attributes["href"] == "/console/tasks/orders?tab=dependencies"
        fields = [*changed(form_of(general), **{"~tab": "dependencies"}), ("do", "refresh")]
        drawn = tree_of(send(app.browser, "/tasks/orders", fields))
        assert drawn.css(".graph-pane [data-task]")

    def test_many_schedules_have_their_previews_later(self):
        schedules = [Schedule(name=f"s{number}", cron="@daily") for number in range(14)]
        tree = opened(the_app(schedules=schedules).browser, "/tasks/orders?tab=scheduling")

        check_page(tree)
        assert len(tree.css(".preview .sentence")) == 10
        later = tree.css(".preview[hx-get]")
        assert len(later) == 4
        assert later[0].attributes["hx-get"] == (
            "/console/part/schedule?at=schedules%5B10%5D&task=orders"
        )

    def test_a_cycle_is_red_before_it_is_saved(self):
        app = the_app()
        tree = opened(app.browser, "/tasks/orders?tab=dependencies")
        fields = with_values(form_of(tree), **{"dependencies[1].task": "report"})

        drawn = tree_of(send(app.browser, "/tasks/orders", [*fields, ("do", "refresh")]))
        refused = send(app.browser, "/tasks/orders", [*fields, ("do", "review")])

        assert len(drawn.css(".edge.cycle")) == 2
        assert refused.status_code == 422
        assert any("cycle" in each for each in texts(tree_of(refused), ".problems li"))

    def test_schedules_have_a_preview_of_the_unsaved_values(self):
        app = the_app()
        tree = opened(app.browser, "/tasks/orders?tab=scheduling")

        sentence = texts(tree, ".preview .sentence")[0]
        assert sentence == (
            "Every day at 02:30, Europe/Berlin · 364 times in the next 365 days, 1 excluded"
        )
        fields = changed(form_of(tree), **{"schedules[0].cron": "30 1 L * *"})
        after = tree_of(send(app.browser, "/tasks/orders", [*fields, ("do", "refresh")]))
        assert texts(after, ".preview .sentence")[0].startswith(
            "On the last day of every month at 01:30, Europe/Berlin"
        )

    def test_runtime_settings_draw_the_attempts_and_name_the_limits(self):
        tree = opened(the_app().browser, "/tasks/orders?tab=runtime-settings")

        picture = tree.css_first(".retry-plan")
        assert picture.attributes["aria-label"] == (
            "3 attempts with waits of 30 s, 1 min, then Failed"
        )
        assert "brings cap (not in use now)" in texts(tree, "#panel-runtime-settings")[0]

    def test_all_free_texts_are_escaped(self):
        evil = '"><script>alert(1)</script>'
        app = the_app(description=evil, display_name=evil, tags={evil[:60]: evil})

        tree = opened(app.browser, "/tasks/orders")

        assert not tree.css("script:not([src])")


class TestSave:
    def test_the_plan_names_fields_and_consequences_and_is_saved(self):
        app = the_app()
        tree = opened(app.browser, "/tasks/orders")
        fields = changed(form_of(tree), **{"schedules[0].cron": "30 1 * * *", "priority": "900"})

        plan = tree_of(send(app.browser, "/tasks/orders", [*fields, ("do", "review")]))

        check_page(plan)
        paths = texts(plan, ".diff .path")
        assert [path for path in paths if path] == ["schedules.night.cron", "priority"]
        said = " ".join(texts(plan, "[aria-label=Consequences] li"))
        assert "from Sat 2026-03-21 02:30 (Europe/Berlin) to Sat 2026-03-21 01:30" in said
        assert "1 Task starts after this one" in said
        saved = send(app.browser, "/tasks/orders", [*form_of(plan), ("do", "save")])
        assert saved.headers["location"].endswith("notice=saved")
        stored = app.http.get("/tasks/orders").json()
        assert (stored["schedules"][0]["cron"], stored["priority"]) == ("30 1 * * *", 900)
        assert stored["parameters"] == TASK["parameters"]

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"schedules[0].cron": "61 * * * *"}, "out of range"),
            ({"schedules[1].name": "night"}, "duplicated"),
            ({"schedules[0].timeZone": "Europe/Berln"}, "Europe/Berlin"),
            ({"parameters[1].value": "many"}, "must be a whole number"),
            ({"priority": "high"}, "must be a whole number"),
            ({"dependencies[0].task": "nothing"}, "nothing"),
            ({"retry.maxDelaySeconds": "5"}, "must not be less than"),
        ],
    )
    def test_a_wrong_field_is_marked(self, changes: dict[str, str], message: str):
        app = the_app()
        tree = opened(app.browser, "/tasks/orders")

        answer = send(
            app.browser, "/tasks/orders", [*changed(form_of(tree), **changes), ("do", "review")]
        )
        wrong = tree_of(answer)

        assert answer.status_code == 422
        check_page(wrong)
        assert any(message in each for each in texts(wrong, ".problems li"))
        (name,) = changes
        assert wrong.css_first(f'[name="{name}"][aria-invalid=true]') is not None

    def test_edits_of_other_fields_by_another_person_are_merged(self):
        app = the_app()
        tree = opened(app.browser, "/tasks/orders")
        app.http.patch("/tasks/orders", json={"description": "By another person"})
        fields = changed(form_of(tree), priority="900")

        conflict = send(app.browser, "/tasks/orders", [*fields, ("do", "review")])
        assert conflict.status_code == 412
        check_page(tree_of(conflict))
        merged = tree_of(
            send(app.browser, "/tasks/orders", [*form_of(tree_of(conflict)), ("do", "merge")])
        )
        plan = tree_of(send(app.browser, "/tasks/orders", [*form_of(merged), ("do", "review")]))
        send(app.browser, "/tasks/orders", [*form_of(plan), ("do", "save")])

        stored = app.http.get("/tasks/orders").json()
        assert (stored["description"], stored["priority"]) == ("By another person", 900)


class TestNew:
    def test_a_job_fills_the_settings(self):
        app = the_app()
        tree = opened(app.browser, "/tasks/new?job=sales-load")

        names = texts(tree, "#panel-settings tbody th")
        assert names == ["day The day.", "rows", "region.name *"]
        fields = changed(form_of(tree), name="fresh", **{"parameters[2].value": "south"})
        plan = tree_of(send(app.browser, "/tasks/new", [*fields, ("do", "review")]))
        assert "name: fresh" in texts(plan, "pre")[0]
        saved = send(app.browser, "/tasks/new", [*form_of(plan), ("do", "save")])
        assert saved.headers["location"] == "/console/tasks/fresh?notice=created"
        assert app.http.get("/tasks/fresh").json()["parameters"] == {"region.name": "south"}

    def test_without_a_job_the_page_says_so(self):
        tree = opened(the_app().browser, "/tasks/new")

        check_page(tree)
        assert "Choose a Job first" in texts(tree, "#panel-settings")[0]

    def test_a_copy_has_all_fields(self):
        tree = opened(the_app().browser, "/tasks/new?copy=orders")

        name = tree.css_first("[name=name]")
        assert name.attributes["value"] == "orders-copy"
        assert len(tree.css(".schedule")) == 2

    def test_a_schedule_is_added_and_removed(self):
        app = the_app()
        tree = opened(app.browser, "/tasks/new?job=sales-load")
        added = tree_of(send(app.browser, "/tasks/new", [*form_of(tree), ("do", "add:schedules")]))
        assert len(added.css(".schedule")) == 1
        removed = tree_of(
            send(app.browser, "/tasks/new", [*form_of(added), ("do", "remove:schedules[0]")])
        )
        assert len(removed.css(".schedule")) == 0


class TestStates:
    def test_pauses_are_shown_and_resumed_below(self):
        app = the_app()
        app.services.schedules.pause("orders", schedule="night", reason="Moving", by="ann")

        tree = opened(app.browser, "/tasks/orders?tab=scheduling")

        rows = texts(tree, "section[aria-label='State of the schedules'] tbody tr")
        assert rows[0].startswith("night Paused by ann at 2026-03-20 12:00:00 UTC: Moving")
        assert rows[1].startswith("noon Fires")


class TestChanges:
    def test_rows_are_compared_by_their_names(self):
        app = the_app()
        tree = opened(app.browser, "/tasks/orders")

        removed = tree_of(
            send(app.browser, "/tasks/orders", [*form_of(tree), ("do", "remove:schedules[0]")])
        )
        fields = changed(form_of(removed), **{"schedules[0].cron": "5 12 * * *"})
        added = tree_of(send(app.browser, "/tasks/orders", [*fields, ("do", "add:schedules")]))

        assert not removed.css(".changed")
        assert removed.css_first("#editor[data-dirty=true]") is not None
        assert texts(added, ".changed .was") == ["was 0 12 * * 1-5"]

    def test_an_unchanged_form_is_no_draft(self):
        tree = opened(the_app().browser, "/tasks/orders")

        assert not tree.css("[data-dirty], .changed")

    def test_the_tab_is_kept_over_the_plan(self):
        app = the_app()
        tree = opened(app.browser, "/tasks/orders?tab=scheduling")
        fields = [(name, value) for name, value in form_of(tree) if name != "~tab"]
        fields = [*changed(fields, priority="7"), ("~tab", "runtime-settings")]

        plan = tree_of(send(app.browser, "/tasks/orders", [*fields, ("do", "review")]))
        saved = send(app.browser, "/tasks/orders", [*form_of(plan), ("do", "save")])

        address = "/console/tasks/orders?tab=runtime-settings&notice=saved"
        assert saved.headers["location"] == address

    def test_a_job_that_is_chosen_in_the_form_brings_its_parameters(self):
        app = the_app()
        tree = opened(app.browser, "/tasks/new")
        fields = changed(form_of(tree), job="sales-load")

        chosen = tree_of(send(app.browser, "/tasks/new", [*fields, ("do", "refresh")]))

        assert len(chosen.css("#panel-settings tbody tr")) == 3
        assert chosen.css_first("#panel-settings").attributes["data-count"] == "3"


class TestRoles:
    def test_a_reader_sees_locked_fields_and_no_actions(self):
        app, headers = signed_in(
            Role.READER,
            a_job(parameters=PARAMETERS),
            Calendar(name="close"),
            a_task("stock"),
            a_task("orders", **TASK),
        )

        tree = opened(app.browser, "/tasks/orders", headers=headers)

        check_page(tree)
        assert texts(tree, ".top .actions a") == []
        assert not tree.css("#editor button:not([data-zoom])")
        assert not tree.css("form[action$=pause]")
        assert send(app.browser, "/tasks/orders", [], headers=headers).status_code == 403

    def test_an_operator_runs_and_pauses(self):
        app, headers = signed_in(
            Role.OPERATOR, Calendar(name="close"), a_task("stock"), a_task("orders", **TASK)
        )

        tree = opened(app.browser, "/tasks/orders", headers=headers)

        assert texts(tree, ".top .actions a") == ["Hold", "Backfill", "Run once"]
        assert tree.css("form[action$=pause]")


class TestPreviewPart:
    def test_it_shows_the_fields_of_one_schedule(self):
        query = {
            "at": "schedules[3]",
            "schedules[3].cron": "*/7 * * * *",
            "schedules[3].timeZone": "UTC",
            "schedules[4].cron": "nonsense",
        }
        answer = the_app().browser.get("/part/schedule", params=query)

        tree = tree_of(answer)
        assert answer.status_code == 200
        assert tree.css_first("#preview-f-schedules-3") is not None
        assert texts(tree, ".sentence")[0].startswith("Every hour, every 7 minutes")
        assert any("starts anew every hour" in each for each in texts(tree, ".help"))

    @pytest.mark.parametrize(
        ("fields", "message"),
        [
            ({"cron": "61 * * * *"}, "out of range"),
            ({"cron": ""}, "is missing"),
            ({"cron": "@daily", "timeZone": "<b>"}, "is not an IANA time zone"),
            ({"cron": "@daily", "calendars[0]": "nothing"}, "nothing"),
            ({"cron": "@daily", "startAt": "tomorrow"}, "must be a time"),
        ],
    )
    def test_a_schedule_that_cannot_be_read_says_why(self, fields: dict[str, str], message: str):
        query = {f"schedules[0].{name}": value for name, value in fields.items()}
        answer = the_app().browser.get("/part/schedule", params={"at": "schedules[0]", **query})

        assert answer.status_code == 200
        assert message in texts(tree_of(answer), ".error")[0]
        assert "<b>" not in answer.text

    @pytest.mark.parametrize("at", ["", "schedules", "schedules[0].cron", "x[0]"])
    def test_another_place_is_refused(self, at: str):
        answer = the_app().browser.get("/part/schedule", params={"at": at})

        assert answer.status_code == 422

    def test_the_attempts_are_drawn(self):
        query = {
            "retry.enabled": "true",
            "retry.maxRetryAttempts": "8",
            "retry.backoff": "Linear",
            "retry.initialDelaySeconds": "90",
            "retry.maxDelaySeconds": "200",
        }
        tree = tree_of(the_app().browser.get("/part/retry", params=query))

        assert tree.css_first("svg").attributes["aria-label"] == (
            "9 attempts with waits of 1 min 30 s, 3 min, 3 min 20 s, 3 min 20 s and 4 more, "
            "then Failed"
        )
