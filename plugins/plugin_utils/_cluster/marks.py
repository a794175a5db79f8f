# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The marks on Secrets that say who made them, from what, and until when they last: a lease's record in the cluster.

All of it is in the metadata, so that no data has to be read. Private to this collection: it may change at any time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._api.times import parse_time, written
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.lease import (
    DYNAMIC_SECRET,
    STS_SESSION,
    Lease,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.wire import FIELD_MANAGER
from ansible_collections.community.workload_credentials.plugins.module_utils._marks import LEASE_MARKS
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.entries import Entry
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.names import (
    DEFAULT_OWNER,
    MANAGED_LABEL,
    OWNER_LABEL,
)

MARKS = LEASE_MARKS
LEASE, EXPIRATION, MINTED, DEFINITION, KEYS, KIND, SITE = MARKS
# What External Secrets Operator puts on the Secrets that it writes.
OPERATED = "reconcile.external-secrets.io/managed"

Found = Mapping[str, Any]


def is_pushed(secret: Found) -> bool:
    """Whether this role has made the Secret itself; the operator copies the label, and not the annotation."""
    return is_managed(secret) and DEFINITION in notes_of(secret)


def is_operated(secret: Found) -> bool:
    """Whether External Secrets Operator writes this Secret."""
    if has_writer(secret):
        return True
    # Without an owner it writes Secrets that it may not delete, and its label outlives it.
    return labels_of(secret).get(OPERATED) == "true" and not is_pushed(secret)


def has_writer(secret: Found) -> bool:
    """Whether an ExternalSecret owns the Secret."""
    owners = secret["metadata"].get("ownerReferences") or ()
    return any(owner.get("kind") == "ExternalSecret" for owner in owners)


def is_managed(secret: Found) -> bool:
    """Whether it has the role's label, which the operator copies to what it makes for the role."""
    return all(labels_of(secret).get(name) == value for name, value in MANAGED_LABEL.items())


def owner_of(found: Found) -> str:
    """The owner of one of the role's objects."""
    return labels_of(found).get(OWNER_LABEL, DEFAULT_OWNER)


def is_of(owner: str, found: Found) -> bool:
    """Whether it is the role's, and this owner's."""
    return is_managed(found) and owner_of(found) == owner


def labels_of(found: Found) -> Mapping[str, str]:
    """An object's labels."""
    return found["metadata"].get("labels") or {}


def notes_of(found: Found) -> Mapping[str, str]:
    """An object's annotations."""
    return found["metadata"].get("annotations") or {}


def identity(found: Found) -> tuple[str, str]:
    """Namespace ("" for none) and name."""
    return found["metadata"].get("namespace") or "", found["metadata"]["name"]


def named(objects: Sequence[Found]) -> dict[tuple[str, str], Found]:
    """The objects by namespace and name."""
    return {identity(one): one for one in objects}


def lease_of(secret: Found) -> Lease | None:
    """The lease that a pushed Secret holds, as its annotations say."""
    notes = notes_of(secret)
    if not notes.get(LEASE):
        return None
    minted, expiration = parse_time(notes.get(MINTED)), parse_time(notes.get(EXPIRATION))
    if minted is None:
        # Without its begin nobody knows what a quarter of its life is.
        minted, expiration = datetime.fromtimestamp(0, timezone.utc), None
    kind = notes.get(KIND, DYNAMIC_SECRET)
    facts: dict[str, Any] = {"revocable": kind != STS_SESSION, "kind": kind, "site": notes.get(SITE)}
    return Lease(notes[LEASE], "/".join(identity(secret)), minted, expiration, **facts)


def lease_fields(notes: Mapping[str, str]) -> dict[str, Any]:
    """The lease that these annotations tell of, as the report names it."""
    return {"lease_id": notes.get(LEASE), "expiration": written(parse_time(notes.get(EXPIRATION)))}


def marks_of(entry: Entry, lease: Lease | None, keys: Sequence[str]) -> dict[str, str]:
    """The annotations of a Secret that was pushed for this entry, with these keys."""
    notes = {DEFINITION: fingerprint(entry), KEYS: json.dumps(sorted(keys))}
    if lease:
        times = {EXPIRATION: written(lease.expiration) or "", MINTED: written(lease.minted) or ""}
        others = {KIND: lease.kind, SITE: lease.site or ""} if lease.kind != DYNAMIC_SECRET else {}
        notes.update({LEASE: lease.id, **times, **{name: text for name, text in others.items() if text}})
    return notes


def fingerprint(entry: Entry) -> str:
    """What makes the data: a fingerprint of options, not of any value."""
    fields: dict[str, Any] = {"source": entry.source, "path": entry.path, "keys": entry.keys, "format": entry.format}
    # The cluster never changes a Secret's type.
    fields.update({"type": entry.type} if entry.type != "Opaque" else {})
    fields.update({"request": entry.request.lasting} if entry.request else {})
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()[:16]


def data_is_ours(secret: Found) -> bool:
    """Whether the data is what was pushed: the API server keeps account of who writes what.

    A push takes every key over, and who then writes another value takes it away. Who wrote the same value shares it.
    """
    own: set[str] = set()
    all_keys: set[str] = set()
    for owner, keys in _writers(secret):
        all_keys |= keys
        own |= keys if owner.get("manager") == FIELD_MANAGER else set()
    return own == all_keys and notes_of(secret).get(KEYS) == json.dumps(sorted(own))


def data_keys(secret: Found) -> list[str]:
    """The keys of a Secret's data, from the data where it is there, else from the account of who writes it."""
    if "data" in secret:
        return sorted(secret["data"] or {})
    return sorted({key for _owner, data in _writers(secret) for key in data})


def others_keys(secret: Found) -> list[str]:
    """Those keys of a Secret's data that this role has not applied itself, so that its applying leaves them."""
    own = {key for owner, data in _writers(secret) if owner.get("manager") == FIELD_MANAGER for key in data}
    return [key for key in data_keys(secret) if key not in own]


def own_names(found: Found, field: str) -> set[str]:
    """The names of labels or annotations that this role has applied."""
    names: set[str] = set()
    for owner in found["metadata"].get("managedFields") or ():
        if owner.get("manager") == FIELD_MANAGER:
            names |= _fields((owner.get("fieldsV1") or {}).get("f:metadata") or {}, f"f:{field}")
    return names


def _writers(secret: Found) -> Iterator[tuple[Found, set[str]]]:
    """Who has written data, and which keys."""
    for owner in secret["metadata"].get("managedFields") or ():
        fields = owner.get("fieldsV1") or {}
        if "f:data" in fields:
            yield owner, _fields(fields, "f:data")


def _fields(fields: Mapping[str, Any], name: str) -> set[str]:
    return {key[2:] for key in fields.get(name) or {} if key.startswith("f:")}
