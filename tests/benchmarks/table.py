# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table: one row a figure, with what it should reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """A figure.

    :arg reached: None where nothing is to be reached.
    """

    part: str
    what: str
    figure: str
    target: str = ""
    reached: bool | None = None

    @property
    def verdict(self) -> str:
        """What the last column says."""
        return {None: "", True: "reached", False: "MISSED"}[self.reached]


def milliseconds(seconds: float) -> str:
    """A time that people can read."""
    return f"{seconds * 1000:.2f} ms"


def ratio(slow: float, fast: float) -> float:
    """How many times less the fast one takes; a fast one below the clock's resolution counts as a microsecond."""
    return slow / max(fast, 1e-6)


def at_least(part: str, what: str, times: float, target: float) -> Row:
    """A ratio that must be at least so much; shown with as many digits as tell it from the target."""
    return Row(part, what, f"{times:.1f}", f"at least {target:g}", times >= target)


def at_most(part: str, what: str, times: float, target: float, why: str = "") -> Row:
    """A ratio that must be at most so much."""
    return Row(part, what, f"{times:.2f}", f"at most {target:g}{why}", times <= target)


def table(rows: Sequence[Row]) -> str:
    """All rows in columns."""
    lines = [("", "what", "figure", "to reach", "")]
    lines += [(row.part, row.what, row.figure, row.target, row.verdict) for row in rows]
    widths = [max(len(line[column]) for line in lines) for column in range(5)]
    return "\n".join(_line(line, widths) for line in lines)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
