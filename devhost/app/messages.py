"""Stand-ins for the message classes that the Functions host and its Python worker exchange.

The worker library takes them from its caller and uses them as the generated protocol classes:
by keyword arguments, attributes and `WhichOneof`. Names follow `FunctionRpc.proto` of
https://github.com/Azure/azure-functions-language-worker-protobuf.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any


class TypedData:
    """One value on its way into or out of a function: its kind and the value."""

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
        """Return where the value is: always in the message, never in shared memory."""
        return "data"


class BindingInfo(SimpleNamespace):
    """Type and direction of a binding."""

    inout = 2
    out = 1
    undefined = 0


# `in` is a word of the language, yet the worker library asks for it by that name.
setattr(BindingInfo, "in", 0)


class StatusResult(SimpleNamespace):
    """How a request to the worker went."""

    Failure = 0
    Success = 1
    status: int
    exception: RpcException | None = None


@dataclass(slots=True)
class RpcException:
    """What a function raised: `Type: message` and the traceback."""

    message: str
    stack_trace: str = ""


@dataclass(slots=True)
class InvocationResponse:
    """What came of one invocation."""

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
    """A cookie of an HTTP response; values that may be absent are wrapped."""

    SameSite = SimpleNamespace(Lax="Lax", Strict="Strict", ExplicitNone="None", **{"None": None})


@dataclass(frozen=True, slots=True)
class TraceContext:
    """The caller's trace; a local host has none."""

    trace_parent: str = ""
    trace_state: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RetryContext:
    """Which try of an invocation this is; the local host makes one."""

    retry_count: int = 0
    max_retry_count: int = 0
    exception: None = None


@dataclass(slots=True)
class InvocationRequest:
    """Everything the worker needs to call one function once."""

    invocation_id: str
    function_id: str
    input_data: Sequence[ParameterBinding]
    trigger_metadata: Mapping[str, TypedData] | None = None
    trace_context: TraceContext = TraceContext()
    retry_context: RetryContext = RetryContext()


class _Record(SimpleNamespace):
    """A message that nobody looks into more closely."""


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
"""What the worker library gets for the protocol's module."""


def request(name: str, content: object) -> SimpleNamespace:
    """Return a streamed message around the content, as the worker library expects it."""
    return SimpleNamespace(
        request=SimpleNamespace(**{name: content}),
        properties={"host": "127.0.0.1", "protos": PROTOS},
    )
