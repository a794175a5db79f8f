# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kinds of objects that this collection reads and writes, and their addresses at the cluster.

A table instead of discovery: what is used is known, so that nothing has to be asked first.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ansible_collections.community.workload_credentials.plugins.module_utils._kube.errors import ClusterError


@dataclass(frozen=True)
class Kind:
    """A kind, as manifests and as addresses name it."""

    api_version: str
    kind: str
    plural: str
    namespaced: bool = True

    @property
    def is_core(self) -> bool:
        """Whether every cluster serves it."""
        return "/" not in self.api_version

    def path(self, namespace: str | None = None, name: str | None = None) -> str:
        """The address of one object, or of all in a namespace, or of all there are."""
        parts = ["api" if self.is_core else "apis", *self.api_version.split("/")]
        if namespace and self.namespaced:
            parts += ["namespaces", quote(namespace, safe="")]
        parts += [self.plural, *([quote(name, safe="")] if name else [])]
        return "/" + "/".join(parts)


# JSON names a character beyond U+FFFF by two escapes.
_PAIR = re.compile(r"(?<!\\)((?:\\\\)*)\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})")
_OPERATOR = "external-secrets.io/v1"
_GENERATORS = "generators.external-secrets.io/v1alpha1"
_RBAC = "rbac.authorization.k8s.io/v1"

KINDS: Mapping[str, Kind] = {
    one.kind: one
    for one in (
        Kind("v1", "Namespace", "namespaces", namespaced=False),
        Kind("v1", "Secret", "secrets"),
        Kind("v1", "Event", "events"),
        Kind("v1", "ServiceAccount", "serviceaccounts"),
        Kind(_RBAC, "Role", "roles"),
        Kind(_RBAC, "RoleBinding", "rolebindings"),
        Kind(_RBAC, "ClusterRole", "clusterroles", namespaced=False),
        Kind(_RBAC, "ClusterRoleBinding", "clusterrolebindings", namespaced=False),
        Kind(_OPERATOR, "ExternalSecret", "externalsecrets"),
        Kind(_OPERATOR, "SecretStore", "secretstores"),
        Kind(_OPERATOR, "ClusterSecretStore", "clustersecretstores", namespaced=False),
        Kind(_GENERATORS, "ClusterGenerator", "clustergenerators", namespaced=False),
        Kind(
            _GENERATORS, "BeyondtrustWorkloadCredentialsDynamicSecret", "beyondtrustworkloadcredentialsdynamicsecrets"
        ),
        Kind(_GENERATORS, "STSSessionToken", "stssessiontokens"),
        Kind(_GENERATORS, "Webhook", "webhooks"),
    )
}


def kind_of(manifest: Mapping[str, Any]) -> Kind:
    """The kind of a manifest.

    :raises ClusterError: it is none of those that this collection writes.
    """
    name, version = manifest.get("kind"), manifest.get("apiVersion")
    found = KINDS.get(str(name))
    if found is None or found.api_version != version:
        raise ClusterError(f"{name} of {version} is no kind that this collection handles: check the template.")
    return found


def place_of(manifest: Mapping[str, Any]) -> tuple[str | None, str]:
    """Namespace and name of a manifest.

    :raises ClusterError: it has no name, or no namespace where its kind needs one.
    """
    kind, metadata = kind_of(manifest), manifest.get("metadata") or {}
    name, namespace = metadata.get("name"), metadata.get("namespace")
    if not name or (kind.namespaced and not namespace):
        raise ClusterError(f"A {kind.kind} without {'a namespace' if name else 'a name'}: check the template.")
    return (namespace if kind.namespaced else None), name


def reference(found: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """As much of an object as it takes to name it.

    :arg more: what else its metadata holds.
    """
    own = {field: found["metadata"][field] for field in ("name", "namespace") if field in found["metadata"]}
    return {"apiVersion": found["apiVersion"], "kind": found["kind"], "metadata": {**own, **more}}


def exact_reference(found: Mapping[str, Any]) -> dict[str, Any]:
    """A reference to this very object, and not to one of its name that somebody makes meanwhile."""
    uid = found["metadata"].get("uid")
    return reference(found, **({"uid": uid} if uid else {}))


def as_json(manifest: Mapping[str, Any]) -> str:
    """The manifest as it is sent, which YAML reads as JSON does.

    :raises ClusterError: something in it is no JSON, as a date that stands in YAML without quotes.
    """
    try:
        return without_pairs(json.dumps(manifest, allow_nan=False))
    except (TypeError, ValueError):
        where = "/".join(filter(None, place_of(manifest)))
        problem = "holds a value that is no text, number, list or mapping (a date needs quotes)"
        raise ClusterError(f"{manifest.get('kind')} {where}: the manifest {problem}: check the template.") from None


def without_pairs(text: str) -> str:
    """JSON, or a text with some in it, without the pairs of escapes for one character that YAML does not know."""
    return _PAIR.sub(_whole, text)


def _whole(found: re.Match[str]) -> str:
    high, low = (int(found.group(number), 16) for number in (2, 3))
    return f"{found.group(1)}{chr(0x10000 + (high - 0xD800) * 0x400 + low - 0xDC00)}"


def named(kind: Kind, body: Mapping[str, Any]) -> dict[str, Any]:
    """The object with its own kind, which items of lists lack and metadata alone has another of."""
    return {**body, "apiVersion": kind.api_version, "kind": kind.kind}
