# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A code of an MFA device serves once in a run, whoever of its workers comes first."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import OptionError
from ansible_collections.community.workload_credentials.plugins.plugin_utils._leases.sealed import Codes


def test_one_of_many_may_send_a_code_and_it_is_nowhere_on_disk(tmp_path: Path) -> None:
    def spend(_number: int) -> str:
        try:
            Codes(tmp_path).spend("device", "071946")
        except OptionError as error:
            return str(error)
        return ""

    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(spend, range(20)))
    assert said.count("") == 1
    assert "071946" not in " ".join(said)
    for path in tmp_path.rglob("*"):
        assert "071946" not in path.name
        assert path.is_dir() or b"071946" not in path.read_bytes()


def test_another_code_device_or_run_is_another_matter(tmp_path: Path) -> None:
    Codes(tmp_path).spend("device", "071946")
    Codes(tmp_path).spend("device", "071947")
    Codes(tmp_path).spend("another", "071946")
    (tmp_path / "run").mkdir()
    Codes(tmp_path / "run").spend("device", "071946")
    with pytest.raises(OptionError, match="^token_code: this code was already used in this run"):
        Codes(tmp_path).spend("another", "071946")
