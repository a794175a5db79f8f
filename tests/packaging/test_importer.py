# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Galaxy does with the archive before it takes it: its own importer has nothing to say."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from tests.support.programs import finished

pytestmark = pytest.mark.one_core
# Its ansible-lint is left out: make lint runs a stricter one. It has only half of the tools of ansible-test.
SETTINGS = {
    "CHECK_REQUIRED_TAGS": "true",
    "REQUIRE_V1_OR_GREATER": "true",
    "RUN_ANSIBLE_LINT": "false",
    "RUN_ANSIBLE_TEST": "false",
}


@pytest.mark.thorough
def test_galaxys_importer_has_nothing_to_say(archive: Path, tmp_path: Path) -> None:
    settings = {f"GALAXY_IMPORTER_{name}": value for name, value in SETTINGS.items()}
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = finished(
        [sys.executable, "-m", "galaxy_importer.main", str(archive)],
        folder=tmp_path,
        environment={**os.environ, **settings, "PATH": path},
    )
    said = [line for line in done.stdout.splitlines() if not line.startswith(("Loading ", "Linting "))]
    assert done.returncode == 0, said
    assert [line for line in said if line.startswith(("WARNING", "ERROR"))] == []
    assert said[-1] == "Importer processing completed successfully"
    found = json.loads((tmp_path / "importer_result.json").read_text(encoding="utf-8"))
    documented = {content["name"] for content in found["contents"] if content["content_type"] == "module"}
    assert documented >= {"dynamic_credentials", "cluster_credentials", "session_info"}
    assert found["metadata"]["issues"]
