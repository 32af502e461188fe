"""The platforms and keys that the cases of the AWS job types share."""

from __future__ import annotations

from typing import Any

from polysync_core.domain.definitions.platforms import Platform
from tests.contract.connectors.job_type_case import CANARY, MakeCase, Simulators
from tests.fakes.simulators import SimulatorProcess

REGION = "eu-west-1"
ACCOUNT = "123456789012"
KEY_ID = "AKIACASES00000000000"
ASSUME_ROLE = {
    "method": "AssumeRole",
    "accessKeyId": KEY_ID,
    "secretAccessKey": "vault://local/SECRET",
    "roleArn": f"arn:aws:iam::{ACCOUNT}:role/polysync",
}
FEDERATED = {"method": "WebIdentityFederation", "roleArn": ASSUME_ROLE["roleArn"]}


def simulated_aws(simulators: Simulators) -> SimulatorProcess:
    """Return the simulator, which knows the access key of the cases."""
    simulator = simulators.simulator("simulators.aws", "--page-size", "2")
    simulator.control("PUT", f"keys/{KEY_ID}", {"secret": CANARY})
    return simulator


def aws_platform(
    simulator: SimulatorProcess, kind: str, auth: dict[str, str], **attributes: Any
) -> Platform:
    """Return a platform whose endpoint is the simulator."""
    return Platform.model_validate(
        {
            "name": "aws",
            "type": kind,
            "auth": auth,
            "attributes": {"region": REGION, "endpoint": simulator.url, **attributes},
        }
    )


CASES: dict[str, MakeCase] = {}
