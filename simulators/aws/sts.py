"""Simulates the AWS Security Token Service, which issues temporary access keys."""

from __future__ import annotations

import json
import re
from urllib.parse import parse_qsl

from aiohttp import web

from simulators.aws.services import STATE, AwsService
from simulators.aws.state import ACCOUNT, WEB_IDENTITY, Role
from simulators.serving import Refusal

_ROLE = re.compile(rf"arn:aws[a-z-]*:iam::{ACCOUNT}:role/(?:.+/)?(?P<name>[\w+=,.@-]{{1,64}})")
_SESSION = re.compile(r"[\w+=,.@-]{2,64}")
_XMLNS = "https://sts.amazonaws.com/doc/2011-06-15/"


def form_of(body: bytes) -> dict[str, str]:
    """Return the fields of a request."""
    return dict(parse_qsl(body.decode(), keep_blank_values=True))


def answer(request: web.Request, body: bytes) -> web.Response:
    """Answer an action."""
    form = form_of(body)
    match form.get("Action"):
        case "AssumeRole":
            return _assume_role(request, form)
        case "AssumeRoleWithWebIdentity":
            return _federate(request, form)
        case "GetCallerIdentity":
            return _xml("GetCallerIdentity", f"<Account>{ACCOUNT}</Account>")
        case _:
            raise Refusal(400, "InvalidAction", "The action is not valid.")


def error_xml(status: int, code: str, message: str) -> web.Response:
    """Return a refusal in XML."""
    text = (
        f'<ErrorResponse xmlns="{_XMLNS}"><Error><Type>Sender</Type><Code>{code}</Code>'
        f"<Message>{message}</Message></Error></ErrorResponse>"
    )
    return web.Response(status=status, text=text, content_type="text/xml")


def _assume_role(request: web.Request, form: dict[str, str]) -> web.Response:
    role = _role(request, form)
    if role.denied or (role.external_id or "") != form.get("ExternalId", role.external_id or ""):
        raise Refusal(403, "AccessDenied", "not authorized to perform: sts:AssumeRole")
    if role.external_id and "ExternalId" not in form:
        raise Refusal(403, "AccessDenied", "not authorized to perform: sts:AssumeRole")
    return _credentials("AssumeRole", request, form)


def _federate(request: web.Request, form: dict[str, str]) -> web.Response:
    if form.get("WebIdentityToken") != WEB_IDENTITY:
        raise Refusal(400, "InvalidIdentityToken", "No OpenIDConnect provider found")
    if _role(request, form).denied:
        raise Refusal(
            403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"
        )
    return _credentials("AssumeRoleWithWebIdentity", request, form)


def _role(request: web.Request, form: dict[str, str]) -> Role:
    found = _ROLE.fullmatch(form.get("RoleArn", ""))
    if _SESSION.fullmatch(form.get("RoleSessionName", "")) is None:
        raise Refusal(400, "ValidationError", "RoleSessionName is not valid")
    if found is None:
        raise Refusal(403, "AccessDenied", "not authorized to perform: sts:AssumeRole")
    return request.app[STATE].roles.get(found["name"], Role())


def _credentials(action: str, request: web.Request, form: dict[str, str]) -> web.Response:
    state = request.app[STATE]
    key_id, key, expires = state.temporary_key()
    state.record(operation=action, role=form["RoleArn"], session=form["RoleSessionName"])
    return _xml(
        action,
        f"<Credentials><AccessKeyId>{key_id}</AccessKeyId><SecretAccessKey>{key.secret}"
        f"</SecretAccessKey><SessionToken>{key.token}</SessionToken>"
        f"<Expiration>{expires:%Y-%m-%dT%H:%M:%SZ}</Expiration></Credentials>"
        f"<AssumedRoleUser><Arn>{form['RoleArn']}</Arn>"
        f"<AssumedRoleId>AROA:{form['RoleSessionName']}</AssumedRoleId></AssumedRoleUser>",
    )


def _xml(action: str, result: str) -> web.Response:
    text = (
        f'<{action}Response xmlns="{_XMLNS}"><{action}Result>{result}</{action}Result>'
        f"<ResponseMetadata><RequestId>0</RequestId></ResponseMetadata></{action}Response>"
    )
    return web.Response(text=text, content_type="text/xml")


async def _put_role(request: web.Request) -> web.Response:
    body = json.loads(await request.read())
    role = Role(external_id=body.get("externalId"), denied=bool(body.get("denied")))
    request.app[STATE].roles[request.match_info["name"]] = role
    return web.json_response(body)


SERVICE = AwsService(signing_name="sts", control=(web.put("/simulator/roles/{name}", _put_role),))
