# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an ExternalSecret refers to: its Secret, its generator or its store.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.marks import Found, identity


def target_of(external: Found) -> str:
    """The name of the Secret."""
    spec = external.get("spec") or {}
    return str((spec.get("target") or {}).get("name") or external["metadata"]["name"])


def policy_of(external: Found) -> str:
    """How it makes its Secret, or takes part in one."""
    return str(((external.get("spec") or {}).get("target") or {}).get("creationPolicy", "Owner"))


def by_target(external: Sequence[Found]) -> dict[tuple[str, str], Found]:
    """ExternalSecrets by namespace and name of their Secrets."""
    return {(identity(one)[0], target_of(one)): one for one in external}


def generator_of(external: Found) -> tuple[str, str]:
    """Kind and name of its generator; empty where it has none."""
    for source in (external.get("spec") or {}).get("dataFrom") or ():
        reference = (source.get("sourceRef") or {}).get("generatorRef")
        if reference:
            return reference.get("kind", ""), reference.get("name", "")
    return "", ""


def references_of(external: Found) -> set[tuple[str, str, str]]:
    """Kind, namespace ("" for none) and name of what it refers to."""
    namespace = identity(external)[0]
    named = (one for one in (store_of(external), generator_of(external)) if one[0])
    return {(kind, "" if kind.startswith("Cluster") else namespace, name) for kind, name in named}


def store_of(external: Found) -> tuple[str, str]:
    """Kind and name of its store; empty where it has none."""
    reference = (external.get("spec") or {}).get("secretStoreRef") or {}
    return (reference.get("kind", "SecretStore"), reference["name"]) if reference.get("name") else ("", "")
