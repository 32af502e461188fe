"""The frame of every page: theme, keys, jump, skip link, and a page without scripts."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.journeys.browser.visitor import Visitor


def theme_of(visitor: Visitor) -> str | None:
    return visitor.page.locator("html").get_attribute("data-theme")


def test_the_chosen_theme_stays_and_is_there_before_the_first_paint(visitor: Visitor) -> None:
    visitor.open("help")
    assert theme_of(visitor) == "auto"
    visitor.click("Light or dark")
    assert theme_of(visitor) == "dark"
    visitor.page.add_init_script(
        "addEventListener('DOMContentLoaded', () => { window.early = "
        "document.documentElement.dataset.theme })"
    )
    visitor.open("help/glossary")
    assert visitor.page.evaluate("window.early") == "dark"
    visitor.click("Light or dark")
    assert theme_of(visitor) == "light"


def test_keys_open_pages_and_their_list(visitor: Visitor) -> None:
    visitor.open("definitions")
    visitor.page.keyboard.press("?")
    expect(visitor.page.get_by_role("dialog", name="Keys")).to_be_visible()
    visitor.page.keyboard.press("Escape")
    visitor.page.keyboard.press("g")
    visitor.page.keyboard.press("h")
    visitor.sees_title("Help and API")


def test_single_keys_can_be_switched_off_and_stay_off(visitor: Visitor) -> None:
    visitor.open("definitions")
    visitor.page.keyboard.press("?")
    visitor.page.get_by_label("Use keys without Ctrl").uncheck()
    visitor.page.keyboard.press("Escape")
    visitor.open("definitions")
    visitor.page.keyboard.press("?")
    expect(visitor.page.locator("dialog[open]")).to_have_count(0)
    visitor.page.keyboard.press("Control+k")
    expect(visitor.page.get_by_role("dialog", name="Jump to")).to_be_visible()


def test_the_jump_dialog_leads_to_a_task_by_keyboard(visitor: Visitor) -> None:
    visitor.open("help")
    visitor.page.keyboard.press("/")
    visitor.page.keyboard.type("aud")
    option = visitor.page.get_by_role("option", name="Audit")
    expect(option).to_have_attribute("aria-selected", "true")
    visitor.require_accessible()
    visitor.page.keyboard.press("Enter")
    visitor.sees_title("Audit")
    visitor.page.keyboard.press("Control+k")
    visitor.page.keyboard.type("nap")
    option = visitor.page.get_by_role("option", name="nap").first
    expect(option).to_contain_text("Task")
    visitor.page.keyboard.press("ArrowDown")
    visitor.page.keyboard.press("ArrowUp")
    expect(option).to_have_attribute("aria-selected", "true")


def test_keys_are_text_in_a_field(visitor: Visitor) -> None:
    visitor.open("help")
    visitor.fill("Search the documentation", "")
    visitor.page.keyboard.type("g?/h")
    assert visitor.page.get_by_label("Search the documentation").input_value() == "g?/h"
    assert visitor.path == "help"


def test_the_first_tab_stop_skips_the_navigation(visitor: Visitor) -> None:
    visitor.open("help")
    visitor.page.keyboard.press("Tab")
    expect(visitor.page.get_by_role("link", name="Skip to content")).to_be_focused()
    visitor.page.keyboard.press("Enter")
    visitor.page.keyboard.press("Tab")
    expect(visitor.page.get_by_label("Search the documentation")).to_be_focused()


def test_the_documentation_is_searched_and_read(visitor: Visitor) -> None:
    visitor.open("help")
    visitor.fill("Search the documentation", "daylight saving")
    visitor.page.keyboard.press("Enter")
    visitor.page.locator(".found a").first.click()
    assert visitor.path.startswith("help/")
    visitor.page.locator(".contents a").first.click()
    assert "#" in visitor.page.url


def test_without_scripts_pages_read_and_forms_work(without_scripts: Visitor) -> None:
    visitor = without_scripts
    visitor.open("help")
    expect(visitor.page.locator(".needs-script").first).to_be_hidden()
    visitor.fill("Search the documentation", "cron")
    visitor.click("Search")
    visitor.sees("sections, the best first")
    visitor.open("definitions")
    visitor.fill("Document", "vaults: [{name: without-scripts, provider: Environment}]")
    visitor.click("Show the plan")
    visitor.sees("Create 1")
    visitor.click("Apply this plan")
    visitor.sees("The document is applied.")
