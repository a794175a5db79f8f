# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The objects of a service account's lease, and the record of it: a Secret without data, to which the token is bound."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from ...._api.times import parse_time, seconds_left, written
from ...._kube.objects import FIELD_MANAGER, Object
from ...._marks import DOMAIN
from .wanted import DYNAMIC, TokenSpec

_RBAC = "rbac.authorization.k8s.io"
# On everything that is made for a lease. What is found by them is its own, whatever its name.
KIND, LEASE, PLACE, NAME = (f"{DOMAIN}/{one}" for one in ("kind", "lease", "lease-namespace", "lease-name"))
RECORD, PART = "service-account-lease", "service-account-lease-part"
TYPE = f"{DOMAIN}/{RECORD}"
_EXPIRATION = f"{DOMAIN}/expiration"
# Annotation of the record -> field of the lease as users see it; what is no text stands there as JSON.
_TEXTS = {
    "credential-type": "credential_type",
    "service-account": "service_account",
    "created": "created",
    "expiration": "expiration",
    "requested-by": "requested_by",
}
_JSON = {
    "audiences": "audiences",
    "role": "role",
    "namespaces": "namespaces",
    "cluster-wide": "cluster_wide",
}


@dataclass(frozen=True)
class AccountLease:
    """A lease as its record tells of it.

    :arg fields: what users see.
    :arg uid: the record's; "" where it is not known whether there is one.
    """

    namespace: str
    name: str
    uid: str
    fields: Mapping[str, Any]

    @property
    def id(self) -> str:
        """As users name it."""
        return f"{self.namespace}/{self.name}"

    @property
    def is_expired(self) -> bool:
        """By this machine's clock. Where no expiration can be read it is not."""
        moment = parse_time(self.fields["expiration"])
        return moment is not None and moment <= datetime.now(timezone.utc)

    def kinds(self) -> list[tuple[str, str | None]]:
        """Where something may have been made for it: kinds, and namespaces (None: none)."""
        if self.fields["credential_type"] != DYNAMIC:
            return []
        role = self.fields["role"]
        kinds = ["RoleBinding", *(["Role"] if isinstance(role, dict) and "rules" in role else [])]
        own: list[tuple[str, str | None]] = [("ServiceAccount", self.namespace)]
        if self.fields["cluster_wide"]:
            return own + [(f"Cluster{kind}", None) for kind in kinds]
        return own + [(kind, one) for one in self.fields["namespaces"] for kind in kinds]


def lease_of(found: Object) -> AccountLease:
    """The lease of a record, whoever may have changed it since."""
    metadata = found["metadata"]
    notes = metadata.get("annotations") or {}
    fields: dict[str, Any] = {
        "name": (metadata.get("labels") or {}).get(NAME),
        "namespace": metadata["namespace"],
        **{field: notes.get(f"{DOMAIN}/{note}") for note, field in _TEXTS.items()},
        **{field: _parsed(notes.get(f"{DOMAIN}/{note}")) for note, field in _JSON.items()},
    }
    spaces = fields["namespaces"]
    fields["namespaces"] = [one for one in spaces if isinstance(one, str)] if isinstance(spaces, list) else []
    return AccountLease(metadata["namespace"], metadata["name"], str(metadata.get("uid") or ""), fields)


def shown(lease: AccountLease) -> dict[str, Any]:
    """The lease as users see it."""
    expiration = lease.fields["expiration"]
    return {
        "id": lease.id,
        "lease_id": lease.id,
        **lease.fields,
        "expired": lease.is_expired,
        "seconds_left": seconds_left(expiration),
    }


