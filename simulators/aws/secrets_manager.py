"""Simulates AWS Secrets Manager, which returns stored secrets."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from simulators.aws.services import STATE, AwsCall, AwsService
from simulators.aws.state import ACCOUNT
from simulators.serving import Refusal

_SECRETS = "secrets"
_SUFFIX = "AbCdEf"
"""The random characters that AWS appends to the name in the ARN of a secret."""


def _arn(region: str, name: str) -> str:
    return f"arn:aws:secretsmanager:{region}:{ACCOUNT}:secret:{name}-{_SUFFIX}"


def _get(call: AwsCall) -> dict[str, Any]:
    given = call.text("SecretId")
    known = call.state.known(_SECRETS)
    name = next((each for each in known if given in {each, _arn(call.region, each)}), None)
    if name is None:
        message = "Secrets Manager can't find the specified secret."
        raise Refusal(400, "ResourceNotFoundException", message)
    if "refusal" in known[name]:
        raise Refusal(400, known[name]["refusal"], "The secret cannot be read.")
    return {
        "ARN": _arn(call.region, name),
        "Name": name,
        "VersionId": "00000000-0000-0000-0000-000000000001",
        "VersionStages": ["AWSCURRENT"],
        "CreatedDate": 0,
        **known[name],
    }


def _list(call: AwsCall) -> dict[str, Any]:
    names = sorted(call.state.known(_SECRETS))
    size = call.body.get("MaxResults") or 100
    found, following = call.state.page(names, call.body.get("NextToken"), size)
    listed = [{"Name": name, "ARN": _arn(call.region, name)} for name in found]
    return {"SecretList": listed, **({"NextToken": following} if following else {})}


async def _put(request: web.Request) -> web.Response:
    request.app[STATE].known(_SECRETS)[request.match_info["name"]] = await request.json()
    return web.json_response({})


SERVICE = AwsService(
    signing_name="secretsmanager",
    target="secretsmanager",
    operations={"GetSecretValue": _get, "ListSecrets": _list},
    control=(web.put("/simulator/secrets/{name:.+}", _put),),
)
