# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The marks on Secrets that say who made them, from what, and until when they last.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

FIELD_MANAGER = "community.workload_credentials"
MANAGED_LABEL = {"app.kubernetes.io/managed-by": "community.workload_credentials"}
PREFIX = "workload-credentials.ansible.com/"
MARKS = tuple(PREFIX + name for name in ("lease-id", "expiration", "minted-at", "definition", "keys"))
LEASE, EXPIRATION, MINTED, DEFINITION, KEYS = MARKS
# What External Secrets Operator puts on the Secrets that it writes.
OPERATED = "reconcile.external-secrets.io/managed"

Entry = Mapping[str, Any]
Secret = Mapping[str, Any]


def is_pushed(secret: Secret) -> bool:
    """Whether this role has made the Secret itself; the operator copies the label, and not the annotation."""
    return is_managed(secret) and DEFINITION in (secret["metadata"].get("annotations") or {})


def is_operated(secret: Secret) -> bool:
    """Whether External Secrets Operator writes this Secret."""
    labels = secret["metadata"].get("labels") or {}
    owners = secret["metadata"].get("ownerReferences") or ()
    if any(owner.get("kind") == "ExternalSecret" for owner in owners):
        return True
    # Without an owner it writes Secrets that it may not delete, and its label outlives it.
    return labels.get(OPERATED) == "true" and not is_pushed(secret)


def is_managed(secret: Secret) -> bool:
    """Whether it has the role's label, which the operator copies to what it makes for the role."""
    labels = secret["metadata"].get("labels") or {}
    return all(labels.get(name) == value for name, value in MANAGED_LABEL.items())


def lease_of(secret: Secret) -> dict[str, str] | None:
    """The lease that the Secret's annotations name, as the API names one: ``leaseId`` and ``expiration``."""
    notes = secret["metadata"].get("annotations") or {}
    return {"leaseId": notes[LEASE], "expiration": notes.get(EXPIRATION, "")} if notes.get(LEASE) else None


def identity(secret: Secret) -> tuple[str, str]:
    """Namespace and name."""
    return secret["metadata"]["namespace"], secret["metadata"]["name"]


def reference(found: Secret) -> dict[str, Any]:
    """As much of an object as it takes to delete it."""
    metadata = {field: found["metadata"][field] for field in ("name", "namespace") if field in found["metadata"]}
    return {"apiVersion": found["apiVersion"], "kind": found["kind"], "metadata": metadata}


def removal(found: Secret, delivery: str, reason: str) -> dict[str, Any]:
    """What the role's report says of a Secret or ExternalSecret that goes."""
    namespace, name = identity(found)
    notes = found["metadata"].get("annotations") or {}
    said = {"delivery": delivery, "action": "removed", "reason": reason, "keys": []}
    lease = {"lease_id": notes.get(LEASE), "expiration": notes.get(EXPIRATION)}
    return {"name": name, "namespace": namespace, **said, **lease}


def fingerprint(entry: Entry) -> str:
    """What makes the data: a fingerprint of options, not of any value."""
    fields = ("source", "path", "keys", "format")
    text = json.dumps({field: entry[field] for field in fields}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def condensed(secret: Secret) -> dict[str, Any]:
    """The Secret with as much of its metadata as this role looks at."""
    found = secret["metadata"]
    names = ("name", "namespace", "labels", "annotations", "ownerReferences")
    metadata = {name: found[name] for name in names if found.get(name)}
    owners = []
    for owner in found.get("managedFields") or ():
        fields, is_own = owner.get("fieldsV1") or {}, owner.get("manager") == FIELD_MANAGER
        kept: dict[str, Any] = {"f:data": {}} if "f:data" in fields else {}
        kept.update({"f:metadata": fields["f:metadata"]} if is_own and "f:metadata" in fields else {})
        owners.append({"manager": owner.get("manager"), "time": owner.get("time"), "fieldsV1": kept})
    return {**secret, "metadata": {**metadata, "managedFields": owners}}


def own_names(secret: Secret, field: str) -> set[str]:
    """The names of labels or annotations that this role has applied."""
    names: set[str] = set()
    for owner in secret["metadata"].get("managedFields") or ():
        if owner.get("manager") == FIELD_MANAGER:
            fields = (owner.get("fieldsV1") or {}).get("f:metadata") or {}
            names |= {name.partition(":")[2] for name in fields.get(f"f:{field}") or {} if name.startswith("f:")}
    return names


def other_owners(secret: Secret) -> list[Mapping[str, Any]]:
    """The managers of data that are not this role."""
    owners = secret["metadata"].get("managedFields") or ()
    return [
        owner for owner in owners if "f:data" in (owner.get("fieldsV1") or {}) and owner.get("manager") != FIELD_MANAGER
    ]
