# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The key of a run that has no secret of its own."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ansible_collections.community.workload_credentials.plugins.plugin_utils._leases.sealed import key_of_run


def test_all_workers_of_a_run_find_one_key_that_nobody_else_can_read(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _number: key_of_run(tmp_path), range(40)))
    (key,) = tmp_path.iterdir()
    assert found == {key.read_text()}
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    (tmp_path / "other").mkdir()
    assert key_of_run(tmp_path / "other") not in found
