# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the Secrets that are pushed, and compare them with those in the cluster."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

from ...module_utils._credentials.formats import RAW
from ...module_utils._credentials.lease import Credentials
from ...module_utils._kube.objects import reference
from ...module_utils._marks import MOVING, OPERATED_MARKS, PREFIX
from .entries import Entry
from .secrets import (
    EXPIRATION,
    LEASE,
    MINTED,
    OPERATED,
    ClusterObject,
    annotations_of,
    data_keys,
    labels_of,
    marks_of,
    others_keys,
    own_names,
)
from .spec import labels_for

_LATER = "known after minting"


def misfit(entry: Entry, keys: Sequence[str]) -> str | None:
    """Return why credentials with these keys cannot become what the entry says; None: they can."""
    if entry.keys:
        field, wanted = "keys", set(entry.keys.values())
    elif entry.format != RAW:
        field, wanted = "format", set(entry.kind.formats.fields_of(entry.format).values())
    else:
        return None
    missing = sorted(wanted - set(keys))
    if not missing:
        return None
    return f"{entry.where}.{field}: {entry.path} has no {', '.join(missing)}; it has {', '.join(sorted(keys))}."


def manifest(entry: Entry, credentials: Credentials) -> dict[str, Any]:
    """Return the entry's Secret with these credentials."""
    data = {key: _encoded(value) for key, value in _shaped(entry, credentials.values).items()}
    return _secret(entry, data, marks_of(entry, credentials.lease, list(data)))


def kept(entry: Entry, secret: ClusterObject) -> dict[str, Any]:
    """Return the entry's Secret with the data that it has: labels and annotations may change without a new lease.

    :arg secret: in the cluster, with its data.
    """
    return _secret(entry, dict(secret.get("data") or {}), _own_notes(secret))


def has_marks(entry: Entry, secret: ClusterObject) -> bool:
    """Return whether the Secret has the entry's labels and annotations, and none that the role has set before."""
    return _same_marks(secret, _secret(entry, {}, _own_notes(secret)))


def _own_notes(secret: ClusterObject) -> dict[str, str]:
    """Return the annotations of the role, without those in which the operator notes its lease."""
    annotations = annotations_of(secret).items()
    return {name: text for name, text in annotations if name.startswith(PREFIX) and name not in OPERATED_MARKS}


def is_same(before: ClusterObject, secret: ClusterObject) -> bool:
    """Return whether applying the Secret would change nothing.

    :arg before: the Secret in the cluster, with its data.
    """
    return (before.get("data") or {}) == secret["data"] and _same_marks(before, secret)


def leftovers(secret: ClusterObject, before: ClusterObject | None) -> dict[str, Any] | None:
    """Return the patch that removes what others have added: a server-side apply leaves what it does not own."""
    if before is None:
        return None
    extra = set(others_keys(before)) - set(secret["data"])
    gone = {OPERATED} & set(labels_of(before))
    notes = set(OPERATED_MARKS) & set(annotations_of(before))
    if not extra and not gone and not notes:
        return None
    metadata = {"labels": dict.fromkeys(sorted(gone)), "annotations": dict.fromkeys(sorted(notes))}
    return {**reference(secret, **metadata), "data": dict.fromkeys(sorted(extra))}


def without_leftovers(secret: ClusterObject, applied: ClusterObject) -> dict[str, Any]:
    """Predict the Secret as it will be when others' data is removed from it.

    :arg secret: the manifest.
    :arg applied: the cluster's answer to it.
    """
    data = {key: value for key, value in (applied.get("data") or {}).items() if key in secret["data"]}
    labels = {name: text for name, text in labels_of(applied).items() if name != OPERATED}
    notes = {name: text for name, text in annotations_of(applied).items() if name not in OPERATED_MARKS}
    return {**applied, "data": data, "metadata": {**applied["metadata"], "labels": labels, "annotations": notes}}


def shown(secret: ClusterObject, data: str, *, is_minted: bool = True) -> dict[str, Any]:
    """Return a Secret as a diff shows it: without any value.

    :arg data: stands for its values.
    :arg is_minted: False: its lease is still to be minted.
    """
    notes = dict(annotations_of(secret))
    if not is_minted:
        notes.update({name: _LATER for name in (LEASE, EXPIRATION, MINTED) if name in notes})
    own = {"labels": dict(labels_of(secret)), "annotations": notes}
    return {"keys": data_keys(secret), "data": data, "type": secret.get("type", "Opaque"), **own}


def _same_marks(before: ClusterObject, secret: ClusterObject) -> bool:
    for field in ("labels", "annotations"):
        wanted = secret["metadata"][field]
        if not wanted.items() <= (before["metadata"].get(field) or {}).items():
            return False
        # The apply removes what the role has set before and the entry no longer names.
        if not own_names(before, field) - {MOVING} <= wanted.keys():
            return False
    return True


def _shaped(entry: Entry, values: Mapping[str, Any]) -> dict[str, Any]:
    if entry.keys:
        return {target: values[source] for target, source in entry.keys.items()}
    shaped = entry.kind.formats.formatted(values, entry.format, entry.path)
    text = entry.kind.formats.texts.get(entry.format)
    return {text.name: shaped} if text else dict(shaped)


def _encoded(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return base64.b64encode(text.encode()).decode()


def _secret(entry: Entry, data: dict[str, str], notes: Mapping[str, str]) -> dict[str, Any]:
    metadata = {
        "name": entry.name,
        "namespace": entry.namespace,
        "labels": {**entry.labels, **labels_for(entry.owner)},
        "annotations": {**entry.annotations, **notes},
    }
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": entry.type, "data": data}
