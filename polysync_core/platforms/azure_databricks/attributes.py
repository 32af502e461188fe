"""Defines the attributes of an Azure Databricks platform: workspace, compute, paths."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, assert_never

from pydantic import Field, StringConstraints

from polysync_core.domain.definitions.base import Value
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.errors import Invalid, Problem
from polysync_core.domain.json_types import JsonObject
from polysync_core.outbound.attributes import read_attributes
from polysync_core.outbound.hosts import BaseAddress, HostRule
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
_ALSO_USED = {
    ComputeType.NEW_JOB_CLUSTER: frozenset({"numberOfWorkerNodes"}),
    ComputeType.EXISTING_INSTANCE_POOL: frozenset({"numberOfWorkerNodes"}),
}
_COMPUTE_FIELDS = (
    "clusterVersion",
    "clusterNodeType",
    "numberOfWorkerNodes",
    "existingClusterId",
    "existingInstancePool",
)
# https://learn.microsoft.com/azure/databricks/compute/configure#single-node
_SINGLE_NODE: JsonObject = {
    "spark_conf": {
        "spark.databricks.cluster.profile": "singleNode",
        "spark.master": "local[*]",
    },
    "custom_tags": {"ResourceClass": "SingleNode"},
}


class DatabricksAttributes(Value):
    """`attributes` of an Azure Databricks platform."""

    workspace_url: Annotated[str, StringConstraints(min_length=1, max_length=300)]
    endpoint: Annotated[str, StringConstraints(min_length=1, max_length=300)] | None = None
    """The base address of a simulator, which then receives all calls."""
    cloud: Cloud = Cloud.PUBLIC
    compute_type: ComputeType = ComputeType.NEW_JOB_CLUSTER
    cluster_version: _Id | None = None
    cluster_node_type: _Id | None = None
    number_of_worker_nodes: Annotated[int, Field(ge=0, le=100_000, strict=True)] | None = None
    """0 makes a single-node cluster; the default is 1."""
    existing_cluster_id: _Id | None = None
    existing_instance_pool: _Id | None = None
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
        needed = _NEEDED[self.compute_type]
        used = needed.keys() | _ALSO_USED.get(self.compute_type, frozenset())
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
        path = self.default_notebook_path
        problem = None if path == "/" else path_problem(path)
        if problem is not None:
            problems.append(Problem("attributes.defaultNotebookPath", problem))
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
        if not allow_loopback:
            raise Invalid.at(
                "attributes.endpoint", "a simulator is allowed in development only: remove it"
            )
        return HostRule(suffixes=(), example="http://127.0.0.1:8787", allow_loopback=True).read(
            self.endpoint, path="attributes.endpoint"
        )

    def compute(self) -> JsonObject:
        """Return the compute block of a submitted task (Jobs API 2.2, `SubmitTask`)."""
        match self.compute_type:
            case ComputeType.SERVERLESS:
                # A task without a cluster requests serverless compute.
                return {}
            case ComputeType.EXISTING_INTERACTIVE_CLUSTER:
                return {"existing_cluster_id": self.existing_cluster_id}
            case ComputeType.EXISTING_INSTANCE_POOL:
                # The pool decides the node type; the API refuses both together.
                return {"new_cluster": self._cluster(instance_pool_id=self.existing_instance_pool)}
            case ComputeType.NEW_JOB_CLUSTER:
                return {"new_cluster": self._cluster(node_type_id=self.cluster_node_type)}
            case _:
                assert_never(self.compute_type)

    def _cluster(self, **nodes: str | None) -> JsonObject:
        workers = 1 if self.number_of_worker_nodes is None else self.number_of_worker_nodes
        single = _SINGLE_NODE if workers == 0 else {}
        return {
            "spark_version": self.cluster_version,
            "num_workers": workers,
            **nodes,
            **single,
        }
