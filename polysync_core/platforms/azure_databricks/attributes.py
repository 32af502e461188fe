"""Defines the attributes of an Azure Databricks platform, such as workspace URL and compute."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, assert_never

from pydantic import Field, StringConstraints

from polysync_core.domain.definitions.base import Value
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.definitions.types.hints import ShownWhen
from polysync_core.domain.errors import Invalid, Problem
from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.outbound.attributes import read_attributes
from polysync_core.outbound.hosts import BaseAddress, HostRule, simulator_address
from polysync_core.outbound.sign_in.clouds import Cloud
from polysync_core.platforms.azure_databricks.notebook_source.paths import path_problem

type _Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,128}$")]

_SUFFIXES = {
    Cloud.PUBLIC: (".azuredatabricks.net",),
    Cloud.US_GOVERNMENT: (".databricks.azure.us",),
    Cloud.CHINA: (".databricks.azure.cn",),
}


class ComputeType(StrEnum):
    """The types of compute for notebooks."""

    NEW_JOB_CLUSTER = "NewJobCluster"
    EXISTING_INTERACTIVE_CLUSTER = "ExistingInteractiveCluster"
    EXISTING_INSTANCE_POOL = "ExistingInstancePool"
    SERVERLESS = "Serverless"


_NEEDED: dict[ComputeType, dict[str, str]] = {
    ComputeType.NEW_JOB_CLUSTER: {
        "clusterVersion": "a new job cluster needs a runtime version such as 15.4.x-scala2.12",
        "clusterNodeType": "a new job cluster needs a node type such as Standard_D4ds_v5",
    },
    ComputeType.EXISTING_INTERACTIVE_CLUSTER: {
        "existingClusterId": "set the cluster's id, or choose another computeType"
    },
    ComputeType.EXISTING_INSTANCE_POOL: {
        "existingInstancePool": "set the pool's id, or choose another computeType",
        "clusterVersion": "a cluster from a pool needs a runtime version such as 15.4.x-scala2.12",
    },
    ComputeType.SERVERLESS: {},
}
_OF_NEW_CLUSTERS = (
    "numberOfWorkerNodes",
    "policyId",
    "dataSecurityMode",
    "singleUserName",
    "clusterSettings",
)
_ALSO_USED = {
    ComputeType.NEW_JOB_CLUSTER: frozenset({*_OF_NEW_CLUSTERS, "libraries"}),
    ComputeType.EXISTING_INSTANCE_POOL: frozenset({*_OF_NEW_CLUSTERS, "libraries"}),
    ComputeType.EXISTING_INTERACTIVE_CLUSTER: frozenset({"libraries"}),
}
_OWN_CLUSTER_FIELDS = {
    "spark_version": "clusterVersion",
    "node_type_id": "clusterNodeType",
    "num_workers": "numberOfWorkerNodes",
    "instance_pool_id": "existingInstancePool",
    "policy_id": "policyId",
    "data_security_mode": "dataSecurityMode",
    "single_user_name": "singleUserName",
}
"""The attributes that set a field of `new_cluster`."""
_COMPUTE_FIELDS = (
    "clusterVersion",
    "clusterNodeType",
    "existingClusterId",
    "existingInstancePool",
    *_OF_NEW_CLUSTERS,
    "libraries",
)
# https://learn.microsoft.com/azure/databricks/compute/configure#single-node
_SINGLE_NODE: dict[str, JsonObject] = {
    "spark_conf": {
        "spark.databricks.cluster.profile": "singleNode",
        "spark.master": "local[*]",
    },
    "custom_tags": {"ResourceClass": "SingleNode"},
}


def _used(compute: ComputeType) -> frozenset[str]:
    """Return the attributes that a type of compute uses."""
    return _ALSO_USED.get(compute, frozenset[str]()) | _NEEDED[compute].keys()


def _shown_for(attribute: str) -> ShownWhen:
    """Return the hint that shows an attribute for the types of compute that use it."""
    compute = tuple(each.value for each in ComputeType if attribute in _used(each))
    return ShownWhen("computeType", compute)


class DatabricksAttributes(Value):
    """`attributes` of an Azure Databricks platform."""

    workspace_url: Annotated[str, StringConstraints(min_length=1, max_length=300)]
    """The address of the workspace, such as `https://adb-1234567890123456.7.azuredatabricks.net`."""
    endpoint: Annotated[str, StringConstraints(min_length=1, max_length=300)] | None = None
    """The base address of a simulator, which then receives all calls."""
    cloud: Cloud = Cloud.PUBLIC
    """The Azure cloud of the workspace."""
    compute_type: ComputeType = ComputeType.NEW_JOB_CLUSTER
    """The compute of notebooks; jobs and pipelines bring their own."""
    cluster_version: Annotated[_Id | None, _shown_for("clusterVersion")] = None
    """The runtime version, such as `15.4.x-scala2.12`."""
    cluster_node_type: Annotated[_Id | None, _shown_for("clusterNodeType")] = None
    """The node type, such as `Standard_D4ds_v5`."""
    number_of_worker_nodes: Annotated[
        Annotated[int, Field(ge=0, le=100_000, strict=True)] | None,
        _shown_for("numberOfWorkerNodes"),
    ] = None
    """0 makes a single-node cluster; the default is 1."""
    policy_id: Annotated[_Id | None, _shown_for("policyId")] = None
    """The cluster policy; it may then decide the version and the node type."""
    data_security_mode: Annotated[
        Annotated[str, StringConstraints(pattern=r"^[A-Z_]{1,64}$")] | None,
        _shown_for("dataSecurityMode"),
    ] = None
    """The access mode, such as `SINGLE_USER`; Unity Catalog needs one."""
    single_user_name: Annotated[
        Annotated[str, StringConstraints(min_length=1, max_length=256)] | None,
        _shown_for("singleUserName"),
    ] = None
    """The user of a cluster with the access mode `SINGLE_USER`."""
    cluster_settings: Annotated[dict[str, JsonValue] | None, _shown_for("clusterSettings")] = None
    """Other fields of `new_cluster`, such as `autoscale`, `spark_conf` or `init_scripts`."""
    libraries: Annotated[list[dict[str, JsonValue]] | None, _shown_for("libraries")] = None
    """The libraries of a notebook's task."""
    existing_cluster_id: Annotated[_Id | None, _shown_for("existingClusterId")] = None
    """The id of the interactive cluster."""
    existing_instance_pool: Annotated[_Id | None, _shown_for("existingInstancePool")] = None
    """The id of the instance pool."""
    default_notebook_path: str = "/"
    """The folder where discovery starts."""

    @classmethod
    def of(cls, platform: Platform) -> DatabricksAttributes:
        """Return the platform's attributes, or raise `Invalid` with every problem."""
        attributes = read_attributes(cls, platform.attributes)
        problems = attributes.problems()
        if problems:
            raise Invalid(problems)
        return attributes

    def problems(self) -> list[Problem]:
        """Return the problems between the attributes."""
        given = self.model_dump(by_alias=True, exclude_none=True, include=None)
        needed = self._needed()
        used = _used(self.compute_type)
        problems = [
            Problem(f"attributes.{name}", remedy)
            for name, remedy in needed.items()
            if name not in given
        ]
        problems += [
            Problem(
                f"attributes.{name}",
                f"computeType {self.compute_type} does not use it: remove it or change computeType",
            )
            for name in _COMPUTE_FIELDS
            if name in given and name not in used
        ]
        problems += self._cluster_problems()
        path = self.default_notebook_path
        problem = None if path == "/" else path_problem(path)
        if problem is not None:
            problems.append(Problem("attributes.defaultNotebookPath", problem))
        return problems

    def _needed(self) -> dict[str, str]:
        """Return the remedies of the required attributes; a policy may replace some of them."""
        by_policy = {"clusterVersion", "clusterNodeType"} if self.policy_id else set[str]()
        return {
            name: remedy
            for name, remedy in _NEEDED[self.compute_type].items()
            if name not in by_policy
        }

    def _cluster_problems(self) -> list[Problem]:
        settings = self.cluster_settings or {}
        problems = [
            Problem(
                f"attributes.clusterSettings.{field}",
                f"must not be set here: use the attribute {attribute}",
            )
            for field, attribute in _OWN_CLUSTER_FIELDS.items()
            if field in settings
        ]
        if "autoscale" in settings and self.number_of_worker_nodes is not None:
            problems.append(
                Problem(
                    "attributes.numberOfWorkerNodes",
                    "clusterSettings.autoscale decides the number of workers: remove one of them",
                )
            )
        return problems

    def base_address(self, *, allow_loopback: bool) -> BaseAddress:
        """Return the address for calls; raise `Invalid` with the broken rule."""
        workspace = HostRule(
            suffixes=_SUFFIXES[self.cloud],
            example=f"https://adb-1234567890123456.7{_SUFFIXES[self.cloud][0]}",
            allow_loopback=allow_loopback,
        ).read(self.workspace_url, path="attributes.workspaceUrl")
        if self.endpoint is None:
            return workspace
        return simulator_address(self.endpoint, allow_loopback=allow_loopback)

    def compute(self) -> JsonObject:
        """Return the compute block of a submitted task (Jobs API 2.2, `SubmitTask`)."""
        match self.compute_type:
            case ComputeType.SERVERLESS:
                # A task without a cluster requests serverless compute.
                return {}
            case ComputeType.EXISTING_INTERACTIVE_CLUSTER:
                return {"existing_cluster_id": self.existing_cluster_id, **self._libraries()}
            case ComputeType.EXISTING_INSTANCE_POOL:
                # The pool decides the node type; the API refuses both together.
                return self._new_cluster(instance_pool_id=self.existing_instance_pool)
            case ComputeType.NEW_JOB_CLUSTER:
                return self._new_cluster(node_type_id=self.cluster_node_type)
            case _:
                assert_never(self.compute_type)

    def _new_cluster(self, **nodes: str | None) -> JsonObject:
        settings = dict(self.cluster_settings or {})
        fields: JsonObject = {
            "spark_version": self.cluster_version,
            **nodes,
            "policy_id": self.policy_id,
            "apply_policy_default_values": True if self.policy_id else None,
            "data_security_mode": self.data_security_mode,
            "single_user_name": self.single_user_name,
        }
        given = {name: value for name, value in fields.items() if value is not None}
        cluster = {**given, **self._workers(settings), **settings}
        return {"new_cluster": cluster, **self._libraries()}

    def _workers(self, settings: JsonObject) -> JsonObject:
        """Return the number of workers; a single node also needs its settings."""
        if "autoscale" in settings:
            return {}
        if self.number_of_worker_nodes is None:
            # The policy may decide the number.
            return {} if self.policy_id else {"num_workers": 1}
        if self.number_of_worker_nodes > 0:
            return {"num_workers": self.number_of_worker_nodes}
        for name, values in _SINGLE_NODE.items():
            settings[name] = {**values, **_object(settings.get(name))}
        return {"num_workers": 0}

    def _libraries(self) -> JsonObject:
        return {"libraries": [*self.libraries]} if self.libraries else {}


def _object(value: JsonValue) -> JsonObject:
    return value if isinstance(value, dict) else {}
