# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One emulator for the session, empty at the start of each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from workload_credentials_emulator import Control, Emulator, clock, emulation, items, past, rate_limit

from .client import OTHER_SITE, OTHER_TOKEN, SITE, TOKEN, Api


@pytest.fixture(scope="session")
def running() -> Iterator[Emulator]:
    """An emulator with two sites, each with its token."""
    with Emulator(sites=[SITE, OTHER_SITE], tokens=[TOKEN, OTHER_TOKEN]) as emulator:
        yield emulator


@pytest.fixture
def emulator(running: Emulator) -> Emulator:
    """The session's emulator, emptied."""
    running.control.reset()
    return running


@pytest.fixture
def control(emulator: Emulator) -> Control:
    """Its control surface."""
    return emulator.control


@pytest.fixture
def api(emulator: Emulator) -> Iterator[Api]:
    """A client with all permissions."""
    client = Api(emulator)
    yield client
    client.session.close()


class Time:
    """The emulator's real time, moved by a test."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    """In the place of real time, for all that lags or is counted by it."""
    moved = Time()
    for module in (clock, emulation, items, past, rate_limit):
        monkeypatch.setattr(module, "real_seconds", moved)
    return moved
