"""Fits a terminal table to the screen width, without breaking ids or links.

Without a screen the table has all columns. On a screen that is too narrow the table tries, in this
order: links below their rows, short times, and fewer columns. If even the columns that are always
shown do not fit, each row becomes a list of facts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum

from rich import box
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from polysync_core.cli.layout.formats import ABSENT, format_age, format_time
from polysync_core.cli.layout.sentences import Sentence, unbroken
from polysync_core.cli.terminal import printable

_GAP = 3
"""The width between two columns."""
_MIN_WORDS = 24
_MIN_NAME = 16


class Wrap(Enum):
    """The places where a cell may be broken into lines."""

    NEVER = "never"
    """For ids, times and statuses."""
    WORDS = "between words"
    """For sentences."""
    ANYWHERE = "anywhere"
    """For names, which may be long."""
    BELOW = "below"
    """Never; the cell moves to lines of its own below the row. For links and lists of ids."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table."""

    title: str
    drop: int = 0
    """The column with the highest number is dropped first; a column with 0 is always shown."""
    wrap: Wrap = Wrap.NEVER


@dataclass(frozen=True, slots=True)
class Moment:
    """A cell with a time; a narrow table shows the distance from now."""

    time: datetime | None


type Cell = Text | str | Moment | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    """The columns that a table shows, by index, and the form of its times."""

    shown: Sequence[int]
    below: Sequence[int] = ()
    short: bool = False


@dataclass(slots=True)
class FittedTable:
    """A table whose layout depends on the width of the console."""

    columns: Sequence[Column]
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    rows: list[Sequence[Cell]] = field(default_factory=list[Sequence[Cell]])

    def add(self, *cells: Cell) -> None:
        """Add a row with a cell for each column."""
        if len(cells) != len(self.columns):
            raise ValueError("a row has a cell for each column")
        self.rows.append(cells)

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """Take the whole width, so that the layout is chosen while rendering."""
        return Measurement(1, options.max_width)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the table in the first layout that fits."""
        for layout in self._layouts():
            minimum = [self._width(index, layout, natural=False) for index in layout.shown]
            if sum(minimum) + _GAP * (len(minimum) - 1) <= options.max_width:
                yield from self._render(layout, options.max_width)
                return
        yield from self._stacked()

    def _layouts(self) -> Iterator[_Layout]:
        shown = range(len(self.columns))
        yield _Layout(shown=shown)
        below = [index for index in shown if self.columns[index].wrap is Wrap.BELOW]
        shown = [index for index in shown if index not in below and not self._is_idle(index)]
        below = [index for index in below if not self._is_absent(index)]
        yield _Layout(shown=shown, below=below)
        yield _Layout(shown=shown, below=below, short=True)
        optional = sorted((self.columns[each].drop, each) for each in shown)
        while optional and optional[-1][0]:
            _, dropped = optional.pop()
            shown = [index for index in shown if index != dropped]
            yield _Layout(shown=shown, below=below, short=True)

    def _is_idle(self, index: int) -> bool:
        """Return whether a column may be dropped and says nothing."""
        return self.columns[index].drop > 0 and self._is_absent(index)

    def _is_absent(self, index: int) -> bool:
        return all(self._text(row[index], short=False).plain == ABSENT for row in self.rows)

    def _width(self, index: int, layout: _Layout, *, natural: bool) -> int:
        """Return the natural or the smallest width of a column."""
        column = self.columns[index]
        texts = [self._text(row[index], short=layout.short).plain for row in self.rows]
        full = max([len(column.title), *(_widest(text.split("\n")) for text in texts)])
        if natural:
            return full
        match column.wrap:
            case Wrap.WORDS:
                longest = max([len(column.title), *(_widest(text.split()) for text in texts)])
                return min(full, max(_MIN_WORDS, longest))
            case Wrap.ANYWHERE:
                return min(full, max(_MIN_NAME, len(column.title)))
            case _:
                return full

    def _widths(self, layout: _Layout, available: int) -> list[int]:
        """Distribute the width; columns that may wrap share the rest."""
        widths = [self._width(index, layout, natural=False) for index in layout.shown]
        left = available - sum(widths) - _GAP * (len(widths) - 1)
        for position, index in enumerate(layout.shown):
            wanted = self._width(index, layout, natural=True) - widths[position]
            given = max(0, min(wanted, left))
            widths[position] += given
            left -= given
        return widths

    def _render(self, layout: _Layout, available: int) -> RenderResult:
        widths = self._widths(layout, available)
        if not layout.below:
            yield self._table(layout, widths, self.rows, header=True)
            return
        yield self._table(layout, widths, [], header=True)
        for row in self.rows:
            yield self._table(layout, widths, [row], header=False)
            for index in layout.below:
                text = self._text(row[index], short=layout.short)
                if text.plain != ABSENT:
                    heading = (f"{self.columns[index].title}: ", "dim")
                    yield Sentence(Text.assemble("  ", heading, text))

    def _table(
        self,
        layout: _Layout,
        widths: Sequence[int],
        rows: Iterable[Sequence[Cell]],
        *,
        header: bool,
    ) -> Table:
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, show_header=header)
        for index, width in zip(layout.shown, widths, strict=True):
            table.add_column(self.columns[index].title, width=width, overflow="fold")
        for row in rows:
            table.add_row(*(self._text(row[index], short=layout.short) for index in layout.shown))
        return table

    def _stacked(self) -> RenderResult:
        width = max(len(column.title) for column in self.columns)
        for number, row in enumerate(self.rows):
            if number:
                yield Text("")
            for column, cell in zip(self.columns, row, strict=True):
                text = self._text(cell, short=False)
                if text.plain != ABSENT:
                    yield unbroken(Text.assemble((f"{column.title:<{width}}", "dim"), "  ", text))

    def _text(self, cell: Cell, *, short: bool) -> Text:
        match cell:
            case Moment(time=datetime() as time):
                return Text(format_age(time, self.now) if short else format_time(time))
            case Moment() | None | "":
                return Text(ABSENT)
            case str():
                return Text(printable(cell))
            case Text():
                return cell


def _widest(parts: Sequence[str]) -> int:
    return max((len(part) for part in parts), default=0)
