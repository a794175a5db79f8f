# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which entries that are pushed are due, and why.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import StateError
from ansible_collections.community.workload_credentials.plugins.module_utils._api.times import parse_time
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster_marks import (
    DEFINITION,
    EXPIRATION,
    KEYS,
    MARKS,
    MINTED,
    Entry,
    Secret,
    fingerprint,
    identity,
    is_managed,
    is_operated,
    is_pushed,
    lease_of,
    other_owners,
    reference,
)

# A lease is renewed when no more than this part of its life is left.
_LEFT = 0.25
# Creation policies of the operator that write into somebody's Secret.
_MERGING = ("Merge", "CreateOrMerge")


def planned(
    entries: Sequence[Entry],
    existing: Sequence[Secret],
    now: datetime,
    prune: bool = False,
    missing: Sequence[str] = (),
    absent: Sequence[str] = (),
) -> list[dict[str, Any]]:
    """What is to be done about each Secret, and why; nothing in it is secret.

    ``action`` is keep, mint or read for entries that are pushed; let_go for Secrets that were pushed and are the
    operator's now; remove for those that no entry names. ``supersedes`` is the lease that nobody needs afterwards.

    :arg existing: the Secrets of the entries' namespaces, or of the cluster.
    :arg prune: remove what no entry names.
    :arg missing: namespaces that are needed and not to be created.
    :arg absent: kinds that are needed and that the cluster does not serve.
    :raises StateError: what the entries want cannot work in this cluster.
    """
    _refuse_cluster(missing, absent)
    found = {identity(secret): secret for secret in existing}
    for entry in entries:
        _refuse(entry, found.get((entry["namespace"], entry["name"])))
    pushed = [entry for entry in entries if entry["delivery"] == "push"]
    plan = [_planned(entry, found.get((entry["namespace"], entry["name"])), now) for entry in pushed]
    listed = {(entry["namespace"], entry["name"]): entry["delivery"] for entry in entries}
    for secret in sorted(existing, key=identity):
        delivery = listed.get(identity(secret))
        if is_pushed(secret) and delivery == "external_secret":
            plan.append(_leaving(secret, "let_go", "the operator delivers it now"))
        elif is_pushed(secret) and delivery is None and prune:
            plan.append(_leaving(secret, "remove", "no entry names it"))
    return plan


def takeovers(plan: Sequence[Mapping[str, Any]], external: Sequence[Secret]) -> dict[str, Any]:
    """The ``external`` ExternalSecrets to delete, and the ``secrets`` to push from now on, as patches without owners.

    An owned Secret would go with its ExternalSecret: the cluster collects it, and with the deletion policy Delete the
    operator itself removes it.

    :arg external: those of this role.
    :raises StateError: an ExternalSecret of somebody else writes a Secret of the plan.
    """
    found = {identity(one): one for one in external}
    leaving = [one for one in plan if one["operated"]]
    for one in leaving:
        if (one["namespace"], one["name"]) not in found:
            raise StateError(
                f"{one['namespace']}/{one['name']}: an ExternalSecret that this role does not manage writes this "
                "Secret. Remove it first, or choose another name."
            )
    external_secrets = [reference(found[one["namespace"], one["name"]]) for one in leaving]
    return {
        "external": external_secrets,
        # An ExternalSecret of the role writes the Secret of its own name.
        "secrets": [
            {"apiVersion": "v1", "kind": "Secret", "metadata": {**one["metadata"], "ownerReferences": None}}
            for one in external_secrets
        ],
    }


