"""Tests that the pages of the platforms show the fields and states of the plugins."""

from __future__ import annotations

import pytest

from polysync_core.domain.definitions.platforms import PlatformType
from polysync_core.platforms.registry import platform_plugin
from scripts.platform_pages import FOLDER, MARK, page_of, reference, with_reference


@pytest.mark.parametrize("platform_type", PlatformType)
def test_the_page_of_a_platform_type_is_current(platform_type: PlatformType) -> None:
    """Update the pages with `python -m scripts.platform_pages`."""
    page = page_of(platform_type).read_text(encoding="utf-8")

    assert page == with_reference(page, platform_type)
    assert len(page.partition(MARK)[0].split()) > 10, "the page needs an introduction"


def test_every_page_belongs_to_a_platform_type() -> None:
    assert set(FOLDER.iterdir()) == {page_of(each) for each in PlatformType}


def test_a_reference_has_every_field_and_every_state() -> None:
    for platform_type in PlatformType:
        plugin = platform_plugin(platform_type)
        text = reference(platform_type)
        models = [plugin.attributes, *(each.settings for each in plugin.jobs.values())]

        fields = [name for each in models for name in each.model_json_schema()["properties"]]
        states = [word for each in plugin.jobs.values() for word in each.states]
        assert [each for each in [*fields, *states, *plugin.jobs] if f"`{each}`" not in text] == []
