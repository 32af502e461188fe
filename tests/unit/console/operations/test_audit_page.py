"""The page of the audit: the changes of a day with their callers."""

from __future__ import annotations

import pytest
from selectolax.lexbor import LexborHTMLParser

from polysync_core.domain.security.audit import AuditEntry
from polysync_core.domain.security.roles import Role
from tests.fakes.app import FakeApp, settings_of
from tests.unit.api.security.protected_app import principal_header


@pytest.fixture
def app() -> FakeApp:
    return FakeApp()


def entry(app: FakeApp, number: int, **values: object) -> AuditEntry:
    """Store an audit entry of today."""
    made = app.services.audit.begin(
        actor=str(values.get("actor", "maria@example.org")),
        object_id=None,
        method="POST",
        path=f"/tasks/t{number}/run",
    )
    if (status := values.get("status")) is not None:
        app.services.audit.add_status(made, int(str(status)))
    if (run_id := values.get("run_id")) is not None:
        return app.services.audit.add_run(made, str(run_id))
    return made


def shown(app: FakeApp, path: str = "/audit") -> LexborHTMLParser:
    answer = app.browser.get(path)
    assert answer.status_code == 200
    return LexborHTMLParser(answer.text)


def test_a_change_shows_who_what_and_the_run(app: FakeApp) -> None:
    entry(app, 1, run_id="rabcdefghijklmnopqrstuvwxy")
    cells = [cell.text() for cell in shown(app).css("tbody td")]
    assert cells[1:] == ["maria@example.org", "POST /tasks/t1/run", "Changed", "rabcdefg"]
    link = shown(app).css_first("tbody a").attributes["href"]
    assert link == "/console/runs/rabcdefghijklmnopqrstuvwxy"


@pytest.mark.parametrize(("status", "words"), [(200, "Changed nothing"), (403, "Refused with 403")])
def test_a_call_without_an_effect_says_so(app: FakeApp, status: int, words: str) -> None:
    entry(app, 1, status=status)
    assert shown(app).css("tbody td")[3].text() == words


def test_fifty_entries_are_a_page_and_older_ones_follow(app: FakeApp) -> None:
    for number in range(60):
        entry(app, number)
    first = shown(app)
    assert len(first.css("tbody tr")) == 50
    older = first.css_first("a[rel=next]").attributes["href"] or ""
    assert len(shown(app, older.removeprefix("/console")).css("tbody tr")) == 10


def test_another_day_is_empty_and_leads_to_the_days_beside_it(app: FakeApp) -> None:
    entry(app, 1)
    tree = shown(app, "/audit?day=2020-02-29")
    assert "2020-02-29" in tree.css_first(".empty").text()
    links = [link.attributes["href"] for link in tree.css(".filters a")]
    assert links == ["/console/audit?day=2020-02-28", "/console/audit?day=2020-03-01"]


def test_today_has_no_day_after(app: FakeApp) -> None:
    assert [link.text() for link in shown(app).css(".filters a")] == ["The day before"]


@pytest.mark.parametrize(
    "query", ["day=yesterday", "day=2026-13-01", "day=1800-01-01", "after=%3Cscript%3E"]
)
def test_a_wrong_day_or_token_is_refused_with_a_page(app: FakeApp, query: str) -> None:
    answer = app.browser.get(f"/audit?{query}")
    assert 400 <= answer.status_code < 500
    assert "<h1>" in answer.text
    assert "<script>" not in answer.text


def test_the_first_supported_day_has_no_day_before(app: FakeApp) -> None:
    links = [link.text() for link in shown(app, "/audit?day=1900-01-01").css(".filters a")]
    assert links == ["The day after"]


@pytest.mark.parametrize("role", [Role.READER, Role.OPERATOR])
def test_only_an_administrator_reads_the_audit(role: Role) -> None:
    settings = settings_of(POLYSYNC_ENVIRONMENT="production", WEBSITE_AUTH_ENABLED="True")
    browser = FakeApp(settings=settings).browser
    refused = browser.get("/audit", headers=principal_header(role, preferred_username="maria"))
    assert refused.status_code == 403
    administrator = principal_header(Role.ADMINISTRATOR, preferred_username="maria")
    assert browser.get("/audit", headers=administrator).status_code == 200


def test_names_of_callers_are_escaped(app: FakeApp) -> None:
    entry(app, 1, actor="<script>alert(1)</script>")
    assert "<script>alert" not in app.browser.get("/audit").text
