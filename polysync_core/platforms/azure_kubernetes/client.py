"""Calls the Kubernetes API for Jobs, CronJobs, pods and logs of one namespace.

The address and the credential of the API server come from Azure Resource Manager. They are read
again after ten minutes, and after a refused credential, so a rotation needs no restart.
https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/job-v1/
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime

from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.json_types import JsonObject, object_in
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.outbound.hosts import BaseAddress
from polysync_core.outbound.http_exchange import Answer
from polysync_core.outbound.sign_in.authenticators import Authenticator
from polysync_core.outbound.transport import CertificateUnusable
from polysync_core.outbound.urls import QueryValue
from polysync_core.platforms.azure.refusals import azure_credential_rules
from polysync_core.platforms.azure.sign_in import entra_authenticator, management_client
from polysync_core.platforms.azure_kubernetes.attributes import KubernetesAttributes
from polysync_core.platforms.azure_kubernetes.refusals import (
    CLUSTER,
    refused,
    refused_for_run,
    refused_for_source,
)
from polysync_core.platforms.azure_kubernetes.sign_in import (
    SERVER_SCOPE,
    ClusterAccess,
    ClusterSignIn,
    read_kubeconfigs,
)
from polysync_core.platforms.calls import Call, RefusalMapping, UnexpectedAnswer
from polysync_core.platforms.paging import Page, objects_in, paged
from polysync_core.platforms.platform_client import PlatformClient
from polysync_core.platforms.plugin import PluginContext

API_VERSION = "2024-05-01"
ACCESS_SECONDS = 600
"""The age at which the address, the authorities and the credential of a cluster are read again."""
PAGE_SIZE = 100
LOG_LINES = 40
LOG_LENGTH = 16 * 1024

_GONE = 410


class KubernetesClient:
    """Calls the API server of one cluster; safe for threads."""

    def __init__(
        self,
        platform: Platform,
        context: PluginContext,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.attributes = KubernetesAttributes.of(platform)
        self._platform = platform
        self._context = context
        self._clock = clock
        self._management = management_client(platform, self.attributes, context, refused=CLUSTER)
        self._lock = threading.Lock()
        self._access: tuple[float, ClusterAccess] | None = None
        self._server: tuple[ClusterAccess, PlatformClient] | None = None
        self._token: Authenticator | None = None

    def now(self) -> datetime:
        """Return the time."""
        return self._context.http.timer.now()

    def check_access(self) -> str:
        """Read the list of Jobs, which needs a permission; return a sentence for people."""
        server = self._client()
        server.get(
            *self._jobs(), query={"limit": 1}, read=lambda answer: objects_in(answer, "items")
        )
        attributes = self.attributes
        return (
            f"Reached the cluster {attributes.cluster_name} at {server.base.host}; the Jobs of the"
            f" namespace {attributes.namespace} are readable."
        )

    def source(self, kind: str, name: str) -> JsonObject:
        """Return a Job or CronJob to copy (`jobs`, `cronjobs`); raise `PlatformRefused`."""
        return self._client().get(
            *self._jobs(kind, name), read=_object_with_name, refused=refused_for_source
        )

    def job(self, name: str) -> JsonObject:
        """Return the Job of a run; raise `RunNotFound` if it is missing."""
        return self._client().get(
            *self._jobs("jobs", name), read=_object_with_name, refused=refused_for_run
        )

    def create(self, job: JsonObject) -> JsonObject:
        """Create a Job; a Job with its name makes Kubernetes answer 409."""
        call = Call(method="POST", segments=self._jobs(), body=job, repeatable=True)
        return self._client().execute(call, _object_with_name)

    def patch(self, name: str, change: JsonObject) -> None:
        """Apply a JSON merge patch to a Job."""
        call = Call(
            method="PATCH",
            segments=self._jobs("jobs", name),
            text=json.dumps(change),
            headers={"Content-Type": "application/merge-patch+json"},
            repeatable=True,
            refused=refused_for_run,
        )
        self._client().execute(call, lambda _: None)

    def listed(self, kind: str, *, selector: str | None = None) -> Iterator[JsonObject]:
        """Yield the Jobs or CronJobs of the namespace, ordered by name."""
        return self._pages(*self._jobs(kind), selector=selector)

    def pods(self, job: str) -> Iterator[JsonObject]:
        """Yield the pods of a Job."""
        # The label without a prefix exists in every version.
        return self._pages(*self._core("pods"), selector=f"job-name={job}", refused=refused_for_run)

    def log_tail(self, pod: str, container: str) -> str:
        """Return the last lines of a container's log; empty if the log cannot be read."""
        call = Call(
            method="GET",
            segments=(*self._core("pods"), pod, "log"),
            query={"container": container, "tailLines": LOG_LINES},
            accept_oversized=True,
            repeatable=True,
            # The log is text, and Kubernetes refuses a call that accepts JSON only.
            headers={"Accept": "application/json, */*"},
            accepts=lambda answer: answer.status in {400, 403, 404},
        )
        return self._client().exchange(call, _text)

    def _pages(
        self, *segments: str, selector: str | None, refused: RefusalMapping | None = None
    ) -> Iterator[JsonObject]:
        def fetch(token: str | None) -> Page[JsonObject]:
            query: dict[str, QueryValue] = {"limit": PAGE_SIZE}
            if selector is not None:
                query["labelSelector"] = selector
            if token is not None:
                query["continue"] = token
            call = Call(
                method="GET",
                segments=segments,
                query=query,
                repeatable=True,
                # An expired list continues with the token that the refusal itself has.
                accepts=lambda answer: answer.status == _GONE and token is not None,
                refused=refused,
            )
            return self._client().execute(call, _page)

        return paged(fetch)

    def _jobs(self, kind: str = "jobs", *name: str) -> tuple[str, ...]:
        return ("apis", "batch", "v1", "namespaces", self.attributes.namespace, kind, *name)

    def _core(self, kind: str) -> tuple[str, ...]:
        return ("api", "v1", "namespaces", self.attributes.namespace, kind)

    def _client(self) -> PlatformClient:
        """Return the client of the API server."""
        access = self._current()
        with self._lock:
            if self._server is not None and self._server[0] is access:
                return self._server[1]
        client = self._opened(access)
        with self._lock:
            self._server = (access, client)
        return client

    def _opened(self, access: ClusterAccess) -> PlatformClient:
        sign_in = ClusterSignIn(self._current, self._forget)
        http = replace(self._context.http, authorities=access.authorities)
        try:
            return PlatformClient(
                access.base,
                sign_in,
                refused=refused,
                credential=azure_credential_rules(self._platform.auth),
                http=http,
            )
        except CertificateUnusable:
            pass
        raise PlatformRefused(
            "the certificate authority in the kubeconfig of the cluster is not PEM",
            cause=FailureCause.SECRET,
        )

    def _current(self) -> ClusterAccess:
        with self._lock:
            known = self._access
        if known is not None and self._clock() - known[0] < ACCESS_SECONDS:
            return known[1]
        call = Call(
            method="POST",
            segments=(*self.attributes.path, "listClusterUserCredential"),
            query={"api-version": API_VERSION},
            repeatable=True,
            effect=False,
        )
        access = self._management.execute(
            call,
            lambda answer: read_kubeconfigs(answer, self.attributes.server_rule, self._entra),
        )
        with self._lock:
            self._access = (self._clock(), access)
        return access

    def _forget(self) -> None:
        with self._lock:
            self._access = None

    def _entra(self, base: BaseAddress) -> Authenticator:
        """Return the sign-in by Entra, whose token outlives the kubeconfig."""
        if self._token is None:
            cloud, secrets = self.attributes.cloud, self._context.secrets
            self._token = entra_authenticator(
                self._platform.auth, cloud, secrets, scope=SERVER_SCOPE, base=base
            )
        return self._token


def _object_with_name(answer: JsonObject) -> JsonObject:
    if not isinstance(object_in(answer, "metadata").get("name"), str):
        raise UnexpectedAnswer
    return answer


def _page(answer: JsonObject) -> Page[JsonObject]:
    following = object_in(answer, "metadata").get("continue")
    token = following if isinstance(following, str) and following else None
    if answer.get("kind") == "Status":
        if token is None:
            raise UnexpectedAnswer
        return Page((), token)
    return Page(objects_in(answer, "items"), token)


def _text(answer: Answer) -> str:
    return answer.content.decode(errors="replace")[-LOG_LENGTH:] if answer.status < 300 else ""
