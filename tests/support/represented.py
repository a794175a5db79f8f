# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parameters of which ``make test`` takes some, and ``make test-all`` all."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import pytest


def represented(values: Iterable[Any], by: Collection[Any]) -> list[Any]:
    """Return the values as parameters, all but these marked as thorough.

    :raises ValueError: one of those to keep is none of the values.
    """
    values = list(values)
    if unknown := [one for one in by if one not in values]:
        raise ValueError(f"nothing is represented by {unknown}")
    return [one if one in by else _thorough(one) for one in values]


def _thorough(value: Any) -> Any:
    """One parameter, or several where a test takes them together."""
    return pytest.param(*(value if isinstance(value, tuple) else (value,)), marks=pytest.mark.thorough)
