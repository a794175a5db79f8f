# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The packages that the emulator needs: the bounds are said in two places, and what is too old is named."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from workload_credentials_emulator import StartError, packages

PROJECT = Path(__file__).parents[2] / "emulator" / "pyproject.toml"


def test_the_bounds_are_those_of_the_package() -> None:
    declared = tomllib.loads(PROJECT.read_text())["project"]["dependencies"]
    assert dict(one.partition(",")[0].split(">=") for one in declared) == packages.MINIMUM
    assert all(",<" in one for one in declared)


@pytest.mark.parametrize(
    ("found", "old"),
    [("0.120.9", True), ("0.121", False), ("0.121.0", False), ("0.121rc1", False), ("1.0", False), ("0.9", True)],
)
def test_what_is_too_old_is_named(monkeypatch: pytest.MonkeyPatch, found: str, old: bool) -> None:
    packages.require_packages()
    monkeypatch.setattr(packages, "version", lambda name: found if name == "fastapi" else "999")
    if old:
        with pytest.raises(StartError, match=rf"fastapi {found} is too old: install fastapi>=0\.121\."):
            packages.require_packages()
    else:
        packages.require_packages()
