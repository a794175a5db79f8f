# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Molecule scenarios, idempotence included, against the emulator with its example and a real kube-apiserver."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from workload_credentials_emulator import Behaviour, Emulator

from tests.support.operator import Operator
from tests.support.plays import Plays
from tests.support.programs import finished
from tests.support.represented import represented
from tests.support.site import Site

pytestmark = pytest.mark.one_core
EXTENSIONS = Path(__file__).parents[3] / "extensions"
SCENARIOS = sorted(path.parent.name for path in EXTENSIONS.glob("molecule/*/molecule.yml"))


@pytest.fixture
def example(world: str) -> Iterator[Site]:
    """What the contributing guide starts."""
    behaviour = Behaviour.living() if world == "living" else Behaviour()
    with Emulator(example=True, behaviour=behaviour) as running:
        yield Site(running, running.sites[0])


@pytest.mark.parametrize("scenario", represented(SCENARIOS, by=["push"]))
def test_a_scenario_passes(
    plays: Plays, example: Site, cluster: Any, request: pytest.FixtureRequest, scenario: str
) -> None:
    programs = Path(sys.executable).parent
    environment = {
        **example.environment,
        "BEYONDTRUST_ACCESS_TOKEN": example.emulator.tokens[0],
        "K8S_AUTH_KUBECONFIG": str(cluster.kubeconfig),
        "MOLECULE_EPHEMERAL_DIRECTORY": str(plays.folder / "molecule"),
        "PATH": f"{programs}:/usr/bin:/bin",
    }
    (plays.folder / "molecule").mkdir()
    at_work: Any = nullcontext()
    if scenario == "external_secret":
        request.getfixturevalue("kinds")
        at_work = Operator("molecule-external-secret", str(example.emulator.ca_cert), str(cluster.kubeconfig))
    with at_work:
        done = finished(
            [str(programs / "molecule"), "test", "--scenario-name", scenario],
            folder=EXTENSIONS,
            environment=plays.variables(environment),
        )
    assert done.returncode == 0, done.stdout
    assert "example-password" not in done.stdout
