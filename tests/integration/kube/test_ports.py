# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a task finds its cluster: in real plays, in the worker and on a host with another Python."""

from __future__ import annotations

import base64
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support import plays as support
from tests.support.plays import Plays
from tests.support.represented import represented

ACTIONS = Path(support.__file__).parent / "action_plugins"
CANARY = "canary-91bd"
DEFAULTS = "group/kubernetes.core.k8s"


@pytest.mark.parametrize("as_module", represented([False, True], by=[False]))
def test_the_connection_is_that_of_kubernetes_core(plays: Plays, cluster: Any, as_module: bool) -> None:
    (plays.folder / "files").mkdir()
    shutil.copy(cluster.kubeconfig, plays.folder / "files" / "mine.kubeconfig")
    config = yaml.safe_load(cluster.kubeconfig.read_text(encoding="utf-8"))
    config["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:1"
    (plays.folder / "dead").write_text(yaml.safe_dump(config), encoding="utf-8")
    kubeconfig, missing = str(cluster.kubeconfig), str(plays.folder / "nowhere")
    write = {"cluster_port": {"name": f"port-{as_module}".lower(), "value": CANARY}}
    tasks = {
        "the task's environment": {**write, "environment": {"K8S_AUTH_KUBECONFIG": kubeconfig}},
        "the group's defaults": {**write, "module_defaults": {DEFAULTS: {"kubeconfig": kubeconfig}}},
        "a file beside the play": {**write, "module_defaults": {DEFAULTS: {"kubeconfig": "mine.kubeconfig"}}},
        "a module's defaults come last": {
            **write,
            "module_defaults": {
                DEFAULTS: {"kubeconfig": missing},
                "kubernetes.core.k8s": {"kubeconfig": "{{ nearest }}", "context": "{{ omit }}", "namespace": "other"},
            },
            "vars": {"nearest": kubeconfig},
        },
        "no such file": {**write, "module_defaults": {DEFAULTS: {"kubeconfig": missing}}},
        # A module breaks off over this one.
        "nothing listens": {**write, "environment": {"K8S_AUTH_KUBECONFIG": str(plays.folder / "dead")}},
        "a switch that is none": {
            **write,
            "module_defaults": {DEFAULTS: {"kubeconfig": kubeconfig, "validate_certs": "perhaps"}},
        },
    }
    outcome = plays.tasks(
        list(tasks.values()),
        as_module=as_module,
        arguments=("-vvvvv", "--diff"),
        environment={"ANSIBLE_ACTION_PLUGINS": str(ACTIONS)},
    )
    good, wrong = outcome.results[:4], outcome.results[4:]
    expected = {"way": "ByModules" if as_module else "InWorker", "same": True, "length": 16}
    for name, result in zip(tasks, good, strict=False):
        assert {key: result.get(key) for key in expected} == expected, (name, result, outcome.output)
    assert [one["failed"] for one in wrong] == [True] * 3
    for part, result in zip((missing, "nothing listens there: check", "validate_certs"), wrong, strict=True):
        assert part in result["msg"], result
    for hidden in (CANARY, base64.b64encode(CANARY.encode()).decode()):
        assert hidden not in outcome.output
