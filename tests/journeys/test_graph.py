"""The graph: live states, find, zoom, choose, layouts, and the same without scripts."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from tests.faults.local_system import LocalSystem
from tests.journeys.browser.visitor import Visitor
from tests.journeys.example import Example


def box(visitor: Visitor, task: str) -> Locator:
    return visitor.page.locator(f'.graph-pane .world a[data-task="{task}"] .node')


def transform(visitor: Visitor) -> str | None:
    return visitor.page.locator(".graph-pane .world").get_attribute("transform")


def test_states_arrive_live_and_the_picture_stays_where_it_is(
    visitor: Visitor, system: LocalSystem, example: Example
) -> None:
    system.run(6, "nightly")
    visitor.open("graph?task=nightly")
    before = transform(visitor)
    loaded = len(visitor.offences.requests)
    expect(box(visitor, "nightly")).to_contain_class("running")
    expect(box(visitor, "nightly")).to_contain_class("succeeded", timeout=15_000)
    expect(box(visitor, "after-nightly")).to_contain_class("succeeded", timeout=15_000)
    assert transform(visitor) == before
    pages = [each for each in visitor.offences.requests[loaded:] if "/live/" not in each]
    assert pages == []


def test_a_graph_run_shows_the_value_that_an_edge_carried(
    visitor: Visitor, system: LocalSystem, example: Example
) -> None:
    visitor.open(f"graph?graphRunId={example.succeeded}")
    label = visitor.page.locator(".graph-pane .edge-label text").first
    expect(label).to_contain_text("slept = ")


def test_a_task_is_found_and_chosen_by_keyboard(visitor: Visitor, example: Example) -> None:
    visitor.open("graph")
    visitor.page.get_by_label("Find a task").fill("after-night")
    expect(visitor.page.locator(".graph-pane .node.near")).to_have_count(1)
    visitor.page.keyboard.press("Enter")
    expect(visitor.page.locator("#peek h2")).to_have_text("after-nightly")
    assert "task=after-nightly" in visitor.path
    visitor.page.reload()
    expect(visitor.page.locator("#peek h2")).to_have_text("after-nightly")


def test_keys_zoom_the_picture(visitor: Visitor, example: Example) -> None:
    visitor.open("graph")
    whole = transform(visitor)
    visitor.page.keyboard.press("+")
    closer = transform(visitor)
    visitor.page.keyboard.press("-")
    visitor.page.keyboard.press("0")
    assert closer != whole
    visitor.page.keyboard.press("Tab")
    visitor.require_accessible()


def test_a_click_chooses_a_task_and_its_neighbour(visitor: Visitor, example: Example) -> None:
    visitor.open("graph?task=nightly")
    box(visitor, "fails").click()
    expect(visitor.page.locator("#peek h2")).to_have_text("fails")
    visitor.page.locator("#peek a[data-goto=after-failure]").click()
    expect(visitor.page.locator("#peek h2")).to_have_text("after-failure")
    expect(box(visitor, "after-failure")).to_contain_class("sel")


def test_the_layout_is_part_of_the_address(visitor: Visitor, example: Example) -> None:
    visitor.open("graph?task=nightly")
    visitor.page.locator('[data-layout="stacked"]').click()
    expect(visitor.page.locator(".graph-view")).to_contain_class("stacked")
    visitor.page.reload()
    expect(visitor.page.locator(".graph-view")).to_contain_class("stacked")
    visitor.require_accessible()


def test_the_graph_reads_without_scripts(without_scripts: Visitor, example: Example) -> None:
    visitor = without_scripts
    visitor.open("graph?task=nightly")
    box(visitor, "after-nightly").click()
    expect(visitor.page.locator("#peek h2")).to_have_text("after-nightly")
    visitor.page.locator(".graph-table > summary").click()
    row = visitor.page.locator(".graph-table tr").filter(has_text="after-nightly").first
    expect(row).to_contain_text("nightly")
