"""The contract of job types that can repair: only the failed parts of a run run again."""

from __future__ import annotations

from dataclasses import replace

from polysync_core.platforms.connector import ProviderStatus
from polysync_core.platforms.plugin import Capability
from tests.contract.connectors.job_type_case import Behaviour, ConnectorHarness
from tests.contract.connectors.steps import needs, refusal


def test_a_repair_has_an_id_an_end_and_failure_details_of_its_own(
    harness: ConnectorHarness,
) -> None:
    needs(harness, Capability.REPAIR, Behaviour.FAILS)
    failing = harness.request(Behaviour.FAILS)
    failed = harness.job.submit(failing)
    harness.poll_until_end(failing.job, failed)

    request = harness.request(Behaviour.FAILS, repairs=failed.external_run_id)
    repair = harness.job.submit(request)
    report = harness.poll_until_end(request.job, repair)

    assert repair.external_run_id != failed.external_run_id
    assert report.status is ProviderStatus.FAILED
    assert (repair.monitor_url or report.monitor_url or "").startswith("http")
    assert harness.job.failure_details(request.job, repair.external_run_id).parts
    harness.job.cancel(request.job, repair.external_run_id)
    resent = harness.job.submit(replace(request, is_resend=True))
    assert resent.external_run_id == repair.external_run_id
    further = harness.request(Behaviour.FAILS, repairs=repair.external_run_id)
    assert harness.job.submit(further).external_run_id not in {
        failed.external_run_id,
        repair.external_run_id,
    }


def test_an_active_run_is_not_repaired(harness: ConnectorHarness) -> None:
    needs(harness, Capability.REPAIR, Behaviour.HANGS)
    active = harness.request(Behaviour.HANGS)
    submitted = harness.job.submit(active)
    request = harness.request(Behaviour.HANGS, repairs=submitted.external_run_id)

    assert "active" in str(refusal(lambda: harness.job.submit(request)))

    harness.job.cancel(active.job, submitted.external_run_id)
    harness.poll_until_end(active.job, submitted)
