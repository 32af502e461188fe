"""An app without the streaming extension: requests are converted by the host."""

from __future__ import annotations

import json

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.route(route="plain/{id:int}", methods=["POST"])
def plain(req: func.HttpRequest) -> func.HttpResponse:
    answer = {
        "id": req.route_params["id"],
        "x": req.params["x"],
        "body": req.get_body().decode(),
    }
    headers = {"x-plain": "yes", "set-cookie": "seen=yes; Path=/"}
    return func.HttpResponse(json.dumps(answer), status_code=201, headers=headers)


@app.route(route="broken", methods=["GET"])
def broken(req: func.HttpRequest) -> func.HttpResponse:
    raise ValueError("on purpose")
