"""Draws the graph of Tasks and its minimap as SVG."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape

from markupsafe import Markup

from polysync_core.console.graph.boxes import Box
from polysync_core.console.graph.lines import Label, Line
from polysync_core.console.icons import status_shape
from polysync_core.domain.display_text import is_deceptive
from polysync_core.picture.curves import path_back, path_data
from polysync_core.picture.layout import BoxSizes, Drawing, Point, draw

MARGIN = 24
_MIN_WIDTH, _MAX_WIDTH = 184, 264
_TEXT_LEFT = 34
_CHARACTER = 7.3
"""The mean width of a character of a name, in pixels."""
_LABEL_CHARACTER = 6.3
_HEIGHT = 46
_MAX_PLATFORM = 16

type Ends = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """The boxes and lines of a picture with their positions."""

    boxes: Mapping[str, Box]
    lines: Mapping[Ends, Line]
    drawing: Drawing
    sizes: BoxSizes


def scene_of(boxes: Mapping[str, Box], lines: Mapping[Ends, Line]) -> Scene:
    """Lay out boxes and lines; lines to unknown boxes are left out."""
    known = {ends: line for ends, line in lines.items() if ends[0] in boxes and ends[1] in boxes}
    longest = max((len(name) for name in boxes), default=0)
    width = min(max(_TEXT_LEFT + longest * _CHARACTER + 12, _MIN_WIDTH), _MAX_WIDTH)
    sizes = BoxSizes(width=round(width), height=_HEIGHT, layer_gap=56, box_gap=13)
    labelled = {ends: line.labels for ends, line in known.items() if line.labels}
    widths = {ends: max(map(_label_width, labels)) + 34 for ends, labels in labelled.items()}
    drawing = draw(list(boxes), list(known), sizes, widths)
    return Scene(boxes=boxes, lines=known, drawing=drawing, sizes=sizes)


def graph_svg(scene: Scene, *, focus: str | None, link: Callable[[str], str]) -> Markup:
    """Return the picture; each box links to the address that `link` returns for its Task."""
    return Markup("".join(_graph(scene, focus, link)))


def map_svg(scene: Scene) -> Markup:
    """Return the minimap of a picture, which screen readers skip."""
    size = f'width="{scene.sizes.width:g}" height="{scene.sizes.height:g}"'
    boxes = "".join(
        f'<rect class="box {box.css_class}" data-task="{_text(name)}" '
        f'x="{scene.drawing.boxes[name][0]:.0f}" y="{scene.drawing.boxes[name][1]:.0f}" {size}/>'
        for name, box in scene.boxes.items()
    )
    width, height = max(scene.drawing.width, 1), max(scene.drawing.height, 1)
    return Markup(
        f'<svg class="graph" viewBox="0 0 {width:.0f} {height:.0f}" aria-hidden="true">'
        f'{boxes}<rect class="viewport" width="0" height="0"/></svg>'
    )


def _graph(scene: Scene, focus: str | None, link: Callable[[str], str]) -> Iterator[str]:
    width, height = scene.drawing.width, scene.drawing.height
    label = f"{len(scene.boxes)} tasks and {len(scene.lines)} dependencies"
    # A loop back runs above and beside its boxes.
    box = f"{-MARGIN} {-MARGIN} {width + 2 * MARGIN:.0f} {height + 2 * MARGIN:.0f}"
    yield (
        f'<svg class="graph" viewBox="{box}" width="{width + 2 * MARGIN:.0f}" '
        f'height="{height + 2 * MARGIN:.0f}" data-width="{width:.0f}" data-height="{height:.0f}" '
        f'data-box="{scene.sizes.width:g} {scene.sizes.height:g}" '
        f'data-focus="{_text(focus or "")}" role="group" aria-label="{label}"><g class="world">'
    )
    for ends, line in scene.lines.items():
        yield from _line(scene, ends, line)
    for ends, line in scene.lines.items():
        yield from _labels(scene, ends, line)
    for name, shown in scene.boxes.items():
        yield from _box(scene, shown, is_focus=name == focus, address=link(name))
    yield "</g></svg>"


def _box(scene: Scene, box: Box, *, is_focus: bool, address: str) -> Iterator[str]:
    x, y = scene.drawing.boxes[box.task]
    chosen = " sel" if is_focus else ""
    off = "" if box.enabled else " off"
    yield (
        f'<a href="{_text(address)}" data-task="{_text(box.task)}">'
        f'<g class="node {box.css_class}{chosen}{off}" transform="translate({x:.0f} {y:.0f})">'
        f"<title>{_text(box.task)}</title>"
        f'<rect class="box" width="{scene.sizes.width:g}" height="{scene.sizes.height:g}" rx="7"/>'
        f'<svg class="status-icon {box.css_class}" x="10" y="15" width="16" height="16" '
        f'viewBox="0 0 16 16">{status_shape(box.status)}</svg>'
        f'<text class="name" x="{_TEXT_LEFT}" y="20">{_text(_name(box.task, scene.sizes))}</text>'
    )
    yield (
        f'<text class="fact" x="{_TEXT_LEFT}" y="36">{_text(_platform(box))}'
        f"{_duration(box)}</text>"
        f'<text class="sr" x="{_TEXT_LEFT}" y="40">, {box.word}</text></g></a>'
    )


def _platform(box: Box) -> str:
    platform = box.platform
    return platform if len(platform) <= _MAX_PLATFORM else f"{platform[: _MAX_PLATFORM - 1]}…"


def _duration(box: Box) -> str:
    joint = " · " if box.platform else ""
    since = "" if box.running_since is None else f' data-duration="{_iso(box.running_since)}"'
    return f'{joint}<tspan class="length"{since}>{_text(box.length)}</tspan>'


def _line(scene: Scene, ends: Ends, line: Line) -> Iterator[str]:
    data = _ends(line)
    start, end = _route_ends(scene, ends)
    points = scene.drawing.routes.get(ends)
    path = path_back(start, end) if points is None else path_data(points)
    yield f'<path class="edge {line.state}" {data} d="{path}"/>'
    yield f'<path class="arrow {line.state}" {data} d="M{end[0]:.0f} {end[1]:.0f}l-8-4v8z"/>'


def _route_ends(scene: Scene, ends: Ends) -> tuple[Point, Point]:
    (x1, y1), (x2, y2) = scene.drawing.boxes[ends[0]], scene.drawing.boxes[ends[1]]
    half = scene.sizes.height / 2
    return (x1 + scene.sizes.width, y1 + half), (x2, y2 + half)


def _labels(scene: Scene, ends: Ends, line: Line) -> Iterator[str]:
    points: Sequence[Point] = scene.drawing.routes.get(ends) or _route_ends(scene, ends)
    (x1, y1), (x2, y2) = points[-2:]
    for number, label in enumerate(line.labels):
        offset = 20 * number - 10 * (len(line.labels) - 1)
        yield _label(label, ((x1 + x2) / 2, (y1 + y2) / 2 + offset), _ends(line))


def _label(label: Label, centre: Point, data: str) -> str:
    (x, y), width = centre, _label_width(label)
    kind = " val" if label.is_value else ""
    return (
        f'<g class="edge-label{kind}" {data}><title>{_text(label.full)}</title>'
        f'<rect x="{x - width / 2:.0f}" y="{y - 9:.0f}" width="{width:.0f}" height="18" rx="9"/>'
        f'<text x="{x:.0f}" y="{y + 4:.0f}">{_text(label.text)}</text></g>'
    )


def _label_width(label: Label) -> float:
    return len(label.text) * _LABEL_CHARACTER + 14


def _ends(line: Line) -> str:
    return f'data-from="{_text(line.upstream)}" data-to="{_text(line.downstream)}"'


def _name(task: str, sizes: BoxSizes) -> str:
    room = int((sizes.width - _TEXT_LEFT - 8) / _CHARACTER)
    return task if len(task) <= room else f"{task[: room - 1]}…"


def _text(text: str) -> str:
    """Return text for an element or an attribute, without characters that break a picture."""
    return escape(
        "".join(
            each if each.isprintable() and not is_deceptive(each) else "\ufffd" for each in text
        )
    )


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
