"""Tests for the frame of every page: navigation, headers, and the pages of refusals."""

from __future__ import annotations

import gzip
import re

import pytest
from selectolax.lexbor import LexborHTMLParser

from polysync_core.console.shell import FRAME_IDS
from polysync_core.domain.security.roles import Role
from polysync_core.setting_values import SettingError
from tests.fakes.app import FakeApp, settings_of
from tests.unit.api.security.protected_app import KEYS, principal_header

KEY_SETTING = ",".join(map(str, KEYS))


@pytest.fixture(scope="module")
def app() -> FakeApp:
    return FakeApp()


def _azure() -> FakeApp:
    settings = settings_of(POLYSYNC_ENVIRONMENT="production", WEBSITE_AUTH_ENABLED="True")
    return FakeApp(settings=settings)


@pytest.mark.parametrize("path", ["", "/"])
def test_the_root_of_the_console_leads_to_the_runs(app: FakeApp, path: str) -> None:
    answer = app.browser.get(path)

    assert answer.status_code == 303
    assert answer.headers["location"] == "/console/runs"


def test_an_unknown_page_keeps_the_navigation(app: FakeApp) -> None:
    answer = app.browser.get("/nowhere")
    tree = LexborHTMLParser(answer.text)

    assert answer.status_code == 404
    assert [each.text() for each in tree.css("h1")] == ["Not found"]
    assert len(tree.css("nav.side a")) > 10
    assert tree.css_first("main .detail").text() == "There is no such path."


def test_the_ids_of_the_frame_are_listed(app: FakeApp) -> None:
    tree = LexborHTMLParser(app.browser.get("/nowhere").text)

    assert {each.attributes["id"] for each in tree.css("[id]")} == FRAME_IDS


def test_every_page_has_a_strict_policy_and_loads_nothing_from_other_hosts(app: FakeApp) -> None:
    answer = app.browser.get("/nowhere")
    tree = LexborHTMLParser(answer.text)

    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert answer.headers["x-content-type-options"] == "nosniff"
    sources = [node.attributes["src"] or "" for node in tree.css("[src]")]
    sources += [node.attributes["href"] or "" for node in tree.css("link[href]")]
    assert len(sources) >= 5
    assert all(each.startswith(("/console/static/", "data:image/svg+xml,")) for each in sources)
    assert not tree.css("[style], [onclick], script:not([src])")


def test_static_files_are_compressed_and_kept_for_a_year(app: FakeApp) -> None:
    tree = LexborHTMLParser(app.browser.get("/nowhere").text)
    address = tree.css_first("link[rel=stylesheet]").attributes["href"] or ""
    path = address.removeprefix("/console")

    plain = app.browser.get(path, headers={"Accept-Encoding": "identity"})
    with app.browser.stream("GET", path, headers={"Accept-Encoding": "gzip"}) as compressed:
        assert gzip.decompress(b"".join(compressed.iter_raw())) == plain.content
    assert "immutable" in plain.headers["cache-control"]
    assert plain.headers["content-type"].startswith("text/css")
    assert re.fullmatch(r"/static/console\.[0-9a-f]{12}\.css", path)


def test_an_old_address_of_a_static_file_is_not_found(app: FakeApp) -> None:
    assert app.browser.get("/static/console.000000000000.css").status_code == 404


def test_a_part_of_a_page_is_refused_without_a_frame(app: FakeApp) -> None:
    answer = app.browser.get("/part/nowhere", headers={"HX-Request": "true"})

    assert answer.status_code == 404
    assert "<html" not in answer.text
    assert "There is no such path." in answer.text


def test_a_refusal_names_the_role_that_is_missing() -> None:
    answer = _azure().browser.get("/", headers=principal_header(oid="someone"))

    assert answer.status_code == 403
    assert "This request needs the app role Polysync.Reader." in answer.text


def test_the_person_and_the_role_are_on_the_page() -> None:
    headers = principal_header(Role.OPERATOR, preferred_username="maria@example.org")
    tree = LexborHTMLParser(_azure().browser.get("/nowhere", headers=headers).text)

    assert tree.css_first(".person b").text() == "maria@example.org"
    assert tree.css_first(".person small").text() == "Operator"
    assert "Audit" not in tree.css_first("nav.side").text()


def test_the_name_of_the_deployment_is_on_the_page_and_in_the_title() -> None:
    settings = settings_of(POLYSYNC_NAME="Production <1>", POLYSYNC_COLOUR="red")
    tree = LexborHTMLParser(FakeApp(settings=settings).browser.get("/nowhere").text)

    assert tree.css_first(".deployment.red").text() == "Production <1>"
    assert tree.css_first("title").text() == "Not found · Polysync Production <1>"


def test_a_person_without_the_role_learns_who_gives_it() -> None:
    azure = {"POLYSYNC_ENVIRONMENT": "production", "WEBSITE_AUTH_ENABLED": "True"}
    contact = "Data platform <data@example.org>"
    app = FakeApp(settings=settings_of(**azure, POLYSYNC_CONTACT=contact))
    headers = principal_header(Role.READER, oid="someone")

    refused = LexborHTMLParser(app.browser.get("/audit", headers=headers).text)
    assert f"Roles are given by: {contact}" in refused.css_first(".problem").text()
    unknown = app.browser.get("/nowhere", headers=headers)
    assert "Roles are given by" not in unknown.text
    silent = _azure().browser.get("/audit", headers=headers)
    assert "Roles are given by" not in silent.text


@pytest.mark.parametrize("contact", ["x" * 201, "a\nb", "\x00"])
def test_a_contact_that_is_not_one_short_line_is_refused(contact: str) -> None:
    with pytest.raises(SettingError, match="POLYSYNC_CONTACT"):
        settings_of(POLYSYNC_CONTACT=contact)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_an_unknown_method_is_answered_with_a_page(app: FakeApp, method: str) -> None:
    answer = app.browser.request(method, "/static/x")

    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"
    assert "<h1>" in answer.text
