"""What cannot be started is refused with a remedy, and nothing is begun."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from polysync_core.domain.causes import FailureCause
from polysync_core.domain.definitions.jobs import JobType
from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.secrets import Secret
from polysync_core.platforms.connector import JobConnector, ProviderStatus
from tests.contract.ai_foundry.test_official_client import followed, order
from tests.contract.connectors.benches.azure_ai_foundry import a_command, a_job, put
from tests.fakes.simulators import SimulatorProcess

COMMAND = JobType.AI_FOUNDRY_COMMAND_JOB
PIPELINE = JobType.AI_FOUNDRY_PIPELINE_JOB
SWEEP = JobType.AI_FOUNDRY_SWEEP_JOB
DATA = {"jobInputType": "uri_folder", "uri": "azureml://datastores/sales/paths/raw/"}
type Ours = Callable[[JobType], JobConnector]


@pytest.mark.parametrize(
    ("job_type", "template", "values", "sentence"),
    [
        pytest.param(
            PIPELINE,
            "score-sales",
            {"revenue_cent": "1"},
            "parameters.revenue_cent: is no input of the template, which has: growth_percent,"
            " revenue_cents; sync the job's parameters; did you mean 'revenue_cents'?",
            id="an input that the template does not have",
        ),
        pytest.param(
            SWEEP,
            "tune-forecast",
            {"momentum": "1"},
            "parameters.momentum: is no input of the template, which has: learning_rate",
            id="a value that the search space does not have",
        ),
        pytest.param(
            COMMAND, "reads-data", {"raw": "x"}, "parameters.raw: is data", id="an input of data"
        ),
        pytest.param(
            PIPELINE,
            "score-sales",
            {"revenue_cents": "-"},
            "parameters.revenue_cents: must hold a letter",
            id="a value that the service would refuse",
        ),
    ],
)
def test_a_parameter_that_does_not_fit_the_template_is_refused_before_anything_is_sent(
    simulator: SimulatorProcess,
    ours: Ours,
    job_type: JobType,
    template: str,
    values: dict[str, Any],
    sentence: str,
) -> None:
    definition = {**a_command("echo", ["rows"]), "inputs": {"raw": DATA}}
    put(simulator, "reads-data", definition)

    with pytest.raises(PlatformRefused) as caught:
        ours(job_type).submit(order(job_type, template, f"x{template}", **values))

    assert caught.value.cause is FailureCause.PARAMETERS
    assert str(caught.value).startswith(sentence)
    assert f"polysync-x{template}" not in {line["name"] for line in simulator.submissions()}


def test_a_template_of_another_kind_is_refused(ours: Ours) -> None:
    with pytest.raises(PlatformRefused, match="a job of the kind Sweep") as caught:
        ours(COMMAND).submit(order(COMMAND, "tune-forecast", "k1"))

    assert caught.value.cause is FailureCause.SUBMIT


@pytest.mark.parametrize(
    ("setting", "value", "remedy"),
    [
        ("aiFoundryComputeName", "none-such", "check aiFoundryComputeName"),
        ("aiFoundryEnvironmentName", "azureml:none:1", "azureml:<name>:<version>"),
    ],
)
def test_an_override_that_the_workspace_does_not_have_is_told_by_its_setting(
    ours: Ours, setting: str, value: str, remedy: str
) -> None:
    given = order(COMMAND, "train-forecast", "o1")
    job = a_job(COMMAND, "train-forecast", **{setting: value})

    with pytest.raises(PlatformRefused, match=remedy):
        ours(COMMAND).submit(replace(given, job=job))


def test_overrides_take_the_place_of_what_the_template_says(ours: Ours) -> None:
    settings = {
        "aiFoundryComputeName": "gpu-cluster",
        "aiFoundryEnvironmentName": "azureml:sklearn:2",
        "aiFoundryCommand": "python echo.py",
        "aiFoundryObjectiveMetric": "f1",
        "aiFoundryObjectiveGoal": "maximize",
    }
    given = order(SWEEP, "tune-forecast", "o2", learning_rate=0.3)
    job = given.job.model_copy(update={"settings": settings})

    report = followed(ours(SWEEP), replace(given, job=job))

    # It is another program that has run.
    assert (report.status, report.outputs.get("loss")) == (
        ProviderStatus.SUCCESS,
        "azureml://datastores/workspaceblobstore/paths/azureml/polysync-o2/loss/",
    )


def test_a_job_of_our_name_is_adopted_even_if_it_cannot_be_created_again(
    simulator: SimulatorProcess, ours: Ours
) -> None:
    """The template was changed between two submits of one attempt, and the first has arrived."""
    put(simulator, "changing", a_command("echo", ["rows"]))
    given = order(COMMAND, "changing", "a1")
    first = ours(COMMAND).submit(given)
    simulator.fault(endpoint="GET jobs/polysync-a1", fault="status", status=404)

    changed = replace(given, job=a_job(COMMAND, "changing", aiFoundryCommand="python fail.py"))
    second = ours(COMMAND).submit(replace(changed, is_resend=True))

    assert first.external_run_id == second.external_run_id
    lines = [x for x in simulator.submissions() if x["name"] == first.external_run_id]
    assert len(lines) == 1


def test_a_stop_that_is_refused_while_the_run_goes_on_is_an_error(
    simulator: SimulatorProcess, ours: Ours
) -> None:
    put(simulator, "endless-one", a_command("hang", ["rows"]))
    given = order(COMMAND, "endless-one", "e1")
    run_id = ours(COMMAND).submit(given).external_run_id
    simulator.fault(endpoint="POST jobs/*/cancel", fault="status", status=409)

    with pytest.raises(PlatformRefused, match="409"):
        ours(COMMAND).cancel(given.job, run_id)
    ours(COMMAND).cancel(given.job, run_id)


def test_what_a_template_declares_is_described(simulator: SimulatorProcess, ours: Ours) -> None:
    definition = {
        **a_command("echo", ["rows"]),
        "outputs": {"rows": {"jobOutputType": "uri_file"}, "model": None},
    }
    definition["inputs"]["raw"] = DATA
    put(simulator, "declares", definition)

    found = ours(COMMAND).describe("declares")

    shown = [(each.name, each.direction, each.default) for each in found.parameters]
    assert shown == [("rows", "InputOutput", "1"), ("model", "Output", None)]
    assert found.notes == ("raw is data: every run takes that of the template",)


def test_a_number_that_is_secret_is_sent_as_text(ours: Ours) -> None:
    given = order(PIPELINE, "score-sales", "n1", revenue_cents=1)

    report = followed(ours(PIPELINE), replace(given, parameters={"revenue_cents": Secret("200")}))

    assert report.outputs == {"forecast_cents": "210"}
