# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The actions of access policies: which are checked on which kind of resource, and what roles hold."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache

FOLDER, STATIC, DYNAMIC, INTEGRATION, PRODUCT = "folder", "static_secret", "dynamic_secret", "integration", "product"

# By the kind of resource on which the service checks an action (living-service facts, section 2.4).
ACTIONS: Mapping[str, frozenset[str]] = {
    FOLDER: frozenset(
        (
            *("ListFolderContents", "ReadFolderMetadata", "CreateFolder", "CreateSecret", "CreateDynamicSecret"),
            *("DeleteFolder", "DestroyFolder", "ForceDestroyFolder", "RestoreFolder"),
            *("WriteFolderTags", "DeleteFolderTags"),
        )
    ),
    STATIC: frozenset(
        (
            *("ReadSecret", "ReadSecretMetadata", "UpdateSecret", "DeleteSecret", "DestroySecret", "RestoreSecret"),
            *("WriteSecretTags", "DeleteSecretTags"),
        )
    ),
    DYNAMIC: frozenset(
        (
            *("ReadDynamicSecret", "ReadDynamicSecretMetadata", "UpdateDynamicSecret", "DeleteDynamicSecret"),
            *("DestroyDynamicSecret", "RestoreDynamicSecret", "WriteDynamicSecretTags", "DeleteDynamicSecretTags"),
            *("GenerateDynamicCredential", "ListLeases", "ReadLease", "RevokeLease"),
        )
    ),
    INTEGRATION: frozenset(
        (
            *("ReadIntegration", "ReadIntegrationMetadata", "UpdateIntegration", "DeleteIntegration"),
            *("WriteIntegrationTags", "DeleteIntegrationTags", "ListDynamicSecrets"),
        )
    ),
    PRODUCT: frozenset(("ListIntegrations", "CreateIntegration")),
}
EVERY_ACTION = frozenset().union(*ACTIONS.values())
GENERATE = "GenerateDynamicCredential"

_METADATA = frozenset(name for name in EVERY_ACTION if name.endswith("Metadata"))
_LISTS = frozenset(("ListFolderContents", "ListDynamicSecrets", "ListIntegrations"))
_VALUES = frozenset(("ReadSecret", "ReadDynamicSecret", "ReadIntegration"))

OWNER, ADMIN = "Owner", "Admin"
# What each role holds. The vendor's documents differ on whether Owner may generate, so nothing here counts on it.
ROLES: Mapping[str, frozenset[str]] = {
    OWNER: EVERY_ACTION - ACTIONS[PRODUCT] - {GENERATE},
    "Viewer": _LISTS | _METADATA | _VALUES,
    "Lister": _LISTS | _METADATA,
    ADMIN: EVERY_ACTION,
    "StandardUser": frozenset(),
    "Auditor": frozenset(),
}
_OWNER_AND_GENERATE = (
    "Owner may not include generating, since the vendor's documents differ: to let this principal generate, grant "
    f"{GENERATE} as well (actions: [{OWNER}, {GENERATE}])."
)
# Roles of the whole product. Policies name them in another namespace.
PRODUCT_ROLES = (ADMIN, "StandardUser", "Auditor")
_ROLE_TARGETS: Mapping[str, tuple[str, ...]] = {
    OWNER: (FOLDER, STATIC, DYNAMIC, INTEGRATION),
    "Viewer": (FOLDER, STATIC, DYNAMIC, INTEGRATION, PRODUCT),
    "Lister": (FOLDER, DYNAMIC, INTEGRATION, PRODUCT),
    **dict.fromkeys(PRODUCT_ROLES, (PRODUCT,)),
}
# The kinds of resources that a grant on a kind reaches, since grants cascade.
REACHED: Mapping[str, tuple[str, ...]] = {
    FOLDER: (FOLDER, STATIC, DYNAMIC),
    STATIC: (STATIC,),
    DYNAMIC: (DYNAMIC,),
    INTEGRATION: (INTEGRATION,),
    PRODUCT: (FOLDER, STATIC, DYNAMIC, INTEGRATION, PRODUCT),
}

READ, BROWSE, WRITE = "read", "browse", "write"
# What a principal may do, in the order in which results name it.
ABILITIES = (READ, "generate", BROWSE, WRITE)


def expanded(actions: Collection[str]) -> frozenset[str]:
    """Return the actions with each role replaced by those that it holds."""
    return frozenset().union(*(ROLES.get(name, frozenset((name,))) for name in actions))


@cache
def checked_on(actions: tuple[str, ...], kind: str) -> frozenset[str]:
    """Return the actions, with roles expanded, that the service checks on a kind of resource."""
    return expanded(actions) & ACTIONS[kind]


@cache
def disputed(actions: tuple[str, ...], kind: str) -> frozenset[str]:
    """Return the actions that the grant may or may not hold on a kind of resource: the vendor's documents differ."""
    if OWNER not in actions or kind != DYNAMIC:
        return frozenset()
    return frozenset((GENERATE,)) - expanded(actions)


def abilities(actions: Collection[str]) -> list[str]:
    """Return what these actions amount to: read, generate, browse and write."""
    found = {_ability(name) for name in expanded(actions) & EVERY_ACTION}
    return [ability for ability in ABILITIES if ability in found]


def _ability(action: str) -> str:
    if action == GENERATE:
        return "generate"
    if action in _VALUES:
        return READ
    is_read = action in _LISTS or action in _METADATA or action in ("ListLeases", "ReadLease")
    return BROWSE if is_read else WRITE


def slips(actions: Collection[str], kind: str) -> list[str]:
    """Return a sentence for each action or role that grants nothing, or surely not what was meant."""
    reached = frozenset().union(*(ACTIONS[one] for one in REACHED[kind]))
    found = []
    for name in sorted(actions):
        if name in ROLES:
            found += _role_slips(name, actions, kind)
        elif name not in EVERY_ACTION:
            found.append(f"{name} is no known action, so the service may not check it anywhere.")
        elif name not in reached:
            found.append(f"{name} is never checked on {_article(kind)} or below it, so it grants nothing here.")
    return found


def _role_slips(role: str, actions: Collection[str], kind: str) -> list[str]:
    targets = _ROLE_TARGETS[role]
    if kind not in targets:
        nouns = ", ".join(target.replace("_", " ") for target in targets)
        return [f"{role} cannot be granted on {_article(kind)}, only on: {nouns}."]
    if role == ADMIN:
        return ["Admin on the whole product is full control of everything in the site, generating included."]
    if role == OWNER and kind in (FOLDER, DYNAMIC) and GENERATE not in expanded(actions):
        return [_OWNER_AND_GENERATE]
    return []


def _article(kind: str) -> str:
    noun = kind.replace("_", " ")
    return "the product" if kind == PRODUCT else f"an {noun}" if kind == INTEGRATION else f"a {noun}"