def letting_go(plan: Sequence[Mapping[str, Any]], delivered: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The plan without those Secrets that the operator has not taken over yet: until then ours are in use.

    Each that it has taken over gets its ``patch``, which takes the role's marks off and leaves the data alone.

    :arg delivered: the statuses of the operator's entries.
    """
    ready = {(one["namespace"], one["name"]) for one in delivered if one["ready"]}
    settled = []
    for one in plan:
        if one["action"] != "let_go":
            settled.append(dict(one))
        elif (one["namespace"], one["name"]) in ready:
            metadata = {**one["reference"]["metadata"], "annotations": dict.fromkeys(MARKS)}
            settled.append({**one, "patch": {**one["reference"], "metadata": metadata}})
    return settled


def _refuse_cluster(missing: Sequence[str], absent: Sequence[str]) -> None:
    problems = []
    if absent:
        problems.append(
            f"This cluster does not serve {', '.join(absent)}: install External Secrets Operator 2.9 or newer with its "
            "CRDs, or use cluster_credentials_delivery=push."
        )
    if missing:
        problems.append(
            f"cluster_credentials_entries: there is no namespace {', '.join(missing)} in this cluster. Create it "
            "first, or set cluster_credentials_create_namespaces."
        )
    if problems:
        raise StateError(" ".join(problems))


def _refuse(entry: Entry, secret: Secret | None) -> None:
    if secret is None or entry.get("creation_policy") in _MERGING:
        return
    where = f"{entry['namespace']}/{entry['name']}"
    if not (is_managed(secret) or is_operated(secret)):
        raise StateError(
            f"{where}: a Secret of this name exists and is not managed by this role. Remove it, or choose another name."
        )
    if secret.get("type", entry["type"]) != entry["type"]:
        raise StateError(
            f"{where}.type: the Secret is of type {secret['type']}, which a cluster never changes to {entry['type']}. "
            "Remove it, or choose another name."
        )


def _planned(entry: Entry, secret: Secret | None, now: datetime) -> dict[str, Any]:
    reason = "its values are read each time" if entry["source"] == "static_secret" else _due(entry, secret, now)
    action = "keep" if reason is None else "mint" if entry["source"] == "dynamic_secret" else "read"
    return {
        **{field: entry[field] for field in ("name", "namespace", "delivery", "path")},
        **_said(entry["namespace"], entry["name"], action, reason or "it is fresh"),
        "operated": secret is not None and is_operated(secret),
        "supersedes": lease_of(secret) if secret is not None and action == "mint" else None,
    }


def _leaving(secret: Secret, action: str, reason: str) -> dict[str, Any]:
    namespace, name = identity(secret)
    own = {"name": name, "namespace": namespace, "operated": False, "supersedes": lease_of(secret)}
    own["reference"] = reference({"apiVersion": "v1", "kind": "Secret", **secret})
    return {**own, **_said(namespace, name, action, reason)}


def _said(namespace: str, name: str, action: str, reason: str) -> dict[str, str]:
    return {"action": action, "reason": reason, "line": f"{namespace}/{name}: {action}, {reason}"}


def _due(entry: Entry, secret: Secret | None, now: datetime) -> str | None:
    """Why the entry needs a new lease; None: it does not."""
    if secret is None:
        return "there is no Secret"
    if is_operated(secret):
        return "it moves from the operator to push"
    notes = secret["metadata"].get("annotations") or {}
    if notes.get(DEFINITION) != fingerprint(entry):
        return "its definition has changed"
    expiration, minted = parse_time(notes.get(EXPIRATION)), parse_time(notes.get(MINTED))
    if expiration is None or minted is None:
        return "its expiration is not known"
    if sorted(secret.get("data") or {}) != json.loads(notes.get(KEYS) or "[]") or _is_tampered(secret, minted):
        return "its data was changed by somebody else"
    if (expiration - now) <= (expiration - minted) * _LEFT:
        return "it has expired" if expiration <= now else "no more than a quarter of its life is left"
    return None


def _is_tampered(secret: Secret, minted: datetime) -> bool:
    """Whether another field manager has written data since: the API server keeps account of who, and when."""
    times = [parse_time(owner.get("time")) for owner in other_owners(secret)]
    return any(time is None or time > minted for time in times)
