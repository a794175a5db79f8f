# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures for people who test their plays: a Secrets API that is empty, and that the test's environment points at.

>>> def test_my_play(secrets_api):  # doctest: +SKIP
...     subprocess.run(["ansible-playbook", "play.yml"], check=True)
...     assert secrets_api.control.leases()["active"] == 0
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from .no_proxy import without_proxy

if TYPE_CHECKING:
    from .server import Emulator


@pytest.fixture(scope="session")
def secrets_api_server() -> Iterator[Emulator]:
    """The server, one for all tests; override it to start one with other sites, tokens or services."""
    # Here, as every pytest where this is installed loads the plugin, also those that do without the server.
    from . import Emulator

    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def secrets_api(secrets_api_server: Emulator, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    """The server as if it had just begun; plays that the test runs find it through their environment.

    Its ``control`` makes it fail, moves its clock, and tells which requests and leases there were.
    """
    secrets_api_server.control.reset()
    for name in [name for name in os.environ if name.startswith("BEYONDTRUST_")]:
        monkeypatch.delenv(name)
    for name, value in secrets_api_server.environment.items():
        monkeypatch.setenv(name, value)
    for name, value in without_proxy(secrets_api_server.url).items():
        monkeypatch.setenv(name, value)
    return secrets_api_server