def record_of(wanted: TokenSpec, requested_by: str | None) -> dict[str, Any]:
    """The record, with the expiration that is hoped for: what breaks off now is found by it later."""
    now = datetime.now(timezone.utc)
    notes = {
        "credential-type": wanted.credential_type,
        "service-account": wanted.service_account,
        "created": written(now),
        "expiration": written(now + timedelta(seconds=wanted.ttl)),
        "requested-by": requested_by,
        "audiences": json.dumps(wanted.audiences) if wanted.audiences else None,
    }
    if wanted.is_dynamic:
        role = {"kind": wanted.role[0], "name": wanted.role[1]} if wanted.role else {"rules": wanted.rules}
        notes["role"] = json.dumps(role)
        notes["namespaces"] = json.dumps(wanted.namespaces)
        notes["cluster-wide"] = json.dumps(wanted.cluster_wide)
    own = {f"{DOMAIN}/{name}": text for name, text in notes.items() if text is not None}
    made = _object("v1", "Secret", wanted, wanted.lease, wanted.namespace, kind=RECORD)
    made["metadata"]["annotations"].update(own)
    return {**made, "type": TYPE}


def settled(record: Object, expiration: str, audiences: Any) -> dict[str, Any]:
    """The patch that says what the API server made of it."""
    place = {name: record["metadata"][name] for name in ("name", "namespace")}
    notes = {_EXPIRATION: expiration, f"{DOMAIN}/audiences": json.dumps(audiences)}
    return {"apiVersion": "v1", "kind": "Secret", "type": TYPE, "metadata": {**place, "annotations": notes}}


def account_of(wanted: TokenSpec, record: Object) -> dict[str, Any]:
    """The temporary account."""
    made = _object("v1", "ServiceAccount", wanted, wanted.service_account, wanted.namespace, owner=record)
    # Nothing but the lease's token should come of it.
    return {**made, "automountServiceAccountToken": False}


def roles_of(wanted: TokenSpec, record: Object) -> list[dict[str, Any]]:
    """The roles for its rules, where it has some."""
    if not wanted.rules:
        return []
    kind = "ClusterRole" if wanted.cluster_wide else "Role"
    return [
        {**_object(f"{_RBAC}/v1", kind, wanted, wanted.lease, one, owner=record), "rules": list(wanted.rules)}
        for one in _spaces(wanted)
    ]


def bindings_of(wanted: TokenSpec, record: Object) -> list[dict[str, Any]]:
    """What lets the account do what its role says."""
    made_for_it = ("ClusterRole" if wanted.cluster_wide else "Role", wanted.lease)
    kind, name = wanted.role or made_for_it
    subject = {"kind": "ServiceAccount", "name": wanted.service_account, "namespace": wanted.namespace}
    rest = {"roleRef": {"apiGroup": _RBAC, "kind": kind, "name": name}, "subjects": [subject]}
    binding = "ClusterRoleBinding" if wanted.cluster_wide else "RoleBinding"
    return [
        {**_object(f"{_RBAC}/v1", binding, wanted, wanted.lease, one, owner=record), **rest} for one in _spaces(wanted)
    ]


def _spaces(wanted: TokenSpec) -> list[str | None]:
    return [None] if wanted.cluster_wide else list(wanted.namespaces)


def _object(
    api_version: str,
    kind_name: str,
    wanted: TokenSpec,
    name: str,
    namespace: str | None,
    *,
    kind: str = PART,
    owner: Object | None = None,
) -> dict[str, Any]:
    """An object of the lease; the record owns what lies beside it, and Kubernetes lets it own nothing else."""
    own = {KIND: kind, LEASE: wanted.lease, PLACE: wanted.namespace, NAME: wanted.name}
    metadata: dict[str, Any] = {
        "name": name,
        "labels": {**wanted.labels, **own, "app.kubernetes.io/created-by": FIELD_MANAGER},
        "annotations": dict(wanted.annotations),
    }
    if namespace is not None:
        metadata["namespace"] = namespace
    if owner is not None and namespace == wanted.namespace and owner["metadata"].get("uid"):
        reference = {"apiVersion": "v1", "kind": "Secret", "name": wanted.lease, "uid": owner["metadata"]["uid"]}
        metadata["ownerReferences"] = [reference]
    return {"apiVersion": api_version, "kind": kind_name, "metadata": metadata}


def _parsed(text: Any) -> Any:
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        return None
