"""Simulates the clusters and pools on which notebooks run, with their start times."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from simulators.databricks.errors import ApiError, invalid_parameter

DEFAULT_CLUSTER = "0101-120000-lakehse1"
DEFAULT_POOL = "0101-120000-pool-lakehse1"
NODE_TYPES: Mapping[str, tuple[int, int]] = {
    "Standard_D4ads_v5": (4, 16384),
    "Standard_D4ds_v5": (4, 16384),
    "Standard_D8ads_v5": (8, 32768),
    "Standard_DS3_v2": (4, 14336),
    "Standard_DS4_v2": (8, 28672),
    "Standard_E4ds_v4": (4, 32768),
    "Standard_F4s_v2": (4, 8192),
}
"""The node types of the workspace: name, cores and memory in MB."""
SPARK_VERSIONS = ("16.4.x-scala2.12", "15.4.x-scala2.12", "14.3.x-scala2.12", "13.3.x-scala2.12")
_SPARK_VERSION = re.compile(r"\d+\.\d+\.x-[a-z0-9.-]+")
_MODES = ("new_cluster", "existing_cluster_id", "job_cluster_key")


@dataclass(frozen=True, slots=True, kw_only=True)
class Compute:
    """The compute of one task: its fields of the request and its start time."""

    fields: Mapping[str, Any]
    start_seconds: float = 0.0

    @property
    def cluster_id(self) -> str | None:
        """The id of the existing cluster; None if the task uses other compute."""
        return self.fields.get("existing_cluster_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterCatalogue:
    """The clusters and pools of the workspace and their start times."""

    clusters: frozenset[str] = frozenset({DEFAULT_CLUSTER})
    pools: frozenset[str] = frozenset({DEFAULT_POOL})
    new_cluster_seconds: float = 0.2
    pool_cluster_seconds: float = 0.1

    def choose(self, task: Mapping[str, Any]) -> Compute:
        """Return the compute that a task selects; raise if the workspace lacks it."""
        asked = {mode: task[mode] for mode in _MODES if task.get(mode) is not None}
        if len(asked) > 1:
            raise invalid_parameter(f"Only one of {', '.join(sorted(asked))} may be specified.")
        if "job_cluster_key" in asked:
            raise invalid_parameter("Shared job clusters are not supported in runs/submit.")
        if "existing_cluster_id" in asked:
            self.require_cluster(asked["existing_cluster_id"])
            return Compute(fields=asked)
        if "new_cluster" in asked:
            return Compute(fields=asked, start_seconds=self._check_new(asked["new_cluster"]))
        return Compute(fields={})

    def require_cluster(self, cluster_id: object) -> None:
        """Raise if the workspace does not have the cluster."""
        if cluster_id not in self.clusters:
            raise invalid_parameter(f"Cluster {cluster_id} does not exist")

    def require_pool(self, pool_id: object) -> None:
        """Raise if the workspace does not have the instance pool."""
        if pool_id not in self.pools:
            raise invalid_parameter(f"Can't find an instance pool with id: {pool_id}.")

    def _check_new(self, cluster: object) -> float:
        if not isinstance(cluster, dict):
            raise invalid_parameter("new_cluster must be an object.")
        version, node_type = cluster.get("spark_version"), cluster.get("node_type_id")
        pool = cluster.get("instance_pool_id")
        if not version:
            raise invalid_parameter("Missing required field: new_cluster.spark_version")
        if not _SPARK_VERSION.fullmatch(str(version)):
            raise invalid_parameter(f"Invalid spark version {version}.")
        if "autoscale" not in cluster and not _is_count(cluster.get("num_workers")):
            raise invalid_parameter("new_cluster needs num_workers, a whole number, or autoscale.")
        if pool is not None:
            if node_type is not None:
                raise invalid_parameter("node_type_id cannot be given with instance_pool_id.")
            self.require_pool(pool)
            return self.pool_cluster_seconds
        if node_type is None:
            raise invalid_parameter("Missing required field: new_cluster.node_type_id")
        if node_type not in NODE_TYPES:
            raise invalid_parameter(f"Node type {node_type} is not supported.")
        return self.new_cluster_seconds

    def cluster_json(self, cluster_id: str) -> dict[str, Any]:
        """Return an existing cluster in the form of `clusters/get`."""
        self.require_cluster(cluster_id)
        return {
            "cluster_id": cluster_id,
            "cluster_name": cluster_id,
            "state": "RUNNING",
            "state_message": "",
            "spark_version": SPARK_VERSIONS[0],
            "node_type_id": "Standard_DS3_v2",
            "num_workers": 1,
        }

    def pool_json(self, pool_id: str) -> dict[str, Any]:
        """Return an instance pool in the form of `instance-pools/get`."""
        try:
            self.require_pool(pool_id)
        except ApiError as error:
            raise ApiError(404, "RESOURCE_DOES_NOT_EXIST", error.message) from None
        return {
            "instance_pool_id": pool_id,
            "instance_pool_name": pool_id,
            "node_type_id": "Standard_DS3_v2",
            "state": "ACTIVE",
        }


def node_types_json() -> list[dict[str, Any]]:
    """Return the node types in the form of `clusters/list-node-types`."""
    return [
        {
            "node_type_id": name,
            "instance_type_id": name,
            "num_cores": float(cores),
            "memory_mb": memory,
            "description": name,
            "category": "General Purpose",
        }
        for name, (cores, memory) in NODE_TYPES.items()
    ]


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
