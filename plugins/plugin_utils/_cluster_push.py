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
# What External Secrets Operator puts on the Secrets that it writes.
_OPERATED = "reconcile.external-secrets.io/managed"
# The key of a Secret that holds a format which is one text.
_TEXT_KEY = "credentials"
# A lease is renewed when no more than this part of its life is left.
_LEFT = 0.25

Entry = Mapping[str, Any]
Secret = Mapping[str, Any]


def planned(
    entries: Sequence[Entry], existing: Sequence[Secret], now: datetime, prune: bool = False
) -> list[dict[str, Any]]:
    """What is to be done about each Secret, and why; nothing in it is secret.

    ``action`` is keep, mint or read for entries that are pushed; let_go for Secrets that were pushed and are the
    operator's now; remove for those that no entry names. ``supersedes`` is the lease that nobody needs afterwards.

    :arg existing: the Secrets of the entries' namespaces, or of the cluster.
    :arg prune: remove what no entry names.
    :raises StateError: a Secret of an entry's name is not this role's.
    """
    found = {_identity(secret): secret for secret in existing}
    pushed = [entry for entry in entries if entry["delivery"] == "push"]
    plan = [_planned(entry, found.get((entry["namespace"], entry["name"])), now) for entry in pushed]
    listed = {(entry["namespace"], entry["name"]): entry["delivery"] for entry in entries}
    for secret in sorted(existing, key=_identity):
        delivery = listed.get(_identity(secret))
        if is_pushed(secret) and delivery == "external_secret":
            plan.append(_leaving(secret, "let_go", "the operator delivers it now"))
        elif is_pushed(secret) and delivery is None and prune:
            plan.append(_leaving(secret, "remove", "no entry names it"))
    return plan


def takeovers(plan: Sequence[Mapping[str, Any]], external: Sequence[Secret]) -> list[dict[str, Any]]:
    """The ExternalSecrets to delete, since their Secrets are pushed from now on.

    :arg external: those of this role.
    :raises StateError: an ExternalSecret of somebody else writes a Secret of the plan.
    """
    found = {_identity(one): one for one in external}
    leaving = [one for one in plan if one["operated"]]
    for one in leaving:
        if (one["namespace"], one["name"]) not in found:
            raise StateError(
                f"{one['namespace']}/{one['name']}: an ExternalSecret that this role does not manage writes this "
                "Secret. Remove it first, or choose another name."
            )
    return [_reference(found[one["namespace"], one["name"]]) for one in leaving]


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
    before = {_identity(secret): secret for secret in existing}
    done = [_reported(one, before.get(_identity(secret)), secret) for one, secret in zip(plan, applied)]
    return done + [_removed(one, before) for one in plan if one["action"] == "remove"]


def leftovers(manifests_: Sequence[Secret], existing: Sequence[Secret]) -> list[dict[str, Any]]:
    """Patches that remove the keys which others have added: a server-side apply leaves what others own."""
    found = {_identity(secret): secret for secret in existing}
    patches = []
    for manifest in manifests_:
        before = found.get(_identity(manifest))
        if before is None:
            continue
        extra = _keys_of_others(before) - set(manifest["data"])
        labels = {_OPERATED} & set(before["metadata"].get("labels") or {})
        if extra or labels:
            metadata = {field: manifest["metadata"][field] for field in ("name", "namespace")}
            metadata["labels"] = dict.fromkeys(labels)
            patches.append({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": dict.fromkeys(extra)})
    return patches


def is_pushed(secret: Secret) -> bool:
    """Whether this role has made the Secret itself; the operator copies the label, and not the annotation."""
    return _is_managed(secret) and DEFINITION in (secret["metadata"].get("annotations") or {})


def is_operated(secret: Secret) -> bool:
    """Whether External Secrets Operator writes this Secret."""
    labels = secret["metadata"].get("labels") or {}
    owners = secret["metadata"].get("ownerReferences") or ()
    if any(owner.get("kind") == "ExternalSecret" for owner in owners):
        return True
    # Without an owner it writes Secrets that it may not delete, and its label outlives it.
    return labels.get(_OPERATED) == "true" and not is_pushed(secret)


def _planned(entry: Entry, secret: Secret | None, now: datetime) -> dict[str, Any]:
    operated = secret is not None and is_operated(secret)
    if secret is not None and not operated and not _is_managed(secret):
        raise StateError(
            f"{entry['namespace']}/{entry['name']}: a Secret of this name exists and is not managed by this role. "
            "Remove it, or choose another name."
        )
    reason = "its values are read each time" if entry["source"] == "static_secret" else _due(entry, secret, now)
    action = "keep" if reason is None else "mint" if entry["source"] == "dynamic_secret" else "read"
    notes = secret["metadata"].get("annotations") or {} if secret is not None else {}
    return {
        **{field: entry[field] for field in ("name", "namespace", "delivery", "path")},
        **_said(entry["namespace"], entry["name"], action, reason or "it is fresh"),
        "operated": operated,
        "supersedes": notes.get(LEASE) if action == "mint" else None,
    }


def _leaving(secret: Secret, action: str, reason: str) -> dict[str, Any]:
    namespace, name = _identity(secret)
    notes = secret["metadata"]["annotations"]
    own = {"name": name, "namespace": namespace, "operated": False, "supersedes": notes.get(LEASE)}
    own["reference"] = _reference({"apiVersion": "v1", "kind": "Secret", **secret})
    return {**own, **_said(namespace, name, action, reason)}


def _said(namespace: str, name: str, action: str, reason: str) -> dict[str, str]:
    return {"action": action, "reason": reason, "line": f"{namespace}/{name}: {action}, {reason}"}


def _reference(found: Secret) -> dict[str, Any]:
    """As much of an object as it takes to delete it."""
    metadata = {field: found["metadata"][field] for field in ("name", "namespace")}
    return {"apiVersion": found["apiVersion"], "kind": found["kind"], "metadata": metadata}


def _due(entry: Entry, secret: Secret | None, now: datetime) -> str | None:
    """Why the entry needs a new lease; None: it does not."""
    if secret is None:
        return "there is no Secret"
    if is_operated(secret):
        return "it moves from the operator to push"
    notes = secret["metadata"].get("annotations") or {}
    if notes.get(DEFINITION) != _definition(entry):
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
    times = [parse_time(owner.get("time")) for owner in _other_owners(secret)]
    return any(time is None or time > minted for time in times)


def _keys_of_others(secret: Secret) -> set[str]:
    fields = [owner["fieldsV1"]["f:data"] for owner in _other_owners(secret)]
    return {name[2:] for field in fields for name in field if name.startswith("f:")}


def _other_owners(secret: Secret) -> list[Mapping[str, Any]]:
    """The managers of data that are not this role."""
    owners = secret["metadata"].get("managedFields") or ()
    return [
        owner for owner in owners if "f:data" in (owner.get("fieldsV1") or {}) and owner.get("manager") != FIELD_MANAGER
    ]


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


def _removed(one: Mapping[str, Any], before: Mapping[tuple[str, str], Secret]) -> dict[str, Any]:
    notes = before[one["namespace"], one["name"]]["metadata"]["annotations"]
    said = {"delivery": "push", "action": "removed", "reason": one["reason"], "keys": []}
    own = {"name": one["name"], "namespace": one["namespace"]}
    return {**own, **said, "lease_id": notes.get(LEASE), "expiration": notes.get(EXPIRATION)}


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
