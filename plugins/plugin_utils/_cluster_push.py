# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pushing credentials into a cluster: which entries are due, and the Secrets that should stand at the end.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import OptionError, StateError
from ansible_collections.community.workload_credentials.plugins.module_utils._api.times import parse_time
from ansible_collections.community.workload_credentials.plugins.plugin_utils._formats import formatted

FIELD_MANAGER = "community.workload_credentials"
MANAGED_LABEL = {"app.kubernetes.io/managed-by": "community.workload_credentials"}
_PREFIX = "workload-credentials.ansible.com/"
LEASE, EXPIRATION, MINTED, DEFINITION, KEYS = (
    _PREFIX + name for name in ("lease-id", "expiration", "minted-at", "definition", "keys")
)
# The key of a Secret that holds a format which is one text.
_TEXT_KEY = "credentials"
# A lease is renewed when no more than this part of its life is left.
_LEFT = 0.25

Entry = Mapping[str, Any]
Secret = Mapping[str, Any]


def planned(entries: Sequence[Entry], existing: Sequence[Secret], now: datetime) -> list[dict[str, Any]]:
    """For each entry whether it is due, and why; nothing in it is secret.

    :arg existing: the Secrets of the entries' namespaces.
    :raises StateError: a Secret of that name is not this role's.
    """
    found = {_identity(secret): secret for secret in existing}
    return [_planned(entry, found.get((entry["namespace"], entry["name"])), now) for entry in entries]


def manifests(
    entries: Sequence[Entry],
    plan: Sequence[Mapping[str, Any]],
    existing: Sequence[Secret],
    minted: Sequence[Mapping[str, Any]],
    read: Sequence[Mapping[str, Any]],
) -> list[dict[str, Any]]:
    """The Secrets to apply, one for each entry.

    An entry that is kept is applied with the data that it has: labels may change without a new lease.

    :arg minted: credentials for the entries whose action is ``mint``, in their order.
    :arg read: values for those whose action is ``read``, in their order.
    :raises OptionError: a key that an entry wants is not among the values.
    """
    found = {_identity(secret): secret for secret in existing}
    fresh = {"mint": iter(minted), "read": iter(read)}
    return [
        _kept(entry, found[(entry["namespace"], entry["name"])])
        if one["action"] == "keep"
        else _written(entry, next(fresh[one["action"]]))
        for entry, one in zip(entries, plan)
    ]


def report(
    plan: Sequence[Mapping[str, Any]], existing: Sequence[Secret], applied: Sequence[Secret]
) -> list[dict[str, Any]]:
    """What happened to each entry, without any value.

    :arg applied: the manifests that were applied, in the plan's order.
    """
    before = {_identity(secret): secret for secret in existing}
    return [_reported(one, before.get(_identity(secret)), secret) for one, secret in zip(plan, applied)]


def _planned(entry: Entry, secret: Secret | None, now: datetime) -> dict[str, Any]:
    if secret is not None and not _is_managed(secret):
        raise StateError(
            f"{entry['namespace']}/{entry['name']}: a Secret of this name exists and is not managed by this role. "
            "Remove it, or choose another name."
        )
    reason = "its values are read each time" if entry["source"] == "static_secret" else _due(entry, secret, now)
    action = "keep" if reason is None else "mint" if entry["source"] == "dynamic_secret" else "read"
    fields = ("name", "namespace", "delivery", "source", "path")
    return {**{field: entry[field] for field in fields}, "action": action, "reason": reason or "it is fresh"}


def _due(entry: Entry, secret: Secret | None, now: datetime) -> str | None:
    """Why the entry needs a new lease; None: it does not."""
    if secret is None:
        return "there is no Secret"
    notes = secret["metadata"].get("annotations") or {}
    if notes.get(DEFINITION) != _definition(entry):
        return "its definition has changed"
    if sorted(secret.get("data") or {}) != json.loads(notes.get(KEYS) or "[]") or _is_tampered(secret):
        return "its data was changed by somebody else"
    expiration, minted = parse_time(notes.get(EXPIRATION)), parse_time(notes.get(MINTED))
    if expiration is None or minted is None:
        return "its expiration is not known"
    if (expiration - now) <= (expiration - minted) * _LEFT:
        return "it has expired" if expiration <= now else "no more than a quarter of its life is left"
    return None


def _is_tampered(secret: Secret) -> bool:
    """Whether another field manager has written data: with server-side apply the API server keeps account."""
    return any(
        "f:data" in (owner.get("fieldsV1") or {}) and owner.get("manager") != FIELD_MANAGER
        for owner in secret["metadata"].get("managedFields") or ()
    )


def _is_managed(secret: Secret) -> bool:
    labels = secret["metadata"].get("labels") or {}
    return all(labels.get(name) == value for name, value in MANAGED_LABEL.items())


def _identity(secret: Secret) -> tuple[str, str]:
    return secret["metadata"]["namespace"], secret["metadata"]["name"]


def _definition(entry: Entry) -> str:
    """What makes the data: a fingerprint of options, not of any value."""
    fields = ("source", "path", "keys", "format")
    text = json.dumps({field: entry[field] for field in fields}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _kept(entry: Entry, secret: Secret) -> dict[str, Any]:
    notes = secret["metadata"].get("annotations") or {}
    kept = {name: text for name, text in notes.items() if name.startswith(_PREFIX)}
    return _manifest(entry, dict(secret.get("data") or {}), kept)


def _written(entry: Entry, values: Any) -> dict[str, Any]:
    data = {key: _encoded(value) for key, value in _data(entry, values).items()}
    notes = {DEFINITION: _definition(entry), KEYS: json.dumps(sorted(data))}
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
    had = {name: before["metadata"].get(name) or {} for name in ("labels", "annotations")}
    same = before.get("data") == secret["data"] and all(
        had[name].get(key) == text for name in had for key, text in secret["metadata"][name].items()
    )
    return "kept" if same else "updated"
