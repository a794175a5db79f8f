# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role writes is what the operator's CRDs know, field by field."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes import client

from tests.support.plays import Unsafe
from tests.support.represented import represented
from tests.support.role import Role

REFERENCE = {"name": "iam-user", "key": "key"}
ENTRIES: tuple[dict[str, Any], ...] = (
    {"name": "aws", "dynamic_secret": "prod/aws", "format": "aws_env", "labels": {"app": "web"}, "type": "example/aws"},
    {"name": "plain", "dynamic_secret": "prod/aws", "refresh_interval": "10m", "annotations": {"example/a": "b"}},
    {"name": "azure", "dynamic_secret": "prod/azure", "keys": {"ID": "client_id"}, "creation_policy": "Merge"},
    {
        "name": "app",
        "static_secret": "prod/app",
        "template": {"P": Unsafe("{{ .password | upper }}")},
        "deletion_policy": "Delete",
    },
    {
        "name": "sts",
        "sts_session_token": {
            "region": "eu-central-1",
            "secret_ref": {"access_key_id": REFERENCE, "secret_access_key": REFERENCE},
            "request_parameters": {"session_duration": 3600},
        },
    },
)
OWN = {
    "BeyondtrustWorkloadCredentialsDynamicSecret": 2,
    "ExternalSecret": 5,
    "STSSessionToken": 1,
    "SecretStore": 1,
    "Webhook": 1,
}
# The two entries of one definition share its generator.
SHARED = {"ClusterGenerator": 3, "ClusterSecretStore": 1, "ExternalSecret": 5}


@pytest.mark.one_core
@pytest.mark.parametrize(
    ("scope", "kinds_of"), represented([("namespace", OWN), ("cluster", SHARED)], by=[("namespace", OWN)])
)
def test_every_object_passes_strict_validation(
    role: Role, kinds: None, tmp_path: Path, scope: str, kinds_of: dict[str, int]
) -> None:
    variables = {
        "cluster_credentials_delivery": "external_secret",
        "cluster_credentials_render_dir": str(tmp_path / "manifests"),
        "cluster_credentials_scope": scope,
    }
    outcome = role.play(*ENTRIES, entry_point="render", **variables)
    assert outcome.status == 0, outcome.output
    files = (tmp_path / "manifests").glob("*.yml")
    written = [one for path in files for one in yaml.safe_load_all(path.read_text(encoding="utf-8")) if one]
    assert [one["spec"]["target"]["template"]["data"]["P"] for one in written if one["metadata"]["name"] == "app"] == [
        "{{ .password | upper }}"
    ]
    role.api.create_namespace({"metadata": {"name": role.namespace}})
    found = sorted(one["kind"] for one in written)
    assert {kind: found.count(kind) for kind in found} == kinds_of
    for one in written:
        assert "notAField" in refused({**one, "spec": {**one["spec"], "notAField": 1}})
        assert refused(one) == ""


def refused(manifest: dict[str, Any]) -> str:
    """What a strict server-side apply says against it, without making it."""
    group, version = manifest["apiVersion"].split("/")
    metadata, kind = manifest["metadata"], manifest["kind"].lower()
    api, where = client.CustomObjectsApi(), [group, version]
    if "namespace" in metadata:
        patch = api.patch_namespaced_custom_object
        where.append(metadata["namespace"])
    else:
        patch = api.patch_cluster_custom_object
    try:
        patch(
            *(*where, f"{kind}s", metadata["name"], manifest),
            dry_run="All",
            field_manager="test",
            field_validation="Strict",
            _content_type="application/apply-patch+yaml",
        )
    except client.ApiException as error:
        return str(error.body)
    return ""
