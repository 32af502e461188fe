"""Tests for signing in to the console by App Service or by an access key."""

from __future__ import annotations

import pytest
from selectolax.lexbor import LexborHTMLParser

from polysync_core.domain.security.roles import Role
from tests.fakes.app import FakeApp, settings_of
from tests.unit.api.security.protected_app import KEY_OF_ROLE, KEYS, principal_header

READER_KEY, _ = KEY_OF_ROLE[Role.READER]


def with_keys() -> FakeApp:
    keys = ",".join(map(str, KEYS))
    return FakeApp(
        settings=settings_of(POLYSYNC_ENVIRONMENT="production", POLYSYNC_ACCESS_KEYS=keys)
    )


def in_azure(**more: str) -> FakeApp:
    settings = {"POLYSYNC_ENVIRONMENT": "production", "WEBSITE_AUTH_ENABLED": "True"} | more
    return FakeApp(settings=settings_of(**settings))


def test_a_page_without_a_session_leads_to_the_sign_in_and_back() -> None:
    app = with_keys()
    answer = app.browser.get("/nowhere?status=Failed")
    assert answer.status_code == 303
    assert answer.headers["location"] == (
        "/console/sign-in?next=%2Fconsole%2Fnowhere%3Fstatus%3DFailed"
    )

    form = LexborHTMLParser(app.browser.get(answer.headers["location"][8:]).text)
    field = form.css_first("input[name=next]")
    back = app.browser.post(
        "/sign-in", data={"key": f" {READER_KEY} ", "next": field.attributes["value"]}
    )
    assert back.headers["location"] == "/console/nowhere?status=Failed"
    assert app.browser.get("/nowhere").status_code == 404


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites() -> None:
    answer = with_keys().browser.post("/sign-in", data={"key": READER_KEY})

    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Max-Age" not in cookie


def test_over_https_the_cookie_belongs_to_this_host_alone() -> None:
    app = with_keys()
    answer = app.browser.post("https://localhost/console/sign-in", data={"key": READER_KEY})

    assert answer.headers["set-cookie"].startswith("__Host-polysync-key=")
    assert "Secure" in answer.headers["set-cookie"]


@pytest.mark.parametrize("key", ["", "polysync_wrong", "x" * 1000])
def test_an_unknown_key_is_refused_on_the_form(key: str) -> None:
    answer = with_keys().browser.post("/sign-in", data={"key": key})

    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers
    assert "The access key is unknown" in answer.text
    assert not key or key not in answer.text


def test_signing_out_removes_the_cookie() -> None:
    app = with_keys()
    app.browser.post("/sign-in", data={"key": READER_KEY})
    assert app.browser.get("/nowhere").status_code == 404

    assert app.browser.post("/sign-out").headers["location"].startswith("/console/sign-in")
    assert app.browser.get("/nowhere").status_code == 303


def test_a_revoked_key_ends_the_session() -> None:
    app = with_keys()
    app.browser.cookies.set("polysync-key", "polysync_" + "A" * 43)

    assert app.browser.get("/nowhere").headers["location"].startswith("/console/sign-in")


def test_the_api_does_not_accept_the_cookie() -> None:
    app = with_keys()
    answer = app.http.get("/api/tasks", headers={"Cookie": f"polysync-key={READER_KEY}"})

    assert answer.status_code == 401


@pytest.mark.parametrize(
    "target",
    ["https://evil.example", "//evil.example", "/console//evil.example", "/\\evil", "/api/x", ""],
)
def test_the_way_back_leads_to_the_console_only(target: str) -> None:
    answer = with_keys().browser.post("/sign-in", data={"key": READER_KEY, "next": target})

    assert answer.headers["location"] == "/console/runs"


def test_a_part_of_a_page_makes_the_browser_sign_in() -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "http://localhost/console/runs?task=a"}
    answer = with_keys().browser.get("/part/jump", headers=headers)

    assert answer.status_code == 401
    assert answer.headers["hx-redirect"] == "/console/sign-in?next=%2Fconsole%2Fruns%3Ftask%3Da"


@pytest.mark.parametrize("keys", [False, True])
def test_in_azure_app_service_signs_people_in(keys: bool) -> None:
    more = {"POLYSYNC_ACCESS_KEYS": ",".join(map(str, KEYS))} if keys else {}
    app = in_azure(**more)

    assert app.browser.get("/nowhere").headers["location"].startswith("/console/sign-in?next=")
    page = LexborHTMLParser(app.browser.get("/sign-in?next=/console/graph").text)
    link = page.css_first("main a.button").attributes["href"]
    assert link == "/.auth/login/aad?post_login_redirect_uri=%2Fconsole%2Fgraph"
    signed_in = app.browser.get("/nowhere", headers=principal_header(Role.READER, oid="someone"))
    assert signed_in.status_code == 404
    assert app.browser.post("/sign-out").headers["location"].startswith("/.auth/logout?")


def test_one_machine_in_development_needs_no_sign_in() -> None:
    app = FakeApp()

    assert app.browser.get("/nowhere").status_code == 404
    assert "needs no sign-in" in app.browser.get("/sign-in").text
