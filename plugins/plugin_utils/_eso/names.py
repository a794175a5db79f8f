# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of what entries share in a cluster, so that two sites never mean the same object."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from ...module_utils._kube.errors import ForbiddenError
from .._cluster.job import Reference, Service
from .._cluster.outcome import where
from .._cluster.removal import identity_of
from .._cluster.secrets import ClusterObject, identity, is_managed, is_of, owner_of, references_of
from .._cluster.spec import CA_SECRET, DEFAULT_OWNER, TOKEN_SECRET
from .._cluster.steps import owned_words

_PREFIX = "workload-credentials-"
_GENERATE = re.compile(r"(?P<site>.+/site/[^/]+)/(?:secrets|wlc)/dynamic/(?P<name>[^/]+)/generate")


@dataclass(frozen=True)
class Existing:
    """What exists for the operator, as far as the identity may see it.

    :arg external: everybody's ExternalSecrets; ``readers`` are the role's generators and stores, of all owners.
    :arg owner: the owner whose objects are ``own``.
    :arg sees_all: whether these are all ExternalSecrets of the cluster.
    :arg unseen: why readers of other kinds cannot be listed, by kind.
    """

    external: Sequence[ClusterObject] = ()
    readers: Sequence[ClusterObject] = ()
    owner: str = DEFAULT_OWNER
    sees_all: bool = True
    unseen: Mapping[str, ForbiddenError] = field(default_factory=dict)
    _known: Mapping[tuple[str, str, str], ClusterObject] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        known = {identity_of(found): found for found in (*self.external, *self.readers)}
        object.__setattr__(self, "_known", known)

    @property
    def own(self) -> list[ClusterObject]:
        """The owner's objects."""
        return [found for found in self._known.values() if is_of(self.owner, found)]

    def find(self, kind: str, namespace: str | None, name: str) -> ClusterObject | None:
        """Return one of the objects; None: it does not exist."""
        return self._known.get((kind, namespace or "", name))

    def users(self, reader: ClusterObject) -> list[ClusterObject]:
        """Return the ExternalSecrets that refer to a generator or store."""
        own = identity_of(reader)
        return [external for external in self.external if own in references_of(external)]


@dataclass(frozen=True)
class Aim:
    """What a generator or a store reads: a path of a site, with the token in a Secret."""

    site: str
    path: str
    token: str
    namespace: str

    def __str__(self) -> str:
        """Return it as messages name it."""
        return f"{self.path or '/'} of {self.site} with the token in {self.token}"


def aim_of(reader: ClusterObject) -> Aim | None:
    """Return what a generator or a store reads; None: nothing of the Secrets API, as far as can be seen."""
    spec = reader.get("spec") or {}
    if reader["kind"] == "ClusterGenerator":
        spec = next(iter((spec.get("generator") or {}).values()), {})
    provider = spec.get("provider") or {}
    provider = provider.get("beyondtrustworkloadcredentials", provider)
    if provider.get("server"):
        server, token = provider["server"], provider["auth"]["apikey"]["token"]
        site = f"{server.get('apiUrl')}/{server.get('siteId')}"
        return Aim(site, provider.get("folderPath") or "", token["name"], token.get("namespace") or "")
    return _aim_of_webhook(spec)


def _aim_of_webhook(spec: Mapping[str, Any]) -> Aim | None:
    url = urlsplit(str(spec.get("url") or ""))
    called = _GENERATE.fullmatch(f"{url.scheme}://{url.netloc}{url.path}")
    if called is None:
        return None
    folder = parse_qs(url.query).get("folder", [])
    path = "/".join([*folder, unquote(called["name"])])
    tokens = [secret.get("secretRef") or {} for secret in spec.get("secrets") or ()]
    return Aim(called["site"], path, str(tokens[0].get("name")) if tokens else "", "")


def shared_name(path: str, service: Service, owner: str = DEFAULT_OWNER) -> str:
    """Return the name of what several entries of an owner share: a path may hold what a name may not."""
    token = service.token
    kept = None if token.is_own else [token.name, token.key, token.namespace]
    return _PREFIX + _digest([service.site, kept, path, *_unless_default(owner)])


