# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures: one emulator and one control plane for all tests, a fresh site and folder for each."""

from __future__ import annotations

import os
import signal
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible.release import __version__ as ansible_version

from tests.support.plays import BRISK, Plays
from tests.support.site import TOKEN, Site

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Who was started in a shell's background ignores Ctrl-C, and so would every run that is interrupted here.
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Folders of tests whose subject speaks with the Secrets API.
TWO_WORLDS = ("modules", "lookups", "role", "hosts")
# Sites are cheap: each test has one of its own, so that no test sees another's leases or requests.
SITES = [str(uuid.UUID(int=number, version=4)) for number in range(1, 4001)]


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The Secrets API, over TLS."""
    from workload_credentials_emulator.server import Emulator

    with Emulator(sites=SITES, tokens=[TOKEN], tls_dir=tmp_path_factory.mktemp("tls")) as running:
        yield running


@pytest.fixture(scope="session")
def unused_sites() -> Iterator[str]:
    """Sites that no test has had."""
    return iter(SITES)


def fresh(sites: Iterator[str]) -> str:
    """The next site that no test has had."""
    return next(sites)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Let tests of modules, lookups and role run in both worlds: with each core in another, or in both with one.

    Tests of the role that run with one core do so on a living site; ``WORLD=document`` runs them by the document.
    """
    if "world" in metafunc.fixturenames and metafunc.definition.path.parent.name in TWO_WORLDS:
        marks = {mark.name for mark in metafunc.definition.iter_markers()}
        worlds = worlds_of(metafunc.definition.path.parent.name, marks)
        metafunc.parametrize("world", worlds, scope="module" if "scenario" in metafunc.fixturenames else None)


def worlds_of(folder: str, marks: set[str]) -> list[Any]:
    """The worlds in which a test runs with this ansible-core; ``WORLD=document`` or ``WORLD=living`` chooses one.

    ``make test`` runs each in one of them: where there are two, the second is thorough.

    :arg folder: of the test.
    :arg marks: the names of its marks.
    """
    if "document" in marks:
        return ["document"]
    if os.environ.get("WORLD"):
        return [os.environ["WORLD"]]
    if "one_core" in marks and folder == "role":
        # Most of their time is the cluster's, which is the same in both.
        return ["living"]
    if "one_core" in marks:
        return ["living", pytest.param("document", marks=pytest.mark.thorough)]
    return ["living" if is_newest_core() else "document"]


def is_newest_core() -> bool:
    """Whether this is not the oldest ansible-core that is supported."""
    return not ansible_version.startswith("2.16.")


@pytest.fixture
def world() -> str:
    """How the site answers: as the API's document says, or as the living service was seen to."""
    return "document"


@pytest.fixture
def site(emulator: Any, unused_sites: Iterator[str], world: str) -> Iterator[Site]:
    """An empty site of the running emulator."""
    one = Site(emulator, fresh(unused_sites))
    if world == "living":
        one.behave(living=True)
    yield one
    one.close()


@pytest.fixture
def plays(site: Site, tmp_path: Path) -> Plays:
    """Runs plays against the test's site."""
    return Plays(tmp_path, {**site.environment, **BRISK})


@pytest.fixture(scope="session")
def cluster() -> Iterator[Any]:
    """A Kubernetes control plane."""
    from tests.kubernetes.control_plane import ControlPlane

    with ControlPlane() as running:
        yield running
