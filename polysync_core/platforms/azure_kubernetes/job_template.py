"""Builds the Kubernetes Job of one run from a template Job or CronJob."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.json_types import JsonObject, JsonValue, dicts_in, object_in
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.azure.environment_variables import (
    chosen_container,
    variables_schema,
    with_variables,
)
from polysync_core.platforms.azure_kubernetes.settings import (
    SECONDS_PER_DAY,
    USUAL_KEPT_SECONDS,
)
from polysync_core.platforms.connector import ArtefactSchema, SubmitRequest
from polysync_core.platforms.values import as_texts

SOURCE_LABEL = "polysync/source"
"""The label with the name of the Job or CronJob that a Job is a copy of."""
KIND_LABEL = "polysync/source-kind"
TOKEN_ANNOTATION = "polysync/attempt"  # noqa: S105 - the name of an annotation
RUN_ANNOTATION = "polysync/run"
BEGUN_ANNOTATION = "polysync/begun-at"
"""The begin of the attempt; Kubernetes keeps the time of a creation in whole seconds only."""

# The server sets these labels. With them, the pods would belong to the source.
_OF_SERVER = re.compile(r"(?:batch\.kubernetes\.io/)?(?:controller-uid|job-name)")
# A tool that deploys the source would take the copy for its own, and delete it.
_OF_DEPLOYMENT = re.compile(
    r"argocd\.argoproj\.io/.*|(?:meta\.)?helm\.sh/.*|app\.kubernetes\.io/(?:instance|managed-by)"
    r"|(?:kustomize|helm)\.toolkit\.fluxcd\.io/.*|kubectl\.kubernetes\.io/last-applied-configuration"
    r"|batch\.kubernetes\.io/.*|cronjob\.kubernetes\.io/.*|polysync/.*"
)


@dataclass(frozen=True, slots=True)
class JobTemplate:
    """The metadata and the specification that copies get."""

    metadata: JsonObject
    spec: JsonObject

    @classmethod
    def of(cls, source: JsonObject) -> JobTemplate:
        """Return the template in a Job, or in a CronJob."""
        nested = object_in(object_in(source, "spec"), "jobTemplate")
        holder = nested or source
        return cls(object_in(holder, "metadata"), object_in(holder, "spec"))

    @property
    def containers(self) -> list[JsonObject]:
        """The containers of a pod."""
        return dicts_in(object_in(object_in(self.spec, "template"), "spec"), "containers")

    def copy(self, request: SubmitRequest, *, kind: str, name: str) -> JsonObject:
        """Return the Job of an attempt."""
        labels: JsonObject = {
            **_kept(self.metadata, "labels"),
            "app.kubernetes.io/managed-by": "polysync",
            SOURCE_LABEL: request.job.external_id,
            KIND_LABEL: kind,
        }
        annotations: JsonObject = {
            **_kept(self.metadata, "annotations"),
            TOKEN_ANNOTATION: request.token,
            RUN_ANNOTATION: request.run_name,
            BEGUN_ANNOTATION: request.begun_at.isoformat(),
        }
        return {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {"name": name, "labels": labels, "annotations": annotations},
            "spec": self._spec(request),
        }

    def _spec(self, request: SubmitRequest) -> JsonObject:
        spec: JsonObject = {
            name: value
            for name, value in self.spec.items()
            if name not in {"selector", "manualSelector", "suspend"}
        }
        if request.is_only_try:
            spec["backoffLimit"] = 0
            if "backoffLimitPerIndex" in spec:
                spec["backoffLimitPerIndex"] = 0
        spec["ttlSecondsAfterFinished"] = _kept_seconds(request.job, spec)
        spec["template"] = self._pod(request)
        return spec

    def _pod(self, request: SubmitRequest) -> JsonObject:
        pod = object_in(self.spec, "template")
        metadata = object_in(pod, "metadata")
        spec: JsonObject = {**object_in(pod, "spec"), "containers": self._containers(request)}
        if request.is_only_try:
            # Another policy lets the node start the container again.
            spec["restartPolicy"] = "Never"
        labels = _without(object_in(metadata, "labels"), _OF_SERVER)
        annotations = object_in(metadata, "annotations")
        return {**pod, "metadata": {"labels": labels, "annotations": annotations}, "spec": spec}

    def _containers(self, request: SubmitRequest) -> list[JsonValue]:
        containers: list[JsonValue] = [*self.containers]
        index = container_index(self, request.job)
        container = self.containers[index]
        values = {
            name: escaped_value(text)
            for name, text in as_texts(request.parameters, request.job.parameters).items()
        }
        variables = with_variables(dicts_in(container, "env"), values)
        containers[index] = {**container, "env": variables}
        return containers

    def schema(self, container_name: str = "") -> ArtefactSchema:
        """Return the variables of a container as parameters."""
        index = chosen_container(self.containers, container_name, owner="the template")
        container = self.containers[index]
        notes: list[str] = []
        if container.get("envFrom"):
            notes.append(
                "the container also reads the variables of ConfigMaps or Secrets (envFrom), which"
                " are not listed"
            )
        shown: list[JsonObject] = []
        for entry in dicts_in(container, "env"):
            value = entry.get("value")
            # The value of a reference exists in the cluster only.
            known = isinstance(value, str) and "$(" not in value.replace("$$", "")
            shown.append({**entry, "value": str(value).replace("$$", "$") if known else None})
        return variables_schema(shown, notes=notes)


def container_index(template: JobTemplate, job: Job) -> int:
    """Return the index of the container that receives the parameters."""
    name = str(job.settings.get("containerName") or "")
    return chosen_container(template.containers, name, owner=f"'{job.external_id}'")


def escaped_value(text: str) -> str:
    """Return a text that Kubernetes passes on unchanged; it would replace `$(NAME)`.

    Raises `PlatformRefused` for a text with a zero byte, which no variable can hold.
    """
    if "\0" in text:
        raise PlatformRefused(
            "parameters: the value of an environment variable cannot hold a zero byte",
            cause=FailureCause.PARAMETERS,
        )
    return text.replace("$", "$$")


def _kept_seconds(job: Job, spec: JsonObject) -> int:
    """Return the seconds for which Kubernetes keeps the ended Job."""
    chosen = job.settings.get("keepSeconds")
    if isinstance(chosen, int):
        return chosen
    given = spec.get("ttlSecondsAfterFinished")
    return max(given, SECONDS_PER_DAY) if isinstance(given, int) else USUAL_KEPT_SECONDS


def _kept(metadata: JsonObject, name: str) -> JsonObject:
    return _without(_without(object_in(metadata, name), _OF_SERVER), _OF_DEPLOYMENT)


def _without(entries: Mapping[str, JsonValue], dropped: re.Pattern[str]) -> JsonObject:
    return {name: value for name, value in entries.items() if dropped.fullmatch(name) is None}