def name_of_sessions(lasting: str, existing: Existing) -> str:
    """Return the name of the ClusterGenerator of STS sessions, which asks no site."""
    former = former_name(lasting)
    generator = existing.find("ClusterGenerator", None, former)
    if existing.owner == DEFAULT_OWNER or (generator is not None and is_of(existing.owner, generator)):
        return former
    return _PREFIX + _digest([lasting, existing.owner])


def _unless_default(owner: str) -> list[str]:
    return [] if owner == DEFAULT_OWNER else [owner]


def former_name(source: str) -> str:
    """Return the name from when a cluster could have one site only, which objects that ask no site still have."""
    return _PREFIX + hashlib.sha256(source.encode()).hexdigest()[:10]


def name_of(kind: str, namespace: str | None, path: str, service: Service, existing: Existing) -> str:
    """Return the name of the generator or store for a path: an earlier one where that is in use for it."""
    name = shared_name(path, service, existing.owner)
    wanted = (service.site, path, service.token.name)
    for earlier in (former_name(path), shared_name(path, service)):
        reader = existing.find(kind, namespace, earlier)
        aim = aim_of(reader) if reader is not None and is_of(existing.owner, reader) else None
        if aim is not None and (aim.site, aim.path, aim.token) == wanted:
            return earlier
    return name


def with_secret_names(service: Service, existing: Existing, namespaces: Collection[str]) -> Service:
    """Return the service with the names of the Secrets that the role makes: earlier ones where they are in use for it.

    :arg namespaces: those in which the operator reads them.
    """
    suffix = f"-{_digest([service.site, *_unless_default(existing.owner)])}"
    for earlier in ("", f"-{_digest([service.site])}"):
        if _is_in_use(TOKEN_SECRET + earlier, service, existing, namespaces):
            suffix = earlier
            break
    token = Reference(TOKEN_SECRET + suffix, "token", is_own=True) if service.token.is_own else service.token
    return replace(service, token=token, ca_name=CA_SECRET + suffix)


def _is_in_use(name: str, service: Service, existing: Existing, namespaces: Collection[str]) -> bool:
    """Return whether this site and owner use the Secret of this name, and nobody else in these namespaces."""
    is_own = False
    others: set[str] = set()
    for reader in existing.readers:
        aim = aim_of(reader)
        if aim is None or aim.token != name:
            continue
        if aim.site == service.site and is_of(existing.owner, reader):
            is_own = True
        else:
            others |= _token_namespaces(reader, aim, existing)
    return is_own and others.isdisjoint(namespaces)


def _token_namespaces(reader: ClusterObject, aim: Aim, existing: Existing) -> set[str]:
    """Return where it reads its token: a ClusterGenerator does in the namespaces of its users."""
    if reader["kind"] == "ClusterGenerator":
        return {identity(external)[0] for external in existing.users(reader)}
    return {identity(reader)[0] or aim.namespace}


def others_objects(wanted: Iterable[ClusterObject], existing: Existing) -> list[str]:
    """Return a sentence for each object that belongs to another owner."""
    problems = []
    for manifest in wanted:
        current = existing.find(*identity_of(manifest))
        if current is not None and is_managed(current) and owner_of(current) != existing.owner:
            problems.append(owned_words(where(current), owner_of(current)))
    return problems


def redirected(wanted: Iterable[ClusterObject], own: Collection[tuple[str, str]], existing: Existing) -> list[str]:
    """Return a sentence for each generator and store that others use and that would read something else.

    :arg wanted: as they should be.
    :arg own: namespace and name of the ExternalSecrets that are to use them.
    """
    problems = []
    for manifest in wanted:
        current = existing.find(*identity_of(manifest))
        if current is None or aim_of(current) == aim_of(manifest):
            continue
        users = sorted(place for place in map(identity, existing.users(current)) if place not in own)
        if users:
            problems.append(
                f"{where(manifest)}: it reads {aim_of(current)}, for {', '.join(map('/'.join, users))} too, but would "
                f"now read {aim_of(manifest)}. Choose another generator_name."
            )
    return problems


def _digest(what: Any) -> str:
    return hashlib.sha256(json.dumps(what).encode()).hexdigest()[:10]
