"""Simulates the batch API of Kubernetes, and the credentials of a cluster.

The command of the first container of a Job names its program (`programs.py`). The state of a Job is
computed from the elapsed time.
"""

from __future__ import annotations

import base64
import json
import re
import uuid
from collections.abc import Callable
from typing import Any

from aiohttp import web

from polysync_core.domain.json_types import merge_patch
from simulators.azure_compute.programs import Outcome, Pace, ends, now, objects, outcome
from simulators.azure_compute.programs import whole_seconds as at
from simulators.serving import Refusal, api_middleware

NAMESPACE = "batch"
CLUSTER = "analytics"
_BATCH = "/apis/batch/v1/namespaces/{namespace}"
_ARM = (
    "/subscriptions/{subscription}/resourceGroups/{group}/providers"
    "/Microsoft.ContainerService/managedClusters/{cluster}"
)
_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?")
_VARIABLE = re.compile(r"[-._a-zA-Z][-._a-zA-Z0-9]*")
_OF_SERVER = re.compile(r"(batch\.kubernetes\.io/)?(controller-uid|job-name)")
_IMMUTABLE = ("selector", "template", "completions", "completionMode")
_PATCHES = frozenset({"application/merge-patch+json", "application/strategic-merge-patch+json"})
_REASONS = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    409: "AlreadyExists",
    410: "Expired",
    415: "UnsupportedMediaType",
    422: "Invalid",
    429: "TooManyRequests",
}


def status_json(status: int, message: str, **details: Any) -> dict[str, Any]:
    """Return the body of a refusal."""
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": message,
        "reason": _REASONS.get(status, "InternalError"),
        "details": details,
        "code": status,
    }


def _answer_refusal(_: web.Request, refusal: Refusal) -> web.Response:
    kind = {"kind": refusal.code} if refusal.status == 404 else {}
    return web.json_response(
        status_json(refusal.status, refusal.message, **kind), status=refusal.status
    )


def _check(request: web.Request) -> None:
    if not request.headers.get("Authorization", "").startswith("Bearer "):
        raise Refusal(401, "Unauthorized")
    if request.match_info.get("namespace", NAMESPACE) != NAMESPACE and request.method == "POST":
        raise Refusal(404, "namespaces", "namespaces not found")


MIDDLEWARE = api_middleware(
    check=_check,
    endpoint=lambda request: "k8s/" + request.path.partition("/namespaces/")[2].partition("/")[2],
    answer_refusal=_answer_refusal,
    error_body=status_json,
    is_api=lambda path: path.startswith(("/api/v1/", "/apis/")),
)


