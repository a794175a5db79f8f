# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of the role's objects goes: what no entry wants, and then what nothing that stays refers to.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster_marks import (
    is_pushed,
    reference,
    removal,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster_operator import PART_LABEL

Found = Mapping[str, Any]
# Kind, namespace ("" for none) and name.
Identity = tuple[str, str, str]
# In the order in which they go: a writer before what it writes, and a user before what it uses.
_ORDER = ("ExternalSecret", "ClusterSecretStore")


def unwanted(found: Sequence[Found], objects: Sequence[Found], namespaces: Sequence[str] | None = None) -> list[Any]:
    """References to those objects in the cluster that should not be there, ExternalSecrets first.

    Secrets that the operator writes into for somebody else, or was told to leave, are not the role's to remove.

    :arg found: the role's objects.
    :arg objects: what should be there.
    :arg namespaces: of the namespaced objects leave out all others'. What the cluster shares goes with its last user.
    """
    wanted = {_identity(one["kind"], one) for one in objects}
    known = {_identity(one["kind"], one["metadata"]): one for one in found}
    gone = {
        identity
        for identity, one in known.items()
        if identity not in wanted and (namespaces is None or identity[1] in namespaces)
    }
    gone = {identity for identity in gone if _is_own(known[identity], gone)}
    if namespaces is not None:
        gone |= _without_users(known, gone, ("ClusterSecretStore", "ClusterGenerator"))
        gone |= _left_behind(known, gone)
    return [reference(known[identity]) for identity in sorted(gone, key=_order)]


def removed(found: Sequence[Found], references: Sequence[Found]) -> list[dict[str, Any]]:
    """What the role's report says of those that go: pushed Secrets, and the operator's ExternalSecrets."""
    gone = {_identity(one["kind"], one["metadata"]) for one in references}
    leaving = [one for one in found if _identity(one["kind"], one["metadata"]) in gone]
    deliveries = {"ExternalSecret": "external_secret", "Secret": "push"}
    return [
        removal(one, deliveries[one["kind"]], "no entry wants it")
        for one in leaving
        if one["kind"] == "ExternalSecret" or is_pushed(one)
    ]


def _is_own(one: Found, gone: set[Identity]) -> bool:
    """Whether it is the role's, or a Secret of an ExternalSecret that goes."""
    if one["kind"] != "Secret":
        return True
    labels, namespace = one["metadata"].get("labels") or {}, one["metadata"]["namespace"]
    owners = {(owner["kind"], namespace, owner["name"]) for owner in one["metadata"].get("ownerReferences") or ()}
    return is_pushed(one) or PART_LABEL.items() <= labels.items() or bool(owners & gone)


def _without_users(known: Mapping[Identity, Found], gone: set[Identity], kinds: Sequence[str]) -> set[Identity]:
    """What belongs to the whole cluster, and nothing that stays refers to."""
    used = _used(one for identity, one in known.items() if identity not in gone)
    return {identity for identity in known if identity[0] in kinds and identity not in used}


def _left_behind(known: Mapping[Identity, Found], gone: set[Identity]) -> set[Identity]:
    """The Secrets of ClusterSecretStores that go, where none that stays has them."""
    left = _used(known[identity] for identity in gone)
    used = _used(one for identity, one in known.items() if identity not in gone)
    return {identity for identity in left - used if identity in known}


def _used(objects: Iterable[Found]) -> set[Identity]:
    return {identity for one in objects for identity in _references(one)}


def _references(one: Found) -> Iterable[Identity]:
    """What an object cannot do without, as far as the cluster shares it."""
    spec = one.get("spec") or {}
    if one["kind"] == "ExternalSecret":
        store = spec.get("secretStoreRef") or {}
        yield (store.get("kind", "SecretStore"), "", store.get("name", ""))
        for source in spec.get("dataFrom") or ():
            generator = (source.get("sourceRef") or {}).get("generatorRef") or {}
            yield (generator.get("kind", ""), "", generator.get("name", ""))
    elif one["kind"] == "ClusterSecretStore":
        provider = (spec.get("provider") or {}).get("beyondtrustworkloadcredentials") or {}
        token = ((provider.get("auth") or {}).get("apikey") or {}).get("token") or {}
        for secret in (token, provider.get("caProvider") or {}):
            yield _identity("Secret", {"name": "", **secret})


def _order(identity: Identity) -> tuple[int, Identity]:
    return _ORDER.index(identity[0]) if identity[0] in _ORDER else len(_ORDER), identity


def _identity(kind: str, named: Found) -> Identity:
    return kind, named.get("namespace") or "", named["name"]
