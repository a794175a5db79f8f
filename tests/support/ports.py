# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Both ways to a cluster for tests, and what they write."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._kube.by_modules import ByModules
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.client import InWorker
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.objects import Cluster

WAYS = ("in_worker", "by_modules")


def port(way: str, kubeconfig: Path, **options: Any) -> Cluster:
    """The cluster of the kubeconfig."""
    chosen = {"kubeconfig": str(kubeconfig), **options}
    return InWorker(chosen) if way == "in_worker" else ByModules(run_module, chosen)


def run_module(module: str, arguments: Mapping[str, Any], *, check_mode: bool) -> Any:
    """The result of one of kubernetes.core's modules in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", f"ansible_collections.kubernetes.core.plugins.modules.{module.rpartition('.')[2]}"],
        input=json.dumps({"ANSIBLE_MODULE_ARGS": {**arguments, "_ansible_check_mode": check_mode}}),
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        return json.loads(done.stdout)
    except ValueError:
        # As Ansible tells of a module that broke off.
        return {"failed": True, "msg": "MODULE FAILURE: see stdout/stderr", "exception": done.stderr}


def secret(name: str, namespace: str, values: Mapping[str, str] | None = None, **fields: Any) -> dict[str, Any]:
    """A Secret's manifest; ``metadata`` and other fields are added to it."""
    data = {key: base64.b64encode(value.encode()).decode() for key, value in (values or {}).items()}
    metadata = {"name": name, "namespace": namespace, **fields.pop("metadata", {})}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data, **fields}


def namespace(name: str) -> dict[str, Any]:
    """A namespace's manifest."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
