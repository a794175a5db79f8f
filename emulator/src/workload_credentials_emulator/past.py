# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What things were before they were written, for readers who are behind."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from .real_time import real_seconds

Key = TypeVar("Key")
Thing = TypeVar("Thing")


class Past(Generic[Key, Thing]):
    """The states before the latest writes, for as long as readers are behind.

    :arg lag: how many seconds they are.
    :arg passed: what these seconds are counted by; real time without it.
    """

    def __init__(self, lag: Callable[[], float], passed: Callable[[], float] | None = None) -> None:
        self._lag = lag
        self._passed = passed
        self._kept: dict[Key, list[tuple[float, Thing | None]]] = {}

    def keep(self, key: Key, thing: Thing | None) -> None:
        """Note that this is about to be written; None: it is about to be made.

        What it holds is replaced by writes and not changed, so that a shallow copy is enough.
        """
        if self._lag():
            self._forget()
            self._kept.setdefault(key, []).append((self._now(), copy.copy(thing)))

    def seen(self, key: Key, thing: Thing | None) -> Thing | None:
        """What readers see in the place of this; None: nothing."""
        since = self._since()
        for written, before in self._kept.get(key, ()):
            if written > since:
                return before
        return thing

    def keys(self) -> Iterator[Key]:
        """Where something else may be seen than there is."""
        return iter(self._kept)

    def _now(self) -> float:
        return real_seconds() if self._passed is None else self._passed()

    def _since(self) -> float:
        return self._now() - self._lag()

    def _forget(self) -> None:
        since = self._since()
        kept = {key: [one for one in states if one[0] > since] for key, states in self._kept.items()}
        self._kept = {key: states for key, states in kept.items() if states}
