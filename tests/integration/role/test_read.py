# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role's reading of a cluster: the same in the worker and through the modules of kubernetes.core."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes import client, config

from tests.support.plays import Plays

READ = "community.workload_credentials.cluster_credentials_read"
KINDS = [
    {"version": "v1", "kind": "Namespace"},
    {"version": "v1", "kind": "Secret", "fields": ["type!=helm.sh/release.v1"], "labels": ["read=me"]},
    {"version": "example.com/v1", "kind": "Nothing"},
]


@pytest.fixture
def kubeconfig(cluster: Any) -> str:
    """A cluster with three Secrets, of which one has the label."""
    config.load_kube_config(str(cluster.kubeconfig))
    api = client.CoreV1Api()
    if not api.list_namespace(field_selector="metadata.name=reading").items:
        api.create_namespace({"metadata": {"name": "reading"}})
        for name, kind in (("seen", "Opaque"), ("release", "helm.sh/release.v1")):
            meta = {"name": name, "labels": {"read": "me"}}
            api.create_namespaced_secret("reading", {"metadata": meta, "type": kind, "data": {"a": "Y2FuYXJ5"}})
        api.create_namespaced_secret("reading", {"metadata": {"name": "other"}})
    return str(cluster.kubeconfig)


@pytest.mark.parametrize("as_module", [False, True])
@pytest.mark.parametrize("named", [None, "reading/seen", "reading/other"])
def test_what_is_read(plays: Plays, kubeconfig: str, as_module: bool, named: str | None) -> None:
    kinds = [KINDS[0], {**KINDS[1], **({"names": [named]} if named else {})}, KINDS[2]]
    outcome = plays.tasks(
        [{READ: {"kinds": kinds}}],
        as_module=as_module,
        arguments=("-vvvvv",),
        environment={"K8S_AUTH_KUBECONFIG": kubeconfig},
    ).ok()
    result = outcome.result
    assert (result["absent"], result["resources"]["Nothing"]) == (["Nothing"], [])
    assert "reading" in [one["metadata"]["name"] for one in result["resources"]["Namespace"]]
    secrets = result["resources"]["Secret"]
    assert [(one["apiVersion"], one["kind"], one["metadata"]["name"]) for one in secrets] == (
        [] if named == "reading/other" else [("v1", "Secret", "seen")]
    )
    assert [one.get("data") for one in secrets if named] == [{"a": "Y2FuYXJ5"} for one in secrets if named]
    assert all(("data" in one) is ("managedFields" in one["metadata"]) is bool(named) for one in secrets)
    assert ("AnsiballZ_k8s_info" in outcome.output) is as_module
    assert "Y2FuYXJ5" not in outcome.output


@pytest.mark.parametrize("as_module", [False, True])
def test_the_cluster_may_come_from_module_defaults_or_the_tasks_environment(
    plays: Plays, kubeconfig: str, as_module: bool, tmp_path: Path
) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "relative").write_text(Path(kubeconfig).read_text(encoding="utf-8"), encoding="utf-8")
    read = {READ: {"kinds": KINDS[:1]}}
    defaults = {"kubeconfig": kubeconfig, "namespace": "elsewhere", "context": "{{ nothing | default(omit) }}"}
    tasks = [
        {**read, "module_defaults": {"group/kubernetes.core.k8s": defaults}},
        {**read, "module_defaults": {"kubernetes.core.k8s_info": {"kubeconfig": "relative"}}},
        {**read, "environment": {"K8S_AUTH_KUBECONFIG": kubeconfig}},
    ]
    outcome = plays.tasks(tasks, as_module=as_module).ok()
    for result in outcome.results:
        assert "reading" in [one["metadata"]["name"] for one in result["resources"]["Namespace"]]


@pytest.mark.parametrize("as_module", [False, True])
def test_a_cluster_that_is_not_there_is_said(plays: Plays, kubeconfig: str, as_module: bool, tmp_path: Path) -> None:
    found = yaml.safe_load(Path(kubeconfig).read_text(encoding="utf-8"))
    found["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:1"
    (tmp_path / "kubeconfig").write_text(yaml.safe_dump(found), encoding="utf-8")
    environment = {"K8S_AUTH_KUBECONFIG": str(tmp_path / "kubeconfig")}
    outcome = plays.tasks([{READ: {"kinds": KINDS, "namespaces": ["a"]}}], as_module=as_module, environment=environment)
    assert outcome.result["failed"]
    assert "Connection refused" in outcome.output
