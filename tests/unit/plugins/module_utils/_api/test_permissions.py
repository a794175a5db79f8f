# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every request has the name of its permission, which the emulator's catalogue knows."""

from __future__ import annotations

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._api.permissions import permission_for
from workload_credentials_emulator.actions import ALL_ACTIONS

REQUESTS = {
    "GET /folders?path=prod": "ListFolderContents",
    "GET /static": "ListFolderContents",
    "GET /folders/prod/metadata": "ReadFolderMetadata",
    "POST /folders/prod": "CreateFolder",
    "POST /folders/prod/restore": "RestoreFolder",
    "PATCH /folders/prod/metadata/tags": "WriteFolderTags (to remove a tag, DeleteFolderTags)",
    "DELETE /folders/prod/metadata/tags": "DeleteFolderTags",
    "DELETE /folders/prod?recursive=true": "DeleteFolder",
    "DELETE /folders/prod?permanent=true": "DestroyFolder",
    "DELETE /folders/prod?permanent=true&recursive=true": "ForceDestroyFolder",
    "GET /static/app?folder=prod&version=2": "ReadSecret",
    "GET /static/app/metadata?folder=prod": "ReadSecretMetadata",
    "POST /static/app?folder=prod": "CreateSecret",
    "PATCH /static/app": "UpdateSecret",
    "DELETE /static/app": "DeleteSecret",
    "DELETE /static/app?permanent=true": "DestroySecret",
    "PUT /static/app/metadata/tags": "WriteSecretTags",
    "GET /dynamic/app": "ReadDynamicSecret",
    "POST /dynamic/app/generate?folder=prod": "GenerateDynamicCredential",
    "PATCH /dynamic/app": "UpdateDynamicSecret",
    "DELETE /dynamic/app?permanent=true": "DestroyDynamicSecret",
    "GET /leases/app?folder=prod": "ListLeases",
    "GET /leases/id/00000000-0000-4000-8000-000000000000": "ReadLease",
    "DELETE /leases/id/00000000-0000-4000-8000-000000000000": "RevokeLease",
    "GET /integrations": "ListIntegrations",
    "GET /integrations/aws": "ListIntegrations",
    "GET /integrations/aws/main": "ReadIntegration",
    "GET /integrations/aws/main/dynamic": "ListDynamicSecrets",
    "POST /integrations/aws/main": "CreateIntegration",
    "PATCH /integrations/aws/main": "UpdateIntegration",
    "DELETE /integrations/aws/main": "DeleteIntegration",
}


@pytest.mark.parametrize(("request_line", "permission"), REQUESTS.items())
def test_a_request_needs_this_permission(request_line: str, permission: str) -> None:
    method, _space, target = request_line.partition(" ")
    assert permission_for(method, target) == permission
    assert permission.partition(" ")[0] in ALL_ACTIONS


def test_of_what_is_not_known_nothing_is_said() -> None:
    assert permission_for("GET", "/session") is None
    assert permission_for("PUT", "/static/app") is None