class Cluster:
    """The objects of the namespace."""

    def __init__(self, pace: Pace) -> None:
        self.pace = pace
        self.objects: dict[str, dict[str, dict[str, Any]]] = {"jobs": {}, "cronjobs": {}}
        self.created: dict[str, float] = {}
        self.patched: dict[str, float] = {}

    def create(self, kind: str, given: dict[str, Any]) -> dict[str, Any]:
        """Store an object as the API server does; raise its refusal."""
        name = given.get("metadata", {}).get("name", "")
        _check_new(kind, given)
        if name in self.objects[kind]:
            raise Refusal(409, "AlreadyExists", f'{kind}.batch "{name}" already exists')
        uid, moment = str(uuid.uuid4()), now()
        metadata = {**given["metadata"], "uid": uid, "resourceVersion": "1"}
        metadata |= {"namespace": NAMESPACE, "creationTimestamp": at(moment), "managedFields": []}
        stored = {**given, "metadata": metadata}
        if kind == "jobs":
            stored["spec"] = _completed(given["spec"], name, uid)
            self.created[name] = moment
        self.objects[kind][name] = stored
        return self.shown(kind, name)

    def patch(self, name: str, change: dict[str, Any]) -> dict[str, Any]:
        """Apply a merge patch to a Job; raise for a field that cannot change."""
        old = self.found("jobs", name)
        new: Any = merge_patch(old, change)
        for field in _IMMUTABLE:
            if new["spec"].get(field) != old["spec"].get(field):
                raise Refusal(422, "Invalid", f"spec.{field}: field is immutable")
        self.objects["jobs"][name] = new
        self.patched[name] = now()
        return self.shown("jobs", name)

    def found(self, kind: str, name: str) -> dict[str, Any]:
        """Return a stored object; raise the refusal for a missing one."""
        if name not in self.objects[kind]:
            raise Refusal(404, kind, f'{kind}.batch "{name}" not found')
        return self.objects[kind][name]

    def shown(self, kind: str, name: str) -> dict[str, Any]:
        """Return an object with its status."""
        stored = self.found(kind, name)
        names = {"jobs": "Job", "cronjobs": "CronJob"}
        shown = {"apiVersion": "batch/v1", "kind": names[kind], **stored}
        return {**shown, "status": self._status(name, stored["spec"])} if kind == "jobs" else shown

    def _status(self, name: str, spec: dict[str, Any]) -> dict[str, Any]:
        begun, ended = self.created[name], self.ended(name)
        if spec.get("suspend"):
            return {"conditions": [_condition("Suspended", begun, "JobSuspended")]}
        status: dict[str, Any] = {"startTime": at(begun), "ready": 0, "terminating": 0}
        if now() < begun + self.pace.start:
            return {**status, "active": 1}
        if ended is None:
            return {**status, "active": 1, "ready": 1}
        if self.is_stopped(name):
            reason = "DeadlineExceeded"
            text = "Job was active longer than specified deadline"
            return {**status, "conditions": [_condition("Failed", ended, reason, text)]}
        if self.result(name).code == 0:
            done = [_condition("SuccessCriteriaMet", ended), _condition("Complete", ended)]
            return {**status, "succeeded": 1, "completionTime": at(ended), "conditions": done}
        text = "Job has reached the specified backoff limit"
        reason = "BackoffLimitExceeded"
        failed = [_condition(each, ended, reason, text) for each in ("FailureTarget", "Failed")]
        return {**status, "failed": 1, "conditions": failed}

    def is_stopped(self, name: str) -> bool:
        """Return whether the deadline ends a Job before its program does."""
        patched = self.patched.get(name)
        deadline = self.objects["jobs"][name]["spec"].get("activeDeadlineSeconds")
        if patched is None or deadline is None:
            return False
        return not ends(self.program(name)) or patched < self._own_end(name)

    def ended(self, name: str) -> float | None:
        """Return the time at which a Job ended; None if it is active."""
        if self.is_stopped(name):
            end = self.patched[name] + self.pace.start
        elif ends(self.program(name)):
            end = self._own_end(name)
        else:
            return None
        return end if end <= now() else None

    def _own_end(self, name: str) -> float:
        return self.created[name] + self.pace.start + self.pace.run

    def program(self, name: str) -> str:
        """Return the program of a Job."""
        return str((self._container(name).get("command") or ["succeed"])[0])

    def result(self, name: str) -> Outcome:
        """Return the end of a Job's program."""
        entries = objects(self._container(name).get("env"))
        values = {each["name"]: str(each.get("value")) for each in entries}
        return outcome(self.program(name), {key: _expanded(x) for key, x in values.items()})

    def _container(self, name: str) -> dict[str, Any]:
        return self.objects["jobs"][name]["spec"]["template"]["spec"]["containers"][0]

    def pods(self, name: str) -> list[dict[str, Any]]:
        """Return the pod of a Job; a stopped Job has none."""
        if name not in self.objects["jobs"] or self.is_stopped(name):
            return []
        ended, container = self.ended(name), self._container(name)
        state: dict[str, Any] = {"running": {"startedAt": at(self.created[name])}}
        phase = "Running"
        if ended is not None:
            result = self.result(name)
            state = {"terminated": {"exitCode": result.code, "finishedAt": at(ended)}}
            state["terminated"]["reason"] = "Completed" if result.code == 0 else "Error"
            if result.code == 0:
                state["terminated"]["message"] = result.message
            phase = "Succeeded" if result.code == 0 else "Failed"
        image = container["image"]
        shown = {"name": container["name"], "state": state, "ready": False, "restartCount": 0}
        shown |= {"image": image, "imageID": image, "lastState": {}}
        metadata = {"name": f"{name}-x1", "namespace": NAMESPACE, "labels": {"job-name": name}}
        metadata["creationTimestamp"] = at(self.created[name])
        spec = self.objects["jobs"][name]["spec"]["template"]["spec"]
        status = {"phase": phase, "containerStatuses": [shown]}
        return [{"metadata": metadata, "spec": spec, "status": status}]


