# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the process that ends leases tells while it does, a line of JSON each, and what is known of it by then.

Few imports: Ansible's main process loads this too. Private to this collection: it may change at any time.
"""

from __future__ import annotations

import json
import os
import selectors
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

# Of a lease that is to be ended: nobody knows more of it than that.
TOO_LATE = "its service had not answered when the time for ending leases was over."
# Seconds after which somebody who waits is shown how far it is, and between two such lines.
_FIRST, _EACH = 5.0, 10.0


class Account:
    """What was told so far.

    :arg show: called now and then with how many leases have been dealt with, of how many.
    """

    def __init__(self, show: Callable[[int, int], None]) -> None:
        self._show = show
        self._next = time.monotonic() + _FIRST
        self._leases: dict[str, tuple[str, Mapping[str, Any]]] = {}
        self._open: set[str] = set()
        self.report: Mapping[str, Any] | None = None

    def take(self, line: bytes) -> None:
        """One more line.

        :raises ValueError: it is not whole.
        """
        found = json.loads(line)
        self.report = found.get("report", self.report)
        for name in found.get("gone", ()):
            self._leases.pop(name, None)
            self._open.discard(name)
        for side, lease in found.get("due", ()):
            self._leases.setdefault(lease["note"], (side, lease))
            self._open.add(lease["note"])
        for side, lease in found.get("done", ()):
            self._leases[lease["note"]] = side, lease
            self._open.discard(lease["note"])

    def tick(self) -> None:
        """Show how far it is, if it is time."""
        if self._open and time.monotonic() >= self._next:
            self._next = time.monotonic() + _EACH
            self._show(len(self._leases) - len(self._open), len(self._leases))

    def so_far(self, warning: str) -> dict[str, Any]:
        """A report of what is known, where the process itself gave none."""
        sides: dict[str, list[Mapping[str, Any]]] = {"own": [], "dead": []}
        for side, lease in self._leases.values():
            sides[side].append({key: value for key, value in lease.items() if key != "note"})
        done = [name for name, (_side, lease) in self._leases.items() if lease["fate"] == "revoked"]
        return {**sides, "warnings": [warning], "done": done}


def lines_of(descriptor: int, deadline: float, tick: Callable[[], None]) -> Iterator[bytes]:
    """The lines that come before the deadline, and while they do, ``tick`` now and then; without a thread.

    :raises TimeoutError: the deadline came before the end.
    """
    rest = b""
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        while True:
            if time.monotonic() >= deadline:
                raise TimeoutError
            if not selector.select(min(1.0, max(0.0, deadline - time.monotonic()))):
                tick()
                continue
            data = os.read(descriptor, 1 << 16)
            if not data:
                return
            *whole, rest = (rest + data).split(b"\n")
            yield from whole
            tick()
