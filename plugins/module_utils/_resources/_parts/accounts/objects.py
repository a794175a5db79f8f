# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The objects of a service account's lease, and its record: a Secret without data to which the token is bound."""

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
# The labels of everything that is made for a lease, by which it is found, whatever its name.
KIND, LEASE = f"{DOMAIN}/kind", f"{DOMAIN}/lease"
PLACE, NAME = f"{DOMAIN}/lease-namespace", f"{DOMAIN}/lease-name"
RECORD, PART = "service-account-lease", "service-account-lease-part"
TYPE = f"{DOMAIN}/{RECORD}"
_EXPIRATION = f"{DOMAIN}/expiration"
# The record's annotations, with the fields of the lease that users see: as text, and as JSON.
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
    """A lease as its record describes it.

    :arg uid: of the record; "": nobody knows whether it exists.
    :arg fields: the values for users.
    """

    namespace: str
    name: str
    uid: str
    fields: Mapping[str, Any]

    @property
    def id(self) -> str:
        """Return the ID for users."""
        return f"{self.namespace}/{self.name}"

    @property
    def is_expired(self) -> bool:
        """Return whether it has expired by this machine's clock; false if its expiration cannot be read."""
        moment = parse_time(self.fields["expiration"])
        return moment is not None and moment <= datetime.now(timezone.utc)

    def kinds(self) -> list[tuple[str, str | None]]:
        """Return the kinds and namespaces (None: none) of objects that may have been made for it."""
        if self.fields["credential_type"] != DYNAMIC:
            return []
        role = self.fields["role"]
        kinds = ["RoleBinding"]
        if isinstance(role, dict) and "rules" in role:
            kinds.append("Role")
        own: list[tuple[str, str | None]] = [("ServiceAccount", self.namespace)]
        if self.fields["cluster_wide"]:
            return own + [(f"Cluster{kind}", None) for kind in kinds]
        return own + [(kind, namespace) for namespace in self.fields["namespaces"] for kind in kinds]


def lease_of(record: Object) -> AccountLease:
    """Return the lease of a record, which somebody may have changed."""
    metadata = record["metadata"]
    annotations = metadata.get("annotations") or {}
    fields: dict[str, Any] = {
        "name": (metadata.get("labels") or {}).get(NAME),
        "namespace": metadata["namespace"],
        **{field: annotations.get(f"{DOMAIN}/{name}") for name, field in _TEXTS.items()},
        **{field: _parsed(annotations.get(f"{DOMAIN}/{name}")) for name, field in _JSON.items()},
    }
    namespaces = fields["namespaces"] if isinstance(fields["namespaces"], list) else []
    fields["namespaces"] = [namespace for namespace in namespaces if isinstance(namespace, str)]
    return AccountLease(metadata["namespace"], metadata["name"], str(metadata.get("uid") or ""), fields)


def shown(lease: AccountLease) -> dict[str, Any]:
    """Return the lease's values for users."""
    expiration = lease.fields["expiration"]
    return {
        "id": lease.id,
        "lease_id": lease.id,
        **lease.fields,
        "expired": lease.is_expired,
        "seconds_left": seconds_left(expiration),
    }


def record_of(wanted: TokenSpec, requested_by: str | None) -> dict[str, Any]:
    """Return the record with the wanted expiration, by which a minting that breaks off is found later."""
    now = datetime.now(timezone.utc)
    annotations = {
        "credential-type": wanted.credential_type,
        "service-account": wanted.service_account,
        "created": written(now),
        "expiration": written(now + timedelta(seconds=wanted.ttl)),
        "requested-by": requested_by,
        "audiences": json.dumps(wanted.audiences) if wanted.audiences else None,
    }
    if wanted.is_dynamic:
        role = {"kind": wanted.role[0], "name": wanted.role[1]} if wanted.role else {"rules": wanted.rules}
        annotations["role"] = json.dumps(role)
        annotations["namespaces"] = json.dumps(wanted.namespaces)
        annotations["cluster-wide"] = json.dumps(wanted.cluster_wide)
    own = {f"{DOMAIN}/{name}": text for name, text in annotations.items() if text is not None}
    made = _object("v1", "Secret", wanted, wanted.lease, wanted.namespace, kind=RECORD)
    made["metadata"]["annotations"].update(own)
    return {**made, "type": TYPE}


def outcome_patch(record: Object, expiration: str, audiences: Any) -> dict[str, Any]:
    """Return the patch that records what the API server granted."""
    place = {name: record["metadata"][name] for name in ("name", "namespace")}
    annotations = {_EXPIRATION: expiration, f"{DOMAIN}/audiences": json.dumps(audiences)}
    return {"apiVersion": "v1", "kind": "Secret", "type": TYPE, "metadata": {**place, "annotations": annotations}}


def account_of(wanted: TokenSpec, record: Object) -> dict[str, Any]:
    """Return the temporary service account."""
    made = _object("v1", "ServiceAccount", wanted, wanted.service_account, wanted.namespace, owner=record)
    # It should have no token but the lease's.
    return {**made, "automountServiceAccountToken": False}


def roles_of(wanted: TokenSpec, record: Object) -> list[dict[str, Any]]:
    """Return the roles for the lease's rules."""
    if not wanted.rules:
        return []
    kind = "ClusterRole" if wanted.cluster_wide else "Role"
    return [
        {**_object(f"{_RBAC}/v1", kind, wanted, wanted.lease, namespace, owner=record), "rules": list(wanted.rules)}
        for namespace in _namespaces(wanted)
    ]


def bindings_of(wanted: TokenSpec, record: Object) -> list[dict[str, Any]]:
    """Return the bindings of the account to its role."""
    made_for_it = ("ClusterRole" if wanted.cluster_wide else "Role", wanted.lease)
    kind, name = wanted.role or made_for_it
    subject = {"kind": "ServiceAccount", "name": wanted.service_account, "namespace": wanted.namespace}
    rest = {"roleRef": {"apiGroup": _RBAC, "kind": kind, "name": name}, "subjects": [subject]}
    binding = "ClusterRoleBinding" if wanted.cluster_wide else "RoleBinding"
    return [
        {**_object(f"{_RBAC}/v1", binding, wanted, wanted.lease, namespace, owner=record), **rest}
        for namespace in _namespaces(wanted)
    ]


def _namespaces(wanted: TokenSpec) -> list[str | None]:
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
    """Return an object of the lease. Its record owns it if both are in one namespace: Kubernetes allows no other."""
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
