# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pushing credentials into a cluster: the Secrets that should stand at the end, and what that changes.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import OptionError
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster_marks import (
    DEFINITION,
    EXPIRATION,
    KEYS,
    LEASE,
    MANAGED_LABEL,
    MINTED,
    OPERATED,
    PREFIX,
    Entry,
    Secret,
    fingerprint,
    identity,
    own_names,
    reference,
    removal,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._formats import formatted

# The key of a Secret that holds a format which is one text.
_TEXT_KEY = "credentials"


def push(
    entries: Sequence[Entry],
    plan: Sequence[Mapping[str, Any]],
    existing: Sequence[Secret],
    minted: Sequence[Mapping[str, Any]],
    read: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """What a push does: the ``manifests`` that change, the ``patches`` that follow them, ``report`` and ``diff``.

    The last two hold no value. For the arguments see ``manifests``.
    """
    made = manifests(entries, plan, existing, minted, read)
    found = {identity(secret): secret for secret in existing}
    return {
        "manifests": [secret for secret in made if not _is_same(found.get(identity(secret)), secret)],
        "patches": leftovers(made, existing),
        "report": report(plan, existing, made),
        "diff": difference(existing, made),
    }


def manifests(
    entries: Sequence[Entry],
    plan: Sequence[Mapping[str, Any]],
    existing: Sequence[Secret],
    minted: Sequence[Mapping[str, Any]],
    read: Sequence[Mapping[str, Any]],
) -> list[dict[str, Any]]:
    """The Secrets that should be there, one for each entry.

    An entry that is kept has the data that it had: labels may change without a new lease.

    :arg minted: credentials for the entries whose action is ``mint``, in their order.
    :arg read: values for those whose action is ``read``, in their order.
    :raises OptionError: a key that an entry wants is not among the values.
    """
    found = {identity(secret): secret for secret in existing}
    fresh = {"mint": iter(minted), "read": iter(read)}
    pushed = [entry for entry in entries if entry["delivery"] == "push"]
    return [
        _kept(entry, found[(entry["namespace"], entry["name"])])
        if one["action"] == "keep"
        else _written(entry, next(fresh[one["action"]]))
        for entry, one in zip(pushed, plan)
    ]


def report(
    plan: Sequence[Mapping[str, Any]], existing: Sequence[Secret], applied: Sequence[Secret]
) -> list[dict[str, Any]]:
    """What happened to each entry, without any value.

    :arg applied: the manifests that were applied, in the plan's order.
    """
    before = {identity(secret): secret for secret in existing}
    done = [_reported(one, before.get(identity(secret)), secret) for one, secret in zip(plan, applied)]
    return done + [
        removal(before[one["namespace"], one["name"]], "push", one["reason"])
        for one in plan
        if one["action"] == "remove"
    ]


def difference(existing: Sequence[Secret], applied: Sequence[Secret]) -> dict[str, Any]:
    """Before and after of the Secrets that change, by namespace and name, without any value."""
    found = {identity(secret): secret for secret in existing}
    changes: dict[str, dict[str, Any]] = {"before": {}, "after": {}}
    for secret in applied:
        old = found.get(identity(secret))
        if _is_same(old, secret):
            continue
        where, same_data = "/".join(identity(secret)), bool(old and old.get("data") == secret["data"])
        changes["after"][where] = _shown(secret, "as it was" if same_data else "new values")
        if old is not None:
            changes["before"][where] = _shown(old, "as it was" if same_data else "old values")
    return changes


def leftovers(applied: Sequence[Secret], existing: Sequence[Secret]) -> list[dict[str, Any]]:
    """Patches that remove what others have added: a server-side apply leaves what it does not own."""
    found = {identity(secret): secret for secret in existing}
    patches = []
    for secret in applied:
        before = found.get(identity(secret))
        if before is None:
            continue
        extra = set(before.get("data") or {}) - set(secret["data"])
        labels = {OPERATED} & set(before["metadata"].get("labels") or {})
        if extra or labels:
            metadata = {**reference(secret)["metadata"], "labels": dict.fromkeys(labels)}
            patches.append({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": dict.fromkeys(extra)})
    return patches


def _kept(entry: Entry, secret: Secret) -> dict[str, Any]:
    notes = secret["metadata"].get("annotations") or {}
    kept = {name: text for name, text in notes.items() if name.startswith(PREFIX)}
    return _manifest(entry, dict(secret.get("data") or {}), kept)


def _written(entry: Entry, values: Any) -> dict[str, Any]:
    data = {key: _encoded(value) for key, value in _data(entry, values).items()}
    notes = {DEFINITION: fingerprint(entry), KEYS: json.dumps(sorted(data))}
    if entry["source"] == "dynamic_secret":
        notes[LEASE] = str(values.get("leaseId", ""))
        notes[EXPIRATION] = str(values.get("expiration", ""))
        notes[MINTED] = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    return _manifest(entry, data, notes)


def _data(entry: Entry, values: Mapping[str, Any]) -> dict[str, Any]:
    if entry["keys"] is None:
        shaped = formatted(values, entry["format"], entry["path"])
        return dict(shaped) if isinstance(shaped, Mapping) else {_TEXT_KEY: shaped}
    missing = sorted(set(entry["keys"].values()) - set(values))
    if missing:
        raise OptionError(
            f"{entry['namespace']}/{entry['name']}.keys",
            f"{entry['path']} has no {', '.join(missing)}; it has {', '.join(sorted(values))}.",
        )
    return {target: values[source] for target, source in entry["keys"].items()}


def _encoded(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return base64.b64encode(text.encode()).decode()


def _manifest(entry: Entry, data: dict[str, str], notes: Mapping[str, str]) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": entry["name"],
            "namespace": entry["namespace"],
            "labels": {**entry["labels"], **MANAGED_LABEL},
            "annotations": {**entry["annotations"], **notes},
        },
        "type": entry["type"],
        "data": data,
    }


def _reported(one: Mapping[str, Any], before: Secret | None, secret: Secret) -> dict[str, Any]:
    notes = secret["metadata"]["annotations"]
    return {
        "name": one["name"],
        "namespace": one["namespace"],
        "delivery": one["delivery"],
        "action": _happened(one["action"], before, secret),
        "reason": one["reason"],
        "keys": sorted(secret["data"]),
        "lease_id": notes.get(LEASE),
        "expiration": notes.get(EXPIRATION),
    }


def _happened(action: str, before: Secret | None, secret: Secret) -> str:
    if before is None:
        return "created"
    if action == "mint":
        return "renewed"
    return "kept" if _is_same(before, secret) else "updated"


def _is_same(before: Secret | None, secret: Secret) -> bool:
    """Whether applying it would change nothing."""
    if before is None:
        return False
    return before.get("data") == secret["data"] and all(
        wanted.items() <= (before["metadata"].get(field) or {}).items()
        # What the role has put there and nobody wants any more goes.
        and own_names(before, field) <= wanted.keys()
        for field, wanted in ((name, secret["metadata"][name]) for name in ("labels", "annotations"))
    )


def _shown(secret: Secret, data: str) -> dict[str, Any]:
    """A Secret as a diff shows it."""
    metadata = {field: dict(secret["metadata"].get(field) or {}) for field in ("labels", "annotations")}
    return {"keys": sorted(secret.get("data") or {}), "data": data, "type": secret.get("type", "Opaque"), **metadata}
