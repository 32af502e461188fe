"""Builds the common HTML frame of all console pages: navigation, heading and notices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from types import MappingProxyType

import htpy as h
from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse
from htpy import Element, Node

from polysync_core.api.security.access_policy import lacks
from polysync_core.api.security.callers import CALLER_KEY, Caller
from polysync_core.console.deployment import Deployment
from polysync_core.console.icons import icon, logo
from polysync_core.console.navigation import GROUPS, Group
from polysync_core.console.parts.notices import notice
from polysync_core.console.paths import page_path
from polysync_core.console.shared_texts import KEYS, NOTICES
from polysync_core.console.static_files import asset, inline
from polysync_core.domain.security.roles import Role

PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    # Forms need it: a browser without Sec-Fetch-Site says by `Origin` where a request comes from.
    "Referrer-Policy": "same-origin",
    "Vary": "HX-Request, Cookie",
}
_HTMX = '{"includeIndicatorCSS": false, "allowEval": false, "defaultTimeout": 15000}'

FRAME_IDS = frozenset(
    {"announcements", "jump", "jump-query", "jump-results", "keys", "keys-title", "main"}
)
"""The ids of the frame, which the content of a page must not have."""

type Crumb = tuple[str, str]
"""The label and the address of a page above."""


def caller_of(request: Request) -> Caller | None:
    """Return the person who is signed in; None on pages that need no sign-in."""
    return request.scope.get(CALLER_KEY)


def has_role(request: Request, role: Role) -> bool:
    """Return whether the person may do what the role allows."""
    caller = caller_of(request)
    return caller is not None and caller.has(role)


def require_role(request: Request, role: Role) -> None:
    """Raise `Forbidden` if the person may not do what the role allows."""
    if not has_role(request, role):
        raise lacks(role)


def page(  # noqa: PLR0913
    request: Request,
    title: str,
    *content: Node,
    section: str = "",
    crumbs: Sequence[Crumb] = (),
    beside: Node = None,
    actions: Node = None,
    scripts: Sequence[str] = (),
    notices: Mapping[str, Node] = MappingProxyType({}),
    status: int = HTTPStatus.OK,
) -> HTMLResponse:
    """Return a page of the console.

    Args:
        request: the request that the page answers.
        title: the heading and the title in the browser.
        content: the content of the page.
        section: the id of the current section of the navigation.
        crumbs: the pages above this one.
        beside: an element beside the heading, such as a status.
        actions: buttons at the end of the heading.
        scripts: further scripts, by the names of their files.
        notices: the words for the codes in `?notice=` that this page knows.
        status: the HTTP status.
    """
    deployment = _deployment(request)
    document = h.html(lang="en")[
        _head(title, deployment, scripts),
        h.body[
            h.a(".skip", href="#main")["Skip to content"],
            _navigation(request, deployment, section),
            _heading(title, crumbs, beside, actions),
            h.main(id="main", tabindex="-1")[_notice(request, notices), content],
            _jump_dialog(),
            _keys_dialog(),
            h.div(".hidden", id="announcements", role="status", aria_live="polite"),
        ],
    ]
    return HTMLResponse(str(document), status, headers=PAGE_HEADERS)


def fragment(content: Node, status: int = HTTPStatus.OK) -> HTMLResponse:
    """Return a part of a page, which htmx puts into the page."""
    headers = {**PAGE_HEADERS, "X-Robots-Tag": "noindex"}
    return HTMLResponse(str(h.fragment[content]), status, headers=headers)


def redirect(address: str) -> RedirectResponse:
    """Return the answer to a form that did its work: the browser reads the address."""
    return RedirectResponse(address, HTTPStatus.SEE_OTHER)


def _deployment(request: Request) -> Deployment:
    return request.app.state.use_cases[Deployment]


def _head(title: str, deployment: Deployment, scripts: Sequence[str]) -> Element:
    product = f"Polysync {deployment.name}" if deployment.name else "Polysync"
    return h.head[
        h.meta(charset="utf-8"),
        h.meta(name="viewport", content="width=device-width, initial-scale=1"),
        h.meta(name="color-scheme", content="light dark"),
        h.meta(name="htmx-config", content=_HTMX),
        h.title[f"{title} · {product}"],
        h.link(rel="icon", href=inline("icon.svg"), type="image/svg+xml"),
        h.link(rel="stylesheet", href=asset("console.css")),
        # It runs before the first paint, so the theme does not change before the reader's eyes.
        h.script(src=asset("theme.js")),
        # htmx starts as soon as it is loaded, so the scripts that listen to its events come before.
        [h.script(src=asset(name), defer=True) for name in ("console.js", *scripts, "htmx.js")],
    ]


def _navigation(request: Request, deployment: Deployment, current: str) -> Element:
    return h.nav(".side", aria_label="Main")[
        h.a(".brand", href=page_path("runs"))[logo(), h.span["Polysync"]],
        deployment.name and h.p(class_=f"deployment {deployment.colour}")[deployment.name],
        [_group(request, group, current) for group in GROUPS],
        _person(request, deployment),
    ]


def _group(request: Request, group: Group, current: str) -> Element:
    visible = [each for each in group.sections if has_role(request, each.role)]
    return h.div(".group")[
        h.h2[group.label] if group.label and visible else None,
        h.ul[
            [
                h.li[
                    h.a(href=each.address, aria_current="page" if each.id == current else None)[
                        icon(each.icon), h.span[each.label]
                    ]
                ]
                for each in visible
            ]
        ],
    ]


def _person(request: Request, deployment: Deployment) -> Element:
    caller = caller_of(request)
    theme = h.button(".quiet.needs-script", type="button", data_theme_toggle="")[
        icon("theme"), h.span(".hidden")["Light or dark"]
    ]
    if caller is None:
        return h.div(".person")[theme]
    role = next((each for each in reversed(Role) if caller.has(each)), None)
    return h.div(".person")[
        h.span[h.b[caller.name], h.small[role.name.capitalize() if role else "No role"]],
        theme,
        deployment.sign_in
        and h.form(method="post", action=page_path("sign-out"))[
            h.button(".quiet", type="submit")["Sign out"]
        ],
    ]


def _heading(title: str, crumbs: Sequence[Crumb], beside: Node, actions: Node) -> Element:
    return h.header(".top")[
        h.div(".crumbs")[
            crumbs
            and h.nav(aria_label="Pages above")[
                [
                    [h.a(href=address)[label], h.span(aria_hidden="true")["/"]]
                    for label, address in crumbs
                ]
            ],
            h.h1[title],
            beside,
        ],
        h.a(".jump", href=page_path("jump"), data_jump="")[
            icon("search"), h.span["Jump to…"], h.kbd(aria_hidden="true")["/"]
        ],
        actions and h.div(".actions")[actions],
    ]


def _notice(request: Request, notices: Mapping[str, Node]) -> Node:
    code = request.query_params.get("notice", "")
    text = {**NOTICES, **notices}.get(code)
    return None if text is None else notice("success", text)


def _jump_dialog() -> Element:
    return h.dialog(id="jump", aria_label="Jump to")[
        h.form(method="get", action=page_path("jump"))[
            h.label(".hidden", for_="jump-query")["Task, Job, run or page"],
            h.input(
                id="jump-query",
                name="q",
                type="search",
                placeholder="Task, Job, run id or page",
                autocomplete="off",
                role="combobox",
                aria_expanded="false",
                aria_controls="jump-results",
                data_source=page_path("part", "jump"),
            ),
        ],
        h.ul(id="jump-results", role="listbox", aria_label="Matches"),
    ]


def _keys_dialog() -> Element:
    return h.dialog(id="keys", aria_labelledby="keys-title")[
        h.h2(id="keys-title")["Keys"],
        h.dl(".keys")[
            [
                h.div[h.dt[[h.kbd[key] for key in keys.split()]], h.dd[effect]]
                for keys, effect in KEYS
            ]
        ],
        h.label[h.input(type="checkbox", data_single_keys=""), "Use keys without Ctrl"],
        h.form(method="dialog")[h.button(type="submit")["Close"]],
    ]
