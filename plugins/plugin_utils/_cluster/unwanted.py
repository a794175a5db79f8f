# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of the role's objects goes: what no entry wants, and then what nothing that stays refers to.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.external import references_of
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.marks import (
    Found,
    identity,
    is_of,
    is_pushed,
    labels_of,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.names import (
    DEFAULT_OWNER,
    PART_LABEL,
)

# Kind, namespace ("" for none) and name.
Identity = tuple[str, str, str]
# In the order in which they go: a writer before what it writes, and a user before what it uses.
_ORDER = ("ExternalSecret", "ClusterSecretStore")


def unwanted(
    found: Sequence[Found],
    wanted: Collection[Identity],
    namespaces: Collection[str] | None = None,
    owner: str = DEFAULT_OWNER,
) -> list[Found]:
    """Those objects in the cluster that should not be there, ExternalSecrets first.

    Secrets that the operator writes into for somebody else, or was told to leave, are not the role's to remove.

    :arg found: the role's objects, and the ExternalSecrets of everybody.
    :arg owner: whose objects go.
    :arg wanted: what should be there.
    :arg namespaces: of the namespaced objects leave out all others'. What the cluster shares goes with its last user.
    """
    known = {identity_of(one): one for one in found}
    own = {identity for identity, one in known.items() if is_of(owner, one)}
    gone = {identity for identity in own - set(wanted) if namespaces is None or identity[1] in namespaces}
    gone = {identity for identity in gone if _is_own(known[identity], gone)}
    if namespaces is not None:
        gone |= own & _without_users(known, gone, ("ClusterSecretStore", "ClusterGenerator"))
        gone |= own & left_behind(known, gone)
    gone -= _needed(known, gone)
    return [known[identity] for identity in sorted(gone, key=_order)]


def _needed(known: Mapping[Identity, Found], gone: Collection[Identity]) -> set[Identity]:
    """What of it others use, and what that needs.

    A store of the cluster reads its token in one of these namespaces, for others too.
    """
    staying = {identity: one for identity, one in known.items() if identity not in gone}
    needed: set[Identity] = set()
    while True:
        used_ones = used([*staying.values(), *(known[one] for one in needed)], known)
        more = {one for one in used_ones & set(gone) if not is_pushed(known[one])} - needed
        if not more:
            return needed
        needed |= more


def identity_of(one: Found) -> Identity:
    """Kind, namespace and name of an object."""
    return one["kind"], *identity(one)


def _is_own(one: Found, gone: set[Identity]) -> bool:
    """Whether it is the role's, or a Secret of an ExternalSecret that goes."""
    if one["kind"] != "Secret":
        return True
    return is_pushed(one) or PART_LABEL.items() <= labels_of(one).items() or owned_by(one, *gone)


def owned_by(secret: Found, *owners: Identity) -> bool:
    """Whether it belongs to one of these, and so goes with it."""
    namespace = identity(secret)[0]
    found = {(owner["kind"], namespace, owner["name"]) for owner in secret["metadata"].get("ownerReferences") or ()}
    return not found.isdisjoint(owners)


def _without_users(known: Mapping[Identity, Found], gone: set[Identity], kinds: Sequence[str]) -> set[Identity]:
    """What belongs to the whole cluster, and nothing that stays refers to."""
    staying = used((one for identity, one in known.items() if identity not in gone), known)
    return {identity for identity in known if identity[0] in kinds and identity not in staying}


def left_behind(known: Mapping[Identity, Found], gone: Collection[Identity]) -> set[Identity]:
    """What those that go need, and what that needs, as far as nothing that stays needs it too.

    :arg known: all that counts, those that go and the users of what they need among it.
    """
    left: set[Identity] = set()
    while True:
        going = {*gone, *left}
        needed = used((known[one] for one in going), known)
        staying = used((one for identity, one in known.items() if identity not in going), known)
        more = {one for one in needed - staying - going if one in known}
        if not more:
            return left
        left |= more


def used(objects: Iterable[Found], known: Mapping[Identity, Found]) -> set[Identity]:
    """What these objects cannot do without.

    :arg known: generators among what is there, of which some read Secrets where their users are.
    """
    return {identity for one in objects for identity in _references(one, known)}


def _references(one: Found, known: Mapping[Identity, Found]) -> Iterable[Identity]:
    """What an object cannot do without."""
    namespace = identity(one)[0]
    if one["kind"] == "ExternalSecret":
        for reader in references_of(one):
            yield reader
            if reader[0] == "ClusterGenerator" and reader in known:
                # It reads them in the namespace of its user.
                yield from _secrets_of(known[reader], namespace)
        return
    yield from _secrets_of(one, namespace)


def _secrets_of(reader: Found, namespace: str) -> Iterator[Identity]:
    for reference in _secrets_in(reader.get("spec") or {}):
        yield ("Secret", reference.get("namespace") or namespace, reference.get("name") or "")


def _secrets_in(spec: Any) -> Iterator[Mapping[str, Any]]:
    """References to Secrets, wherever a generator or a store has them."""
    if isinstance(spec, Mapping):
        for name, value in spec.items():
            if name in ("token", "caProvider", "secretRef") and isinstance(value, Mapping) and value.get("name"):
                yield from [value] if value.get("type", "Secret") == "Secret" else []
            else:
                yield from _secrets_in(value)
    elif isinstance(spec, list):
        for value in spec:
            yield from _secrets_in(value)


def _order(identity: Identity) -> tuple[int, Identity]:
    return _ORDER.index(identity[0]) if identity[0] in _ORDER else len(_ORDER), identity
