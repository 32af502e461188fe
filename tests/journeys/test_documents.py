"""A document of definitions: typed, corrected, planned, applied; and not lost on the way."""

from __future__ import annotations

from playwright.sync_api import Dialog, FilePayload, expect

from polysync_core.domain.security.roles import Role
from tests.journeys.browser.keys import KEYS
from tests.journeys.browser.visitor import Visitor

WRONG = """\
vaults:
  - name: of-a-document
    provider: Enviroment
"""


def test_a_problem_leads_to_its_place_in_the_text(visitor: Visitor) -> None:
    visitor.offences.expected.append("422")
    visitor.open("definitions")
    visitor.fill("Document", WRONG)
    visitor.click("Show the plan")
    visitor.sees("The document has 1 problem.")
    visitor.click("Line 3, column 5")
    area = visitor.page.get_by_label("Document", exact=True)
    chosen = area.evaluate("area => area.value.slice(area.selectionStart, area.selectionEnd)")
    assert chosen == "provider: Enviroment"
    visitor.require_accessible()
    visitor.fill("Document", WRONG.replace("Enviroment", "Environment"))
    visitor.click("Show the plan")
    visitor.sees("Create 1")
    visitor.require_accessible()
    visitor.click("Apply this plan")
    visitor.sees("The document is applied.")


def test_a_file_is_read_into_the_field(visitor: Visitor) -> None:
    visitor.open("definitions")
    file = FilePayload(name="a.yaml", mimeType="application/yaml", buffer=b"calendars: []")
    visitor.page.get_by_label("Or read it from a file").set_input_files(file)
    expect(visitor.page.get_by_label("Document", exact=True)).to_have_value("calendars: []")


def test_typed_text_is_not_lost_by_leaving_the_page(visitor: Visitor) -> None:
    visitor.open("definitions")
    visitor.fill("Document", "vaults: []")
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    visitor.page.once("dialog", stay)
    visitor.page.get_by_role("link", name="Help and API").click()
    expect(visitor.page.get_by_label("Document", exact=True)).to_have_value("vaults: []")
    assert asked == ["beforeunload"]


def test_typed_text_survives_a_session_that_is_over(visitor: Visitor) -> None:
    visitor.sign_in(KEYS[Role.ADMINISTRATOR])
    visitor.open("definitions")
    visitor.fill("Document", "calendars: [{name: kept}]")
    visitor.end_session()
    visitor.click("Show the plan")
    visitor.sees_title("Sign in")
    visitor.fill("Access key", KEYS[Role.ADMINISTRATOR])
    visitor.page.keyboard.press("Enter")
    visitor.sees_title("Definitions")
    document = visitor.page.get_by_label("Document", exact=True)
    expect(document).to_have_value("calendars: [{name: kept}]")
    visitor.open("help")


def test_a_reader_sees_no_form_and_no_audit(visitor: Visitor) -> None:
    visitor.offences.expected.append("403")
    visitor.sign_in(KEYS[Role.READER])
    visitor.open("definitions")
    expect(visitor.page.get_by_label("Document", exact=True)).to_have_count(0)
    expect(visitor.page.get_by_role("link", name="Audit")).to_have_count(0)
    visitor.open("audit", status=403)
    visitor.sees("Administrator")
    visitor.require_accessible()
