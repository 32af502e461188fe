"""Lists the DAGs of an Airflow server, and reads a DAG's parameters."""

from __future__ import annotations

from collections.abc import Iterator

from polysync_core.domain.json_types import text_in
from polysync_core.platforms.apache_airflow.attributes import ApiVersion
from polysync_core.platforms.apache_airflow.client import AirflowClient
from polysync_core.platforms.apache_airflow.parameters import schema_of
from polysync_core.platforms.apache_airflow.refusals import refused, refused_for_dag
from polysync_core.platforms.apache_airflow.settings import dag_id_problem
from polysync_core.platforms.connector import Artefact, ArtefactSchema

_HAS_IMPORT_ERRORS = "its file has import errors, so Airflow runs the former version: correct it"
_IS_INACTIVE = "the DAG is not active: its file was removed, or Airflow has not parsed it"


def find_dags(service: AirflowClient, job_type: str, search: str | None) -> Iterator[Artefact]:
    """Yield the DAGs whose name contains a text; an inactive DAG is skipped with a reason."""
    wanted = (search or "").casefold()
    only_active = "only_active" if service.version is ApiVersion.V1 else "exclude_stale"
    for dag in service.listed("dags", key="dags", query={only_active: "false"}):
        dag_id = text_in(dag, "dag_id")
        if not dag_id or wanted not in dag_id.casefold():
            continue
        is_inactive = dag.get("is_active") is False or dag.get("is_stale") is True
        problem = dag_id_problem(dag_id)
        if dag.get("has_import_errors") is True:
            problem = _HAS_IMPORT_ERRORS
        yield Artefact(
            external_id=dag_id,
            job_type=job_type,
            name=dag_id,
            description=text_in(dag, "description") or None,
            problem=_IS_INACTIVE if is_inactive else problem,
            is_skipped=is_inactive,
        )


def describe_dag(service: AirflowClient, dag_id: str) -> ArtefactSchema:
    """Read the parameters of a DAG."""
    return service.get("dags", dag_id, "details", read=schema_of, refused=refused_for_dag)


def check_access(service: AirflowClient) -> str:
    """List one DAG, and describe the reached server."""
    service.get("dags", query={"limit": 1}, read=lambda answer: answer, refused=refused)
    host = service.client.base.host
    return f"Reached {service.version.airflow} at {host}; its DAGs can be listed."
