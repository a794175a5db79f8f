# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the demo shows: names, keys, leases and expirations, never a value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import requests
import yaml
from ansible_collections.community.workload_credentials.plugins.module_utils._api.times import parse_time, written
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.secrets import EXPIRATION, LEASE
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.spec import MANAGED_LABEL
from kubernetes import client, config
from workload_credentials_emulator.server import DEMO_SITE, DEMO_TOKEN

from tests.demo.playbook import Run


def show_run(title: str, run: Run, minted: int) -> None:
    """One line about a run."""
    print(f"{title}: {run.tasks} tasks, {run.changed} changed, {minted} leases minted")


def show_service(service: Any) -> None:
    """What the Secrets API holds now."""
    print("\nIn the Secrets API")
    for kind in ("folders", "integrations", "static", "dynamic"):
        for entry in _listed(service, kind):
            name = entry.get("path", "").strip("/") or f"{entry['type']}/{entry['name']}"
            print(f"  {kind.rstrip('s'):12} {name}")


def show_files(folder: Path) -> None:
    """The rendered file, by its comment."""
    print("\nOn this machine")
    for path in sorted(folder.iterdir()):
        if path.is_file():
            mode = oct(path.stat().st_mode & 0o777)[2:]
            print(f"  {path.name}, mode 0{mode}: {path.read_text(encoding='utf-8').splitlines()[0].lstrip('# ')}")


def show_manifests(folder: Path) -> None:
    """What was rendered for GitOps tools: the kinds in each file, and one object to read."""
    print("\nFor GitOps, as files (README.md says how Argo CD and Flux take them)")
    for path in sorted(folder.glob("*.yml")):
        objects = [one for one in yaml.safe_load_all(path.read_text(encoding="utf-8")) if one]
        print(f"  manifests/{path.name}: {', '.join(one['kind'] + ' ' + one['metadata']['name'] for one in objects)}")
    shown = (folder / "shop.yml").read_text(encoding="utf-8").split("---\n")[-1]
    print("\n" + "".join(f"    {line}\n" for line in shown.rstrip().splitlines()), end="")


def show_cluster(cluster: Any) -> None:
    """The Secrets that the role pushed."""
    print("\nIn the cluster")
    config.load_kube_config(str(cluster.kubeconfig))
    selector = ",".join(f"{name}={value}" for name, value in MANAGED_LABEL.items())
    for secret in client.CoreV1Api().list_secret_for_all_namespaces(label_selector=selector).items:
        notes = secret.metadata.annotations
        # The service writes times with its own offset, and this collection in UTC.
        until = f"lease {notes[LEASE]} until {written(parse_time(notes[EXPIRATION]))}" if LEASE in notes else "static"
        print(f"  {secret.metadata.namespace}/{secret.metadata.name}: {', '.join(sorted(secret.data))} ({until})")


def show_leases(service: Any) -> None:
    """How many leases there are, by definition."""
    print("\nLeases minted")
    for path, count in sorted(service.control.leases()["by_path"].items()):
        print(f"  {path}: {count['minted']}")
    print()


def show_account(run: Run) -> None:
    """A token of a service account from its first to its last moment."""
    print("\nA token of a service account (playbooks/service_account.yml)")
    for line in run.said:
        print(f"  {line}")


def _listed(service: Any, kind: str) -> list[dict[str, Any]]:
    answer = requests.get(
        f"{service.url}/site/{DEMO_SITE}/secrets/{kind}",
        params={} if kind == "integrations" else {"recursive": "true"},
        headers={"Authorization": f"Bearer {DEMO_TOKEN}", "bt-secrets-api-version": "2026-04-28"},
        verify=service.ca_cert,
        timeout=10,
    )
    found: list[dict[str, Any]] = answer.json()["data"]
    return found