_CLUSTER = web.AppKey("cluster", Cluster)
_SIZE = web.AppKey("kubernetes_page_size", int)


def add_service(app: web.Application, pace: Pace, page_size: int) -> None:
    """Add the routes and the state of the cluster to an application."""
    app[_CLUSTER], app[_SIZE] = Cluster(pace), page_size
    pods = "/api/v1/namespaces/{namespace}/pods"
    app.add_routes(
        [
            web.get(_ARM, _get_cluster),
            web.post(f"{_ARM}/listClusterUserCredential", _credentials),
            web.get(f"{_BATCH}/{{kind:jobs|cronjobs}}", _list),
            web.post(f"{_BATCH}/{{kind:jobs|cronjobs}}", _create),
            web.get(f"{_BATCH}/{{kind:jobs|cronjobs}}/{{name}}", _get),
            web.patch(f"{_BATCH}/jobs/{{name}}", _patch),
            web.delete(f"{_BATCH}/jobs/{{name}}", _delete),
            web.get(pods, _pods),
            web.get(f"{pods}/{{pod}}/log", _log),
            web.get("/simulator/kubernetes/jobs", _all),
        ]
    )


def _cluster(request: web.Request) -> Cluster:
    if request.match_info.get("cluster", CLUSTER) != CLUSTER:
        raise Refusal(404, "ResourceNotFound", "The cluster was not found.")
    return request.app[_CLUSTER]


async def _get_cluster(request: web.Request) -> web.Response:
    _cluster(request)
    state = {"provisioningState": "Succeeded", "powerState": {"code": "Running"}}
    return web.json_response({"id": request.path, "name": CLUSTER, "properties": state})


async def _credentials(request: web.Request) -> web.Response:
    _cluster(request)
    server = f"{request.scheme}://{request.host}"
    arguments = ["get-token", "--server-id", "6dae42f8-4368-4678-94ff-3960e28e3630"]
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": CLUSTER,
        "clusters": [{"name": CLUSTER, "cluster": {"server": server}}],
        "contexts": [{"name": CLUSTER, "context": {"cluster": CLUSTER, "user": "u"}}],
        "users": [{"name": "u", "user": {"exec": {"command": "kubelogin", "args": arguments}}}],
    }
    value = base64.b64encode(json.dumps(config).encode()).decode()
    return web.json_response({"kubeconfigs": [{"name": "clusterUser", "value": value}]})


async def _list(request: web.Request) -> web.Response:
    cluster, kind = request.app[_CLUSTER], request.match_info["kind"]
    wanted = _selector(request.query.get("labelSelector", ""))
    names = sorted(cluster.objects[kind])
    found = [
        cluster.shown(kind, name)
        for name in names
        if wanted(cluster.objects[kind][name]["metadata"].get("labels") or {})
    ]
    return _page(request, found)


def _page(request: web.Request, found: list[dict[str, Any]]) -> web.Response:
    token = request.query.get("continue", "0")
    if not token.isdecimal():
        raise Refusal(410, "Expired", "The provided continue parameter is too old.")
    first = int(token)
    size = min(int(request.query.get("limit", "500")), request.app[_SIZE])
    metadata: dict[str, Any] = {"resourceVersion": "9"}
    if first + size < len(found):
        metadata["continue"] = str(first + size)
    items = found[first : first + size]
    return web.json_response({"kind": "List", "metadata": metadata, "items": items})


def _selector(text: str) -> Callable[[dict[str, str]], bool]:
    pairs = [part.partition("=")[::2] for part in text.split(",") if part]
    return lambda labels: all(labels.get(name) == value for name, value in pairs)


async def _create(request: web.Request) -> web.Response:
    if request.content_type != "application/json":
        raise Refusal(415, "UnsupportedMediaType")
    created = request.app[_CLUSTER].create(request.match_info["kind"], await request.json())
    return web.json_response(created, status=201)


