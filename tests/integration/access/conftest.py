# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An organization for each test: names of policies and identities count in the whole of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.organization import ADMIN_TOKEN, SITES, Organization
from tests.support.site import TOKEN


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The emulator of all these organizations, one after another."""
    from workload_credentials_emulator.server import Emulator

    folder = tmp_path_factory.mktemp("tls")
    with Emulator(sites=SITES, tokens=[TOKEN], admin_token=ADMIN_TOKEN, tls_dir=folder) as running:
        yield running


@pytest.fixture
def organization(served: Any) -> Organization:
    """Two empty sites, and an administration site that knows nobody."""
    served.control.reset()
    return Organization(served)
