# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which actions an operation needs, known before its parameters and body are looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import Depends
from fastapi.dependencies.models import Dependant

_CHECKED: dict[Callable[..., Any], frozenset[str]] = {}


def checking(actions: tuple[str, ...], check: Callable[..., Any]) -> Any:
    """A dependency of an operation that checks for one of these actions."""
    _CHECKED[check] = frozenset(actions)
    return Depends(check)


def needed(dependant: Dependant) -> frozenset[str]:
    """The actions that the operation checks for: without one of them it is refused whatever it is about."""
    found = _CHECKED.get(dependant.call, frozenset()) if dependant.call else frozenset()
    return found.union(*(needed(inner) for inner in dependant.dependencies))