async def _get(request: web.Request) -> web.Response:
    kind, name = request.match_info["kind"], request.match_info["name"]
    return web.json_response(request.app[_CLUSTER].shown(kind, name))


async def _patch(request: web.Request) -> web.Response:
    # The two forms of a patch differ in lists only, which this simulator does not merge.
    if request.content_type not in _PATCHES:
        raise Refusal(415, "UnsupportedMediaType")
    name = request.match_info["name"]
    return web.json_response(request.app[_CLUSTER].patch(name, await request.json()))


async def _delete(request: web.Request) -> web.Response:
    cluster, name = request.app[_CLUSTER], request.match_info["name"]
    shown = cluster.shown("jobs", name)
    del cluster.objects["jobs"][name]
    return web.json_response(shown)


async def _pods(request: web.Request) -> web.Response:
    cluster = request.app[_CLUSTER]
    name = request.query.get("labelSelector", "").partition("=")[2]
    return _page(request, cluster.pods(name))


async def _log(request: web.Request) -> web.Response:
    if request.headers.get("Accept") == "application/json":
        raise Refusal(406, "NotAcceptable")
    name = request.match_info["pod"].removesuffix("-x1")
    return web.Response(text=f"reading sales\n{request.app[_CLUSTER].result(name).message}\n")


async def _all(request: web.Request) -> web.Response:
    """Answer the copies with the names of their runs."""
    jobs = request.app[_CLUSTER].objects["jobs"]
    runs = {name: each["metadata"].get("annotations") or {} for name, each in jobs.items()}
    return web.json_response(
        {"jobs": [{"name": name, "run": each.get("polysync/run")} for name, each in runs.items()]}
    )


def _condition(kind: str, moment: float, reason: str = "", message: str = "") -> dict[str, Any]:
    times = {"lastTransitionTime": at(moment), "lastProbeTime": at(moment)}
    return {"type": kind, "status": "True", "reason": reason, "message": message, **times}


def _check_new(kind: str, given: dict[str, Any]) -> None:
    metadata, spec = given.get("metadata") or {}, given.get("spec") or {}
    if metadata.get("resourceVersion"):
        raise Refusal(
            400, "BadRequest", "resourceVersion should not be set on objects to be created"
        )
    if _NAME.fullmatch(str(metadata.get("name"))) is None:
        raise Refusal(422, "Invalid", "metadata.name: must be a lowercase RFC 1123 label")
    if kind == "cronjobs":
        spec = spec["jobTemplate"]["spec"]
    template = spec.get("template") or {}
    if spec.get("selector") and not spec.get("manualSelector"):
        raise Refusal(422, "Invalid", "spec.selector: `selector` not auto-generated")
    if any(map(_OF_SERVER.fullmatch, template.get("metadata", {}).get("labels") or {})):
        raise Refusal(422, "Invalid", "spec.template.metadata.labels: must be set by the server")
    pod = template.get("spec") or {}
    if pod.get("restartPolicy") not in {"Never", "OnFailure"}:
        raise Refusal(422, "Invalid", "spec.template.spec.restartPolicy: Required value")
    for entry in objects((pod.get("containers") or [{}])[0].get("env")):
        name, value = entry.get("name"), entry.get("value")
        if _VARIABLE.fullmatch(str(name)) is None or not isinstance(value, str | None):
            raise Refusal(422, "Invalid", f"env: Invalid value: {name!r}")


def _completed(spec: dict[str, Any], name: str, uid: str) -> dict[str, Any]:
    """Return the specification of a Job with the fields that the server sets."""
    template = spec["template"]
    labels = dict((template.get("metadata") or {}).get("labels") or {})
    own = {"controller-uid": uid, "job-name": name}
    labels |= {**own, **{f"batch.kubernetes.io/{each}": value for each, value in own.items()}}
    return {
        "backoffLimit": 6,
        "completions": 1,
        "parallelism": 1,
        **spec,
        "selector": {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}},
        "template": {**template, "metadata": {"labels": labels}},
    }


def _expanded(value: str) -> str:
    return value.replace("$$", "$")
