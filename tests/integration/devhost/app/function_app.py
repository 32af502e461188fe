"""A small app that uses every trigger the local host serves."""

from __future__ import annotations

import asyncio
import gzip
import logging
import os
from collections.abc import AsyncIterator, Generator
from datetime import timedelta
from typing import Any

import azure.durable_functions as df
import azure.functions as func
from azure.data.tables import TableClient, TableServiceClient
from azurefunctions.extensions.http.fastapi import (
    JSONResponse,
    Request,
    Response,
    StreamingResponse,
)
from durabletask.entities import DurableEntity, EntityInstanceId
from durabletask.task import OrchestrationContext

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)
log = logging.getLogger("app")

ticks: list[bool] = []
seen: list[dict[str, Any]] = []
disconnected: list[str] = []


@app.route(route="hello/{name}", methods=["GET"])
async def hello(req: Request) -> Response:
    return JSONResponse({"hello": req.path_params["name"], "query": dict(req.query_params)})


@app.route(route="echo", methods=["POST"])
async def echo(req: Request) -> Response:
    body = await req.body()
    return Response(body, media_type=req.headers.get("content-type"), headers={"x-echo": "yes"})


@app.route(route="broken", methods=["GET"])
async def broken(req: Request) -> Response:
    raise ValueError("on purpose")


@app.route(route="events", methods=["GET"])
async def events(req: Request) -> StreamingResponse:
    async def numbers() -> AsyncIterator[str]:
        try:
            for number in range(int(req.query_params.get("count", 3))):
                yield f"data: {number}\n\n"
                await asyncio.sleep(0.2)
        except asyncio.CancelledError:
            disconnected.append("events")
            raise

    return StreamingResponse(numbers(), media_type="text/event-stream")


@app.route(route="answers/{kind}", methods=["GET", "HEAD"])
async def answers(req: Request) -> Response:
    match req.path_params["kind"]:
        case "nothing":
            return Response(status_code=204)
        case "elsewhere":
            return Response(status_code=302, headers={"location": "/api/hello/you"})
        case "cookies":
            answer = Response("ok")
            answer.set_cookie("a", "1")
            answer.set_cookie("b", "2")
            return answer
        case "squeezed":
            body = gzip.compress(b"squeezed" * 100)
            return Response(body, headers={"content-encoding": "gzip"})
        case _:
            return Response(b"x" * 100_000)


@app.route(route="torn", methods=["GET"])
async def torn(req: Request) -> StreamingResponse:
    async def pieces() -> AsyncIterator[str]:
        yield "one"
        await asyncio.sleep(0.05)
        raise RuntimeError("half-way")

    return StreamingResponse(pieces())


@app.route(route="state", methods=["GET"])
async def state(req: Request) -> Response:
    return JSONResponse({"ticks": ticks, "seen": seen, "disconnected": disconnected})


@app.route(route="files/{*path}", methods=["GET"])
async def files(req: Request) -> Response:
    return JSONResponse({"path": req.path_params.get("path"), "url": str(req.url)})


def kept_rows() -> TableClient:
    service = TableServiceClient.from_connection_string(os.environ["POLYSYNC_STORAGE"])
    return service.create_table_if_not_exists("kept")


@app.route(route="table", methods=["POST"])
def store(req: Request) -> Response:
    table = kept_rows()
    table.upsert_entity({"PartitionKey": "p", "RowKey": req.query_params["row"]})
    return JSONResponse({})


@app.route(route="table", methods=["GET"])
def rows(req: Request) -> Response:
    return JSONResponse([row["RowKey"] for row in kept_rows().list_entities()])


@app.timer_trigger(schedule="%TICK%", arg_name="tick", run_on_startup=True)
async def every_second(tick: func.TimerRequest) -> None:
    log.info("A tick.", extra={"action": "tick", "past_due": tick.past_due})
    ticks.append(tick.past_due)


@app.queue_trigger(arg_name="message", queue_name="%QUEUE%", connection="AzureWebJobsStorage")
def on_message(message: func.QueueMessage) -> None:
    text = message.get_body().decode()
    seen.append({"text": text, "count": message.dequeue_count})
    if "fail" in text:
        raise RuntimeError("refused on purpose")


@app.event_hub_message_trigger(arg_name="event", event_hub_name="none", connection="None")
def never(event: func.EventHubEvent) -> None:
    """A trigger that the local host does not know."""


# Durable


@app.route(route="start/{name}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def start(req: Request, client: df.DurableFunctionsClient) -> Response:
    instance_id = await client.schedule_new_orchestration(
        req.path_params["name"],
        input=await req.json(),
        instance_id=req.query_params.get("id"),
    )
    return JSONResponse({"id": instance_id})


@app.route(route="wait/{id}", methods=["GET"])
@app.durable_client_input(client_name="client")
async def wait(req: Request, client: df.DurableFunctionsClient) -> Response:
    found = await client.wait_for_orchestration_completion(req.path_params["id"], timeout=60)
    if found is None:
        return JSONResponse({"status": None})
    status, output = found.runtime_status.name, found.serialized_output
    return JSONResponse({"status": status, "output": output})


@app.route(route="raise/{id}/{event}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def raise_event(req: Request, client: df.DurableFunctionsClient) -> Response:
    await client.raise_orchestration_event(
        req.path_params["id"], req.path_params["event"], data=await req.json()
    )
    return JSONResponse({})


@app.activity_trigger(input_name="number")
def double(number: int) -> int:
    return number * 2


@app.activity_trigger(input_name="text")
def refuse(text: str) -> str:
    raise ValueError(f"refused {text}")


Steps = Generator[Any, Any, Any]


@app.orchestration_trigger(context_name="context")
def everything(context: OrchestrationContext, number: int) -> Steps:
    doubled = yield context.call_activity("double", input=number)
    yield context.create_timer(timedelta(milliseconds=200))
    answer = yield context.wait_for_external_event("answer")
    context.signal_entity(EntityInstanceId("counter", "one"), "start", input=doubled)
    child = yield context.call_sub_orchestrator("child", input=doubled)
    return [doubled, answer, child]


@app.orchestration_trigger(context_name="context")
def child(context: OrchestrationContext, number: int) -> Steps:
    doubled = yield context.call_activity("double", input=number)
    return doubled


@app.orchestration_trigger(context_name="context")
def failing(context: OrchestrationContext, text: str) -> Steps:
    yield context.call_activity("refuse", input=text)


@app.orchestration_trigger(context_name="context")
def lost(context: OrchestrationContext, _: Any) -> Steps:
    yield context.call_activity("there_is_no_such_activity")


@app.orchestration_trigger(context_name="context")
def work(context: OrchestrationContext, _: Any) -> Steps:
    """Six episodes and three activities, as one run has."""
    for number in range(3):
        yield context.call_activity("double", input=number)
    for _ in range(2):
        yield context.create_timer(timedelta(milliseconds=20))
    return "done"


class Counter(DurableEntity):
    """Add numbers, and start an orchestration on request."""

    def add(self, number: int) -> int:
        self.set_state(self.get_state(int, 0) + number)
        return self.get_state(int, 0)

    def start(self, number: int) -> None:
        self.entity_context.schedule_new_orchestration(
            "child", input=self.add(number), instance_id="from-the-entity"
        )


app.entity_trigger(context_name="context", entity_name="counter")(Counter)
