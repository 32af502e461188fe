"""Tests of the page that runs a Task once."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import DataType, Parameter
from polysync_core.domain.definitions.tasks import Dependency
from polysync_core.domain.definitions.vaults import Vault, VaultProvider
from polysync_core.domain.security.roles import Role
from tests.fakes.app import FakeApp
from tests.fakes.builders import a_job
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

PARAMETERS = (
    Parameter(name="day", default="today", description="The day."),
    Parameter(name="rows", data_type=DataType.INT),
    Parameter(name="region", required=True),
    Parameter(name="token", data_type=DataType.SECRET),
)
VAULT = Vault(name="team", provider=VaultProvider.ENVIRONMENT)
PATH = "/tasks/orders/run"


def the_app(**fields: Any) -> FakeApp:
    return an_app(
        a_job(parameters=PARAMETERS),
        a_task("orders", **fields),
        a_task("stock", dependencies=(Dependency(task="orders"),)),
    )


def fields_of(**values: str) -> list[tuple[str, str]]:
    names = [each.name for each in PARAMETERS]
    fields = [(f"parameters[{index}].name", name) for index, name in enumerate(names)]
    fields += [
        (f"parameters[{index}].value", values.get(name, "")) for index, name in enumerate(names)
    ]
    return [*fields, ("priority", values.get("priority", "")), ("~key", values.get("key", "k"))]


def test_each_input_has_a_row_and_the_required_one_comes_first():
    tree = opened(the_app(parameters={"rows": 5}).browser, PATH)

    check_page(tree)
    assert texts(tree, "tbody tr")[0].startswith("region * String")
    assert texts(tree, "tbody tr td:last-child") == ["nothing", "today", "5", "nothing"]
    assert "Tasks that start after it run too: 1." in texts(tree, ".card header")[0]


def test_the_run_has_the_values_and_is_shown():
    app = the_app()

    answer = send(app.browser, PATH, fields_of(region="north", rows="7", priority="900"))

    assert answer.status_code == 303
    run_id = answer.headers["location"].removeprefix("/console/runs/")
    run = app.http.get(f"/task-runs/{run_id}").json()
    assert run["parameters"] == {"day": "today", "region": "north", "rows": 7}
    assert (run["priority"], run["triggerType"]) == (900, "Manual")


def test_a_form_that_is_sent_twice_starts_one_run():
    app = the_app()

    first, second = (send(app.browser, PATH, fields_of(region="north")) for _ in range(2))
    other = send(app.browser, PATH, fields_of(region="south"))

    assert first.headers["location"] == second.headers["location"]
    assert other.status_code == 303
    assert other.headers["location"] != first.headers["location"]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "is required and has no value: give a value"),
        ({"region": "a", "rows": "many"}, "must be a whole number"),
        ({"region": "a", "token": "secret"}, "vault://"),
        ({"region": "a", "priority": "high"}, "must be a whole number"),
        ({"region": "a", "priority": "9000000"}, "must be a whole number"),
        ({"region": '${run.nothing}"><b>'}, "is not a run variable"),
    ],
)
def test_a_wrong_value_is_named_beside_its_field(values: dict[str, str], message: str):
    app = the_app()

    answer = send(app.browser, PATH, fields_of(**values))
    tree = tree_of(answer)

    assert answer.status_code == 422
    check_page(tree)
    assert any(message in each for each in texts(tree, ".field .error"))
    assert app.http.get("/task-runs?task=orders").json()["items"] == []


def test_a_text_may_be_empty():
    app = the_app(parameters={"region": "north"})
    fields = [*fields_of(), ("parameters[2].value~empty", "true")]

    run_id = send(app.browser, PATH, fields).headers["location"].rpartition("/")[2]

    assert app.http.get(f"/task-runs/{run_id}").json()["parameters"]["region"] == ""


def test_a_disabled_task_does_not_run():
    app = the_app(enabled=False)

    tree = opened(app.browser, PATH)
    assert "disabled" in texts(tree, ".notice")[0]
    assert send(app.browser, PATH, fields_of(region="a")).status_code == 409


def test_a_reader_may_not_run():
    app, headers = signed_in(Role.READER, a_task("orders"))

    assert app.browser.get(PATH, headers=headers).status_code == 403
    assert send(app.browser, PATH, [], headers=headers).status_code == 403


def test_an_operator_may_not_name_new_secrets():
    app, headers = signed_in(Role.OPERATOR, VAULT, a_job(parameters=PARAMETERS), a_task("orders"))

    fields = fields_of(region="a", token="vault://team/key")
    assert send(app.browser, PATH, fields, headers=headers).status_code == 403
