"""Verifies the simulator of Azure Kubernetes Service."""

from __future__ import annotations

from collections.abc import Mapping

from polysync_core.domain.definitions.jobs import JobType
from tests.contract.connectors.verified_job_types import Ability, OfficialClient, Verification


def _verification(kind: str) -> Verification:
    return Verification(
        simulator="simulators.azure_compute",
        official_client=OfficialClient(
            package="kubernetes",
            client="kubernetes.client.BatchV1Api",
            tests="azure_compute",
            calls={
                Ability.SUBMIT: "create_namespaced_job",
                Ability.READ: "read_namespaced_job",
                Ability.CANCEL: "patch_namespaced_job",
                Ability.DISCOVER: f"list_namespaced_{kind}",
                Ability.PARAMETERS: f"read_namespaced_{kind}",
                Ability.RUNS: "list_namespaced_job",
                Ability.TEST: "list_namespaced_job",
            },
        ),
        notes=(
            "It also reads the copies that Polysync makes. `azure-mgmt-containerservice` reads the"
            " credentials of the cluster.",
        ),
        open_questions=(
            "the fields of the kubeconfig of a cluster without Entra",
            "the texts of the refusals of admission policies and quotas",
        ),
    )


VERIFICATIONS: Mapping[str, Verification] = {
    JobType.AKS_JOB: _verification("job"),
    JobType.AKS_CRON_JOB: _verification("cron_job"),
}
