"""Words on the terminal: results on stdout, in colour where colour is seen and plain where it is read by programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

_PIPE_WIDTH = 10_000  # a line for a program is never wrapped


def console() -> Console:
    """The console for results."""
    seen = Console(highlight=False, emoji=False)
    return seen if seen.is_terminal else Console(highlight=False, emoji=False, width=_PIPE_WIDTH)


def say(line: str = "") -> None:
    """One line of result, with rich markup; use `plain` for words that are not ours."""
    console().print(line, soft_wrap=True)


def say_json(value: object) -> None:
    """A result for programs."""
    print(json.dumps(value, indent=2, ensure_ascii=False))  # noqa: T201 - the one place where a program reads our stdout


def plain(text: object) -> str:
    """Text of others, so that its brackets are not taken for markup."""
    return escape(str(text))


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Sequence[str] = (), whole: Sequence[str] = ()) -> None:
    """Rows under quiet headings, if there are any. Columns in `numbers` stand to the right; those in `whole` stay in one piece."""
    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim", show_header=any(columns))
    for column in columns:
        grid.add_column(column, justify="right" if column in numbers else "left", overflow="fold", no_wrap=column in whole)
    for row in rows:
        grid.add_row(*row)
    console().print(grid)


def facts(rows: Iterable[tuple[str, str]]) -> None:
    """Name and value, one below the other; rows without a value are left out."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in rows:
        if value:
            grid.add_row(name, value)
    console().print(grid)


def bytes_in_words(count: int) -> str:
    """12.3 MB, as files are counted: powers of ten."""
    if count < 1_000:
        return f"{count} bytes"
    for unit in ("kB", "MB"):
        count_in_unit = count / {"kB": 1e3, "MB": 1e6}[unit]
        if count_in_unit < 999.5:
            return f"{count_in_unit:.3g} {unit}"
    return f"{count / 1e9:.3g} GB"


def seconds_in_words(seconds: float) -> str:
    """0.4 s, 12 s, 3 min 05 s; whole numbers (int) stay whole."""
    if seconds < 9.95 and not isinstance(seconds, int):
        return f"{seconds:.1f} s"
    if seconds < 59.5:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s"
