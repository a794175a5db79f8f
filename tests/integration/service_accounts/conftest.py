# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A namespace of its own for each test."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.accounts import Accounts, new


@pytest.fixture
def accounts(cluster: Any) -> Accounts:
    return new(cluster)
