"""An editor: a new definition, its plan, wrong fields, a conflict, and what refers to it."""

from __future__ import annotations

from playwright.sync_api import Dialog, expect

from tests.faults.local_system import LocalSystem
from tests.journeys.browser.visitor import Visitor
from tests.journeys.example import Example


def test_a_vault_is_created_after_its_plan(visitor: Visitor) -> None:
    visitor.open("vaults")
    visitor.click("New vault")
    visitor.fill("Name", "made-here")
    visitor.page.get_by_label("Provider").select_option("Environment")
    visitor.click("Review and save")
    visitor.sees("What will change")
    visitor.sees("name: made-here")
    visitor.require_accessible()
    visitor.click("Create")
    visitor.sees("Created.")
    visitor.sees_title("made-here")


def test_a_wrong_field_is_marked_and_listed(visitor: Visitor) -> None:
    visitor.offences.expected.append("422")
    visitor.open("vaults/new")
    visitor.fill("Name", "Not A Name")
    visitor.click("Review and save")
    expect(visitor.field("Name")).to_have_attribute("aria-invalid", "true")
    visitor.require_accessible()


def test_leaving_a_changed_form_asks(visitor: Visitor, system: LocalSystem) -> None:
    system.apply("vaults: [{name: left-alone, provider: Environment}]")
    visitor.open("vaults/left-alone")
    visitor.fill("Description", "typed")
    expect(visitor.page.locator("[data-changes]")).to_have_text("1 change")
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    visitor.page.once("dialog", stay)
    visitor.click("Discard")
    assert asked == ["beforeunload"]
    expect(visitor.page.get_by_label("Description")).to_have_value("typed")


def test_two_people_change_the_same_definition(visitor: Visitor, system: LocalSystem) -> None:
    visitor.offences.expected.append("412")
    system.apply("vaults: [{name: shared, provider: Environment, description: first}]")
    visitor.open("vaults/shared")
    visitor.fill("Description", "mine")
    system.apply(
        "vaults: [{name: shared, provider: Environment, description: first, displayName: Theirs}]"
    )
    visitor.click("Review and save")
    visitor.sees("Another person has saved it")
    visitor.require_accessible()
    visitor.click("Merge by field")
    visitor.click("Review and save")
    visitor.click("Save 1 change")
    visitor.sees("Saved.")
    stored = system.host.get("/vaults/shared")
    assert (stored["description"], stored["displayName"]) == ("mine", "Theirs")


def test_a_definition_in_use_names_what_refers_to_it(visitor: Visitor, example: Example) -> None:
    visitor.open("vaults/local")
    visitor.click("Delete")
    visitor.sees("on-call")
    visitor.require_accessible()


def test_two_quick_clicks_add_two_rows(visitor: Visitor) -> None:
    visitor.open("tasks/new?job=nap")
    visitor.page.evaluate("""() => {
      const add = [...document.querySelectorAll('button')].find(b => b.value === 'add:tags')
      add.click()
      add.click()
    }""")
    expect(visitor.page.locator("#panel-general .pair")).to_have_count(2)
