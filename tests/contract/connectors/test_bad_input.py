"""Wrong input of people and platforms, for every job type: reported, and without effects.

Other modules of this folder test refused credentials, a missing permission, a missing artefact,
an unknown state, the stop of an ended run, and redirects of a submit and a read.
"""

from __future__ import annotations

import pytest

from polysync_core.domain.definitions.jobs import Parameter
from polysync_core.domain.errors import Invalid, PlatformRefused, PolysyncError
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.outputs import kept_outputs
from polysync_core.platforms.connector import ProviderStatus
from polysync_core.platforms.plugin import Capability
from tests.contract.connectors.job_type_case import (
    CANARY,
    FOREIGN_HOST,
    Behaviour,
    ConnectorHarness,
    Step,
)
from tests.contract.connectors.steps import action, needs, refusal


def test_an_output_beyond_the_storage_limit_keeps_the_success_and_the_other_outputs(
    harness: ConnectorHarness,
) -> None:
    needs(harness, Capability.OUTPUTS, Behaviour.RETURNS_LONG_OUTPUT)

    report = harness.run(Behaviour.RETURNS_LONG_OUTPUT, parameters=harness.case.long_output_values)

    assert (report.status, report.outputs_missing) == (ProviderStatus.SUCCESS, None)
    kept = kept_outputs(harness.case.jobs[Behaviour.RETURNS_LONG_OUTPUT], report.outputs)
    assert (len(kept.not_kept), len(kept.values) > 0) == (1, True)


def test_a_parameter_that_the_artefact_does_not_declare_is_refused_by_name(
    harness: ConnectorHarness,
) -> None:
    """A case can state why its platform accepts the parameter."""
    job = harness.case.jobs[Behaviour.SUCCEEDS]
    wrong = Parameter(name="undeclared_one")
    job = job.model_copy(update={"parameters": (*job.parameters, wrong)})
    request = harness.request(job=job, parameters={wrong.name: "1"})
    if harness.case.accepts_undeclared is not None:
        report = harness.poll_until_end(job, harness.job.submit(request))
        assert report.status is ProviderStatus.SUCCESS, report
        return

    with pytest.raises((PlatformRefused, Invalid), match=r"undeclared_one|parameters") as caught:
        harness.job.submit(request)

    if isinstance(caught.value, PlatformRefused):
        assert caught.value.cause in {FailureCause.PARAMETERS, FailureCause.SUBMIT}
        assert wrong.name in str(caught.value)
    assert not harness.case.started_runs(request)


@pytest.mark.parametrize("step", [Step.CANCEL, Step.FIND, Step.DESCRIBE, Step.TEST])
def test_a_redirect_to_another_host_is_refused(harness: ConnectorHarness, step: Step) -> None:
    if step is Step.CANCEL:
        needs(harness, Capability.CANCEL)
    act = action(harness, step)
    harness.fault(step, "redirect", location=f"https://{FOREIGN_HOST}/?t={CANARY}")

    error = refusal(act)

    assert f"redirects to {FOREIGN_HOST}" in str(error)
    assert CANARY not in str(error)


def test_an_address_on_another_host_is_neither_followed_nor_shown(
    harness: ConnectorHarness,
) -> None:
    if isinstance(harness.case.foreign_addresses, str):
        pytest.skip(harness.case.foreign_addresses)
    for foreign_addresses in harness.case.foreign_addresses:
        act = action(harness, foreign_addresses.step)
        endpoint = foreign_addresses.endpoint or harness.case.endpoints[foreign_addresses.step]
        harness.case.simulator.fault(
            endpoint=endpoint, fault="wrong-type", replace=dict(foreign_addresses.fields)
        )
        try:
            shown = repr(act())
        except PolysyncError as error:
            # The refusal must come from the check, not from an unreachable host.
            assert isinstance(error, PlatformRefused) or "cannot be reached" not in str(error)
            shown = ""
        assert FOREIGN_HOST not in shown
        assert not harness.case.simulator.control("GET", "faults")["faults"]
