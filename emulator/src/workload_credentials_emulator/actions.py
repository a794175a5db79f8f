# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The vendor's actions, by what they are checked on, and the sets of them that have a name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, get_args

Permission = Literal["read", "write", "generate", "revoke"]
ALL_PERMISSIONS: frozenset[Permission] = frozenset(get_args(Permission))

# By what they are checked on; a grant on a folder reaches the items below it too.
CHECKED_ON: dict[str, frozenset[str]] = {
    "folder": frozenset(
        {
            *("ListFolderContents", "ReadFolderMetadata", "WriteFolderTags", "DeleteFolderTags"),
            *("CreateFolder", "CreateSecret", "CreateDynamicSecret"),
            *("DeleteFolder", "DestroyFolder", "ForceDestroyFolder", "RestoreFolder"),
        }
    ),
    "static": frozenset(
        {
            *("ReadSecret", "ReadSecretMetadata", "UpdateSecret", "WriteSecretTags", "DeleteSecretTags"),
            *("DeleteSecret", "DestroySecret", "RestoreSecret"),
        }
    ),
    "dynamic": frozenset(
        {
            *("ReadDynamicSecret", "ReadDynamicSecretMetadata", "UpdateDynamicSecret"),
            *("WriteDynamicSecretTags", "DeleteDynamicSecretTags"),
            *("DeleteDynamicSecret", "DestroyDynamicSecret", "RestoreDynamicSecret"),
            *("GenerateDynamicCredential", "ListLeases", "ReadLease", "RevokeLease"),
        }
    ),
    "integration": frozenset(
        {
            *("ReadIntegration", "ReadIntegrationMetadata", "UpdateIntegration", "DeleteIntegration"),
            *("WriteIntegrationTags", "DeleteIntegrationTags", "ListDynamicSecrets"),
        }
    ),
    "product": frozenset({"ListIntegrations", "CreateIntegration"}),
}
ALL_ACTIONS = frozenset().union(*CHECKED_ON.values())
_PRODUCT = CHECKED_ON["product"]
# Where no folder is: a grant reaches them by the integration's name, or from the top.
BESIDE_FOLDERS = _PRODUCT | CHECKED_ON["integration"]

_READ = frozenset(action for action in ALL_ACTIONS if action.startswith(("Read", "List")))
_LISTS = frozenset({"ListFolderContents", "ListDynamicSecrets", "ListIntegrations"})
_METADATA = frozenset(action for action in _READ if action.endswith("Metadata"))
_VALUES = frozenset({"ReadSecret", "ReadDynamicSecret", "ReadIntegration"})
_GENERATE = frozenset({"GenerateDynamicCredential"})
_REVOKE = frozenset({"RevokeLease"})
PERMISSIONS: dict[Permission, frozenset[str]] = {
    "read": _READ,
    "write": ALL_ACTIONS - _READ - _GENERATE - _REVOKE,
    "generate": _GENERATE,
    "revoke": _REVOKE,
}
ROLES = {
    "Admin": ALL_ACTIONS,
    # Whether it includes generating is disputed; who relies on that would be let down.
    "Owner": ALL_ACTIONS - _PRODUCT - _GENERATE,
    # Leases are in neither of these.
    "Viewer": _LISTS | _METADATA | _VALUES,
    "Lister": _LISTS | _METADATA,
}


def actions_of(names: Iterable[str]) -> frozenset[str]:
    """The actions that are named, each by itself or by a role.

    :raises ValueError: there is no such action.
    """
    named = list(names)
    unknown = sorted(name for name in named if name not in ALL_ACTIONS and name not in ROLES)
    if unknown:
        raise ValueError(f"names {', '.join(unknown)}, which is no action and no role")
    return frozenset(action for name in named for action in ROLES.get(name, {name}))


def integration_path(name: str) -> str:
    """Where grants look for an integration."""
    return f"integrations/{name}"
