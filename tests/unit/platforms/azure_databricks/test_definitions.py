"""Accepted and refused definitions of platforms and Jobs."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import JobType
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.errors import Invalid
from polysync_core.domain.security.secrets import Secret
from polysync_core.platforms.azure_databricks.attributes import DatabricksAttributes
from polysync_core.platforms.registry import check_job, check_platform, open_connector
from tests.unit.platforms.azure_databricks.definitions import TOKEN, a_job, a_platform

PRINCIPAL = {
    "method": "ServicePrincipal",
    "tenantId": "contoso.onmicrosoft.com",
    "clientId": "00000000-0000-0000-0000-000000000001",
    "clientSecret": "vault://v/secret",
}


class NoSecrets:
    def resolve(self, reference: str) -> Secret:
        raise AssertionError("a check resolves nothing")

    def forget(self, reference: str) -> None: ...


def problems_of(platform: Platform, *, allow_loopback: bool = False) -> dict[str, str]:
    with pytest.raises(Invalid) as caught:
        check_platform(platform, allow_loopback=allow_loopback)
    return {problem.path: problem.message for problem in caught.value.problems}


@pytest.mark.parametrize(
    "auth",
    [
        TOKEN,
        PRINCIPAL,
        {"method": "ManagedIdentity"},
        {"method": "ManagedIdentity", "clientId": "00000000-0000-0000-0000-000000000001"},
        {"method": "DefaultCredential"},
    ],
    ids=lambda auth: str(auth["method"]),
)
def test_each_sign_in_method_is_accepted_and_opened_without_io(auth: dict[str, Any]) -> None:
    platform = a_platform(auth)

    check_platform(platform, allow_loopback=False)
    assert open_connector(platform, secrets=NoSecrets(), allow_loopback=False) is not None


@pytest.mark.parametrize(
    ("auth", "path"),
    [
        ({"method": "FunctionKey"}, "auth.method"),
        ({"method": "PersonalAccessToken"}, "auth.personalAccessToken"),
        ({**TOKEN, "personalAccessToken": "dapi-clear-text"}, "auth.personalAccessToken"),
        ({**TOKEN, "personalAccessToken": "vault://V/x"}, "auth.personalAccessToken"),
        ({**TOKEN, "personalAccessToken": ""}, "auth.personalAccessToken"),
        ({**TOKEN, "clientSecret": "vault://v/s"}, "auth.clientSecret"),
        ({**PRINCIPAL, "clientSecret": "dapi-clear-text"}, "auth.clientSecret"),
        ({**PRINCIPAL, "tenantId": "a/../b"}, "auth.tenantId"),
        ({**PRINCIPAL, "tenantId": "a..b"}, "auth.tenantId"),
        ({**PRINCIPAL, "tenantId": None}, "auth.tenantId"),
        ({**PRINCIPAL, "clientId": "me"}, "auth.clientId"),
    ],
)
def test_a_sign_in_method_that_cannot_work_is_refused(auth: dict[str, Any], path: str) -> None:
    problems = problems_of(a_platform(auth))

    assert list(problems) == [path]
    assert "dapi-clear-text" not in str(problems)


COMPUTE = [
    pytest.param({"computeType": "Serverless"}, {}, id="serverless asks for no cluster"),
    pytest.param(
        {"computeType": "ExistingInteractiveCluster", "existingClusterId": "0101-120000-abc"},
        {"existing_cluster_id": "0101-120000-abc"},
        id="an interactive cluster is named",
    ),
    pytest.param(
        {"clusterVersion": "15.4.x-scala2.12", "clusterNodeType": "Standard_D4ds_v5"}
        | {"computeType": "NewJobCluster", "numberOfWorkerNodes": 3},
        {
            "new_cluster": {
                "spark_version": "15.4.x-scala2.12",
                "node_type_id": "Standard_D4ds_v5",
                "num_workers": 3,
            }
        },
        id="a job cluster is described",
    ),
    pytest.param(
        {"clusterVersion": "15.4.x-scala2.12", "clusterNodeType": "Standard_D4ds_v5"}
        | {"computeType": "NewJobCluster", "numberOfWorkerNodes": 0},
        {
            "new_cluster": {
                "spark_version": "15.4.x-scala2.12",
                "node_type_id": "Standard_D4ds_v5",
                "num_workers": 0,
                "spark_conf": {
                    "spark.databricks.cluster.profile": "singleNode",
                    "spark.master": "local[*]",
                },
                "custom_tags": {"ResourceClass": "SingleNode"},
            }
        },
        id="no workers make a single-node cluster",
    ),
    pytest.param(
        {"clusterVersion": "15.4.x-scala2.12", "existingInstancePool": "pool-1"}
        | {"computeType": "ExistingInstancePool"},
        {
            "new_cluster": {
                "spark_version": "15.4.x-scala2.12",
                "instance_pool_id": "pool-1",
                "num_workers": 1,
            }
        },
        id="a pool decides the node type",
    ),
    pytest.param(
        {"clusterVersion": "15.4.x-scala2.12", "clusterNodeType": "Standard_D4ds_v5"}
        | {
            "computeType": "NewJobCluster",
            "dataSecurityMode": "SINGLE_USER",
            "singleUserName": "5f0e0a4e-0000-0000-0000-000000000000",
            "libraries": [{"pypi": {"package": "x==1"}}],
        },
        {
            "new_cluster": {
                "spark_version": "15.4.x-scala2.12",
                "node_type_id": "Standard_D4ds_v5",
                "data_security_mode": "SINGLE_USER",
                "single_user_name": "5f0e0a4e-0000-0000-0000-000000000000",
                "num_workers": 1,
            },
            "libraries": [{"pypi": {"package": "x==1"}}],
        },
        id="a job cluster uses Unity Catalog",
    ),
    pytest.param(
        {"computeType": "NewJobCluster", "policyId": "X"},
        {"new_cluster": {"policy_id": "X", "apply_policy_default_values": True}},
        id="a policy decides everything",
    ),
    pytest.param(
        {
            "computeType": "ExistingInstancePool",
            "existingInstancePool": "pool-1",
            "policyId": "X",
            "clusterVersion": "15.4.x-scala2.12",
            "clusterSettings": {
                "autoscale": {"min_workers": 1, "max_workers": 4},
                "init_scripts": [{"workspace": {"destination": "/Shared/init.sh"}}],
            },
        },
        {
            "new_cluster": {
                "spark_version": "15.4.x-scala2.12",
                "instance_pool_id": "pool-1",
                "policy_id": "X",
                "apply_policy_default_values": True,
                "autoscale": {"min_workers": 1, "max_workers": 4},
                "init_scripts": [{"workspace": {"destination": "/Shared/init.sh"}}],
            }
        },
        id="other settings of a cluster are passed on",
    ),
    pytest.param(
        {"clusterVersion": "15.4.x-scala2.12", "clusterNodeType": "Standard_D4ds_v5"}
        | {
            "computeType": "NewJobCluster",
            "numberOfWorkerNodes": 0,
            "clusterSettings": {"spark_conf": {"a": "b"}, "custom_tags": {"team": "x"}},
        },
        {
            "new_cluster": {
                "spark_version": "15.4.x-scala2.12",
                "node_type_id": "Standard_D4ds_v5",
                "num_workers": 0,
                "spark_conf": {
                    "spark.databricks.cluster.profile": "singleNode",
                    "spark.master": "local[*]",
                    "a": "b",
                },
                "custom_tags": {"ResourceClass": "SingleNode", "team": "x"},
            }
        },
        id="settings of a single node are combined",
    ),
]


@pytest.mark.parametrize(("attributes", "block"), COMPUTE)
def test_each_compute_family_has_its_block(
    attributes: dict[str, Any], block: dict[str, Any]
) -> None:
    platform = a_platform(**attributes)

    check_platform(platform, allow_loopback=False)
    assert DatabricksAttributes.of(platform).compute() == block


@pytest.mark.parametrize(
    ("attributes", "paths"),
    [
        ({"computeType": "NewJobCluster"}, ["clusterVersion", "clusterNodeType"]),
        ({"computeType": "ExistingInteractiveCluster"}, ["existingClusterId"]),
        ({"computeType": "ExistingInstancePool"}, ["existingInstancePool", "clusterVersion"]),
        ({"computeType": "Serverless", "existingClusterId": "a"}, ["existingClusterId"]),
        ({"computeType": "Serverless", "numberOfWorkerNodes": 2}, ["numberOfWorkerNodes"]),
        ({"computeType": "Serverless", "policyId": "X"}, ["policyId"]),
        ({"computeType": "Serverless", "libraries": []}, ["libraries"]),
        ({"computeType": "ExistingInstancePool", "policyId": "X"}, ["existingInstancePool"]),
        (
            {"computeType": "NewJobCluster", "policyId": "X", "dataSecurityMode": "single"},
            ["dataSecurityMode"],
        ),
        (
            {
                "computeType": "NewJobCluster",
                "policyId": "X",
                "clusterSettings": {"num_workers": 2, "node_type_id": "x"},
            },
            ["clusterSettings.node_type_id", "clusterSettings.num_workers"],
        ),
        (
            {
                "computeType": "NewJobCluster",
                "policyId": "X",
                "numberOfWorkerNodes": 2,
                "clusterSettings": {"autoscale": {"min_workers": 1, "max_workers": 2}},
            },
            ["numberOfWorkerNodes"],
        ),
        ({"computeType": "Mainframe"}, ["computeType"]),
        ({"numberOfWorkerNodes": -1}, ["numberOfWorkerNodes"]),
        ({"numberOfWorkerNodes": "two"}, ["numberOfWorkerNodes"]),
        ({"numberOfWorkerNodes": True}, ["numberOfWorkerNodes"]),
        ({"existingClusterId": "a b"}, ["existingClusterId"]),
        ({"workspaceUrl": None}, ["workspaceUrl"]),
        ({"workspaceUrl": "http://10.0.0.1"}, ["workspaceUrl"]),
        ({"workspaceUrl": "https://x.cloud.databricks.com"}, ["workspaceUrl"]),
        ({"workspaceUrl": "https://x.gcp.databricks.com"}, ["workspaceUrl"]),
        ({"cloud": "AzureChina"}, ["workspaceUrl"]),
        ({"cloud": "Mars"}, ["cloud"]),
        ({"endpoint": "http://127.0.0.1:8787"}, ["endpoint"]),
        ({"defaultNotebookPath": "etl"}, ["defaultNotebookPath"]),
        ({"defaultNotebookPath": "/a/../b"}, ["defaultNotebookPath"]),
        ({"workspaceURL": "x", "warp": 9}, ["workspaceURL", "warp"]),
    ],
)
def test_each_problem_is_reported_with_its_path(
    attributes: dict[str, Any], paths: list[str]
) -> None:
    found = problems_of(a_platform(**attributes))

    assert sorted(found) == sorted(f"attributes.{path}" for path in paths)


def test_problems_of_sign_in_and_attributes_are_reported_together() -> None:
    found = problems_of(a_platform({"method": "FunctionKey"}, computeType="NewJobCluster"))

    assert {"auth.method", "attributes.clusterVersion"} <= found.keys()


@pytest.mark.parametrize(
    ("cloud", "host"),
    [
        ("AzureUSGovernment", "adb-1.7.databricks.azure.us"),
        ("AzureChina", "adb-1.7.databricks.azure.cn"),
    ],
)
def test_each_cloud_has_its_own_hosts(cloud: str, host: str) -> None:
    check_platform(a_platform(cloud=cloud, workspaceUrl=f"https://{host}"), allow_loopback=False)


def test_loopback_needs_the_development_setting() -> None:
    platform = a_platform(workspaceUrl="http://127.0.0.1:8787")

    check_platform(platform, allow_loopback=True)
    assert list(problems_of(platform)) == ["attributes.workspaceUrl"]


def test_a_simulator_receives_the_calls_in_development() -> None:
    attributes = DatabricksAttributes.of(a_platform(endpoint="http://127.0.0.1:8787/"))

    assert attributes.base_address(allow_loopback=True).url == "http://127.0.0.1:8787"


def test_a_simulator_must_be_on_this_machine() -> None:
    found = problems_of(a_platform(endpoint="https://evil.example"), allow_loopback=True)

    assert list(found) == ["attributes.endpoint"]


def test_a_job_type_of_another_platform_is_refused() -> None:
    with pytest.raises(Invalid, match="which takes DatabricksNotebook"):
        check_job(a_platform(), a_job(job_type=JobType.ADF_PIPELINE))


def test_an_unknown_setting_is_refused() -> None:
    with pytest.raises(Invalid, match=r"settings\.timeout"):
        check_job(a_platform(), a_job(settings={"timeout": 5}))
