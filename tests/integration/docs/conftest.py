# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people copy may ask AWS, too: the STS of these tests, and a user's keys."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.examples import SECRET
from tests.support.plays import Plays
from tests.support.sts import Sts


@pytest.fixture(scope="session")
def sts() -> Iterator[Sts]:
    """One for all of them."""
    with Sts() as running:
        yield running


@pytest.fixture
def plays(plays: Plays, sts: Sts) -> Plays:
    """Runs plays against the test's site, as a user of AWS."""
    keys = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": SECRET}
    aws = {**keys, "AWS_REGION": "eu-west-1", "AWS_URL": sts.url}
    return Plays(plays.folder, {**plays.environment, **aws})
