# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What it costs to push Secrets into a real control plane, beside kubernetes.core."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.benchmarks import memory
from tests.benchmarks.table import Row, at_most, milliseconds, ratio
from tests.benchmarks.timing import EMPTY, NotMeasured, Subject, Tasks, cost, seconds
from tests.kubernetes.control_plane import ControlPlane
from tests.kubernetes.errors import ControlPlaneError
from tests.support.plays import Plays

ENTRIES, NAMESPACES = 100, 20
GROWTH = (100, 1000, 2000)
_UNCHANGED_S = 0.4
_LINEAR = 1.25
# Those of an AWS lease in number and size.
_VALUES = {"accessKeyId": "A" * 20, "secretAccessKey": "s" * 40, "sessionToken": "t" * 300}


@dataclass(frozen=True)
class Namespaces:
    """So many namespaces of one prefix, and what is to be delivered into them."""

    api: Any
    prefix: str

    def make(self) -> None:
        """All of them, empty."""
        for number in range(NAMESPACES):
            self.api.create_namespace({"metadata": {"name": self._name(number)}})

    def empty(self) -> None:
        """Remove the Secrets, so that the next round sees none of this one's."""
        for number in range(NAMESPACES):
            self.api.delete_collection_namespaced_secret(self._name(number))

    def role(self, entries: int) -> Subject:
        """The role with so many entries; ``times`` is not used."""
        wanted = [
            {"name": f"aws-{one}", "namespace": self._name(one), "dynamic_secret": "prod/aws"} for one in range(entries)
        ]
        roles = [{"role": "community.workload_credentials.cluster_credentials"}]
        play = {"roles": roles, "vars": {"cluster_credentials_entries": wanted}}
        return Subject(f"the role, {entries} {'entry' if entries == 1 else 'entries'}", lambda _times: [], 1, play=play)

    def peer(self, entries: int) -> Subject:
        """One task of the peer with as many Secrets as ready manifests: it generates nothing."""
        manifests = [
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": f"aws-{one}", "namespace": self._name(one), "labels": {"peer": "yes"}},
                "stringData": _VALUES,
            }
            for one in range(entries)
        ]
        arguments = {"apply": True, "server_side_apply": {"field_manager": "peer"}, "resource_definition": manifests}
        tasks: Tasks = [{"name": "the peer", "kubernetes.core.k8s": arguments}]
        return Subject(f"kubernetes.core.k8s, {entries} Secrets", lambda _times: tasks, 1)

    def _name(self, number: int) -> str:
        return f"{self.prefix}-{number % NAMESPACES}"


@contextmanager
def cluster(plays: Plays) -> Iterator[tuple[Plays, Any]]:
    """Plays that reach a new control plane, and its API.

    :raises NotMeasured: there is none to be had here.
    """
    from kubernetes import client, config

    control_plane = ControlPlane()
    try:
        control_plane.start()
    except ControlPlaneError as problem:
        raise NotMeasured(f"f: there is no Kubernetes control plane to measure with: {problem}") from None
    try:
        kubeconfig = str(control_plane.kubeconfig)
        api = client.CoreV1Api(config.new_client_from_config(kubeconfig))
        yield replace(plays, environment={**plays.environment, "K8S_AUTH_KUBECONFIG": kubeconfig}), api
    finally:
        control_plane.stop()


def beside_the_peer(plays: Plays, api: Any, runs: int) -> Iterator[Row]:
    """The role's first run and its unchanged run, and the peer's; each round in namespaces of its own."""
    taken: dict[str, list[float]] = {"empty": [], "first": [], "peer": [], "again": []}
    for run in range(runs + 1):
        ours, theirs = (Namespaces(api, f"{who}-{run}") for who in ("ours", "theirs"))
        ours.make()
        theirs.make()
        # The first round compiles what the others find compiled, and is not counted.
        which, size = (f"run {run} of {runs}", ENTRIES) if run else ("warming up", 1)
        role = ours.role(size)
        subjects = {"empty": EMPTY, "peer": theirs.peer(size), "first": role, "again": role}
        for name, subject in subjects.items():
            spent = seconds(plays, subject, 1, which, unchanged=name == "again")
            taken[name].extend([spent] if run else [])
        ours.empty()
        theirs.empty()
    first, peer, again = (cost(taken[name], taken["empty"], 1) for name in ("first", "peer", "again"))
    yield Row("f", f"{ENTRIES} entries in {NAMESPACES} namespaces: the role", f"{first:.2f} s")
    yield Row("f", f"{ENTRIES} Secrets in {NAMESPACES} namespaces: kubernetes.core.k8s", f"{peer:.2f} s")
    times = ratio(first, peer)
    yield at_most("f", "the role, times the peer", times, 1)
    yield Row("f", "the role again, unchanged", f"{again:.2f} s", f"at most {_UNCHANGED_S} s", again <= _UNCHANGED_S)
    empty = statistics.median(taken["empty"])
    yield Row("f", f"the role again, times an empty play ({empty:.2f} s)", f"{ratio(again, empty):.2f}")


def growing(plays: Plays, api: Any, runs: int) -> Iterator[Row]:
    """The unchanged run with more and more entries, each time with no more in the cluster than are asked for."""
    namespaces = Namespaces(api, "many")
    namespaces.make()
    found, peaks = {}, {}
    for size in GROWTH:
        role = namespaces.role(size)
        seconds(plays, role, 1, "making them")
        found[size], peaks[size] = _unchanged(plays, role, runs)
        yield Row("f", f"an entry of {size}, unchanged", milliseconds(found[size] / size))
    least, middle, most = GROWTH
    times = ratio(found[most] / most, found[least] / least)
    yield at_most("f", f"an entry of {most} costs, times one of {least}", times, _LINEAR, ": linear")
    further = ratio((found[most] - found[middle]) / (most - middle), (found[middle] - found[least]) / (middle - least))
    yield Row("f", f"one more than {middle} costs, times one more than {least}", f"{further:.2f}")
    for size in (least, most):
        yield Row("f", f"peak memory of the largest process, {size} entries", f"{peaks[size]:.0f} MiB")


def _unchanged(plays: Plays, role: Subject, runs: int) -> tuple[float, float]:
    """Seconds above an empty play, and MiB: medians."""
    note = plays.folder / "peak"
    measured = replace(plays, before=(sys.executable, str(Path(memory.__file__)), str(note)))
    empty, again, peaks = [], [], []
    for run in range(1, runs + 1):
        empty.append(seconds(measured, EMPTY, 1, f"run {run} of {runs}"))
        again.append(seconds(measured, role, 1, f"run {run} of {runs}", unchanged=True))
        peaks.append(float(note.read_text(encoding="utf-8")))
    return cost(again, empty, 1), statistics.median(peaks)
