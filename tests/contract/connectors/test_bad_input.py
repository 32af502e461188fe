"""What somebody or something has got wrong, for every job type: told by name, with nothing begun.

The rest of it (refused credentials, a missing permission, an artefact that is gone, a word that
nobody knows, a stop of what has ended, redirects of a start and of a look) is in
`test_every_job_type.py`.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from polysync_core.domain.causes import FailureCause
from polysync_core.domain.definitions.jobs import Parameter
from polysync_core.domain.errors import Invalid, PlatformRefused, PolysyncError
from polysync_core.domain.runs.outputs import kept_outputs
from polysync_core.platforms.connector import ProviderStatus
from polysync_core.platforms.plugin import Capability
from tests.contract.connectors.bench import CANARY, ELSEWHERE, Behaviour, Rig, Step
from tests.contract.connectors.test_every_job_type import needs, refusal


def action(rig: Rig, step: Step) -> Callable[[], object]:
    """Return what meets an answer of a step."""
    job = rig.bench.jobs[Behaviour.SUCCEEDS]
    match step:
        case Step.SUBMIT:
            # Work that goes on is what a platform may have an address for.
            order = rig.order(Behaviour.HANGS)
            return lambda: rig.job.submit(order)
        case Step.READ | Step.CANCEL:
            needs(rig, Behaviour.HANGS)
            running = rig.order(Behaviour.HANGS)
            run_id = rig.job.submit(running).external_run_id
            look = rig.job.read if step is Step.READ else rig.job.cancel
            return lambda: look(running.job, run_id)
        case Step.FIND:
            needs(rig, Capability.DISCOVERY)
            return lambda: list(rig.connector.artefacts(job_type=rig.bench.job_type))
        case Step.DESCRIBE:
            needs(rig, Capability.PARAMETERS)
            return lambda: rig.job.describe(job.external_id)
        case Step.TEST:
            return rig.connector.test


def test_outputs_that_are_longer_than_storage_takes_leave_the_success_and_the_others(
    rig: Rig,
) -> None:
    needs(rig, Capability.OUTPUTS)

    report = rig.run(Behaviour.GIVES_MUCH, parameters=rig.bench.much)

    assert (report.status, report.outputs_missing) == (ProviderStatus.SUCCESS, None)
    kept = kept_outputs(rig.bench.jobs[Behaviour.GIVES_MUCH], report.outputs)
    assert (len(kept.not_kept), len(kept.values) > 0) == (1, True)


def test_a_parameter_that_the_artefact_does_not_declare_is_refused_by_its_name(rig: Rig) -> None:
    """Or the bench says why it is not: the platform takes it, and what it does with it is known."""
    job = rig.bench.jobs[Behaviour.SUCCEEDS]
    wrong = Parameter(name="undeclared_one")
    job = job.model_copy(update={"parameters": (*job.parameters, wrong)})
    order = rig.order(job=job, parameters={wrong.name: "1"})
    if rig.bench.takes_anything is not None:
        report = rig.follow(job, rig.job.submit(order))
        assert report.status is ProviderStatus.SUCCESS, report
        return

    with pytest.raises((PlatformRefused, Invalid), match=r"undeclared_one|parameters") as caught:
        rig.job.submit(order)

    if isinstance(caught.value, PlatformRefused):
        assert caught.value.cause in {FailureCause.PARAMETERS, FailureCause.SUBMIT}
        assert wrong.name in str(caught.value)
    assert not rig.bench.started(order)


@pytest.mark.parametrize("step", [Step.CANCEL, Step.FIND, Step.DESCRIBE, Step.TEST])
def test_a_redirect_to_another_host_is_refused(rig: Rig, step: Step) -> None:
    if step is Step.CANCEL:
        needs(rig, Capability.CANCEL)
    act = action(rig, step)
    rig.fault(step, "redirect", location=f"https://{ELSEWHERE}/?t={CANARY}")

    error = refusal(act)

    assert f"redirects to {ELSEWHERE}" in str(error)
    assert CANARY not in str(error)


def test_an_address_on_another_host_is_neither_followed_nor_shown(rig: Rig) -> None:
    if isinstance(rig.bench.foreign, str):
        pytest.skip(rig.bench.foreign)
    for foreign in rig.bench.foreign:
        act = action(rig, foreign.step)
        endpoint = foreign.endpoint or rig.bench.endpoints[foreign.step]
        rig.bench.simulator.fault(
            endpoint=endpoint, fault="wrong-type", replace=dict(foreign.fields)
        )
        try:
            shown = repr(act())
        except PolysyncError as error:
            # To be refused by name, and not by a host that nobody has reached.
            assert isinstance(error, PlatformRefused) or "cannot be reached" not in str(error)
            shown = ""
        assert ELSEWHERE not in shown
        assert not rig.bench.simulator.control("GET", "faults")["faults"]
