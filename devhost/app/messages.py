"""Replaces the generated protobuf classes of the Python worker library with plain classes.

The worker library gets the classes from its caller and uses them like the generated classes:
with keyword arguments, attributes and `WhichOneof`. Names follow `FunctionRpc.proto` of
https://github.com/Azure/azure-functions-language-worker-protobuf.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any


class TypedData:
    """One value that a function receives or returns, with its kind."""

    __slots__ = ("kind", "value")

    def __init__(self, **kinds: Any) -> None:
        self.kind: str | None = next(iter(kinds), None)
        self.value: Any = next(iter(kinds.values()), None)

    def WhichOneof(self, _group: str) -> str | None:
        """Return the kind that is set."""
        return self.kind

    @property
    def text(self) -> str:
        """Return a string or JSON value."""
        return str(self.value)

    def __getattr__(self, name: str) -> Any:
        if name == self.kind:
            return self.value
        raise AttributeError(name)


@dataclass(slots=True)
class ParameterBinding:
    """A named argument of a function."""

    name: str
    data: TypedData

    def WhichOneof(self, _group: str) -> str:
        """Return the location of the value: always the message, never shared memory."""
        return "data"


class BindingInfo(SimpleNamespace):
    """Type and direction of a binding."""

    inout = 2
    out = 1
    undefined = 0


# `in` is a keyword of Python, but the worker library reads an attribute with this name.
setattr(BindingInfo, "in", 0)


class StatusResult(SimpleNamespace):
    """The result of a request to the worker."""

    Failure = 0
    Success = 1
    status: int
    exception: RpcException | None = None


@dataclass(slots=True)
class RpcException:
    """The exception of a function: `Type: message` and the traceback."""

    message: str
    stack_trace: str = ""


@dataclass(slots=True)
class InvocationResponse:
    """The result of one invocation."""

    invocation_id: str
    result: StatusResult
    return_value: TypedData | None = None
    output_data: Sequence[ParameterBinding] = ()


@dataclass(slots=True)
class RpcHttp:
    """An HTTP request (method, url, …) or response (status, cookies, …)."""

    method: str = "GET"
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: TypedData | None = field(default_factory=TypedData)
    status_code: str = "200"
    cookies: Sequence[Any] | None = None
    enable_content_negotiation: bool = False


class RpcHttpCookie(SimpleNamespace):
    """A cookie of an HTTP response; optional values are wrapped."""

    SameSite = SimpleNamespace(Lax="Lax", Strict="Strict", ExplicitNone="None", **{"None": None})


@dataclass(frozen=True, slots=True)
class TraceContext:
    """The trace of the caller, which is empty on a local host."""

    trace_parent: str = ""
    trace_state: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RetryContext:
    """The number of retries of an invocation, which is 0 on the local host."""

    retry_count: int = 0
    max_retry_count: int = 0
    exception: None = None


@dataclass(slots=True)
class InvocationRequest:
    """A request to the worker to call one function once."""

    invocation_id: str
    function_id: str
    input_data: Sequence[ParameterBinding]
    trigger_metadata: Mapping[str, TypedData] | None = None
    trace_context: TraceContext = TraceContext()
    retry_context: RetryContext = RetryContext()


class _Record(SimpleNamespace):
    """A message whose fields the host does not read."""


PROTOS = SimpleNamespace(
    BindingInfo=BindingInfo,
    FunctionMetadataResponse=_Record,
    InvocationResponse=InvocationResponse,
    NullableBool=_Record,
    NullableDouble=_Record,
    NullableString=_Record,
    NullableTimestamp=_Record,
    ParameterBinding=ParameterBinding,
    RpcException=RpcException,
    RpcFunctionMetadata=_Record,
    RpcHttp=RpcHttp,
    RpcHttpCookie=RpcHttpCookie,
    RpcRetryOptions=_Record,
    StatusResult=StatusResult,
    TypedData=TypedData,
    WorkerInitResponse=_Record,
    WorkerMetadata=_Record,
)
"""The replacement for the protocol module that the worker library receives."""


def request(name: str, content: object) -> SimpleNamespace:
    """Return the content in a streamed message, as the worker library expects it."""
    return SimpleNamespace(
        request=SimpleNamespace(**{name: content}),
        properties={"host": "127.0.0.1", "protos": PROTOS},
    )
