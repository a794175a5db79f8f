# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of what entries share in a cluster, such that two sites never mean the same object.

Private to this collection: it may change at any time.
"""

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
from .._cluster.secrets import ClusterObject, identity, is_managed, is_of, owner_of, references_of
from .._cluster.spec import CA_SECRET, DEFAULT_OWNER, TOKEN_SECRET
from .._cluster.steps import owned_words

_PREFIX = "workload-credentials-"
_GENERATE = re.compile(r"(?P<site>.+/site/[^/]+)/(?:secrets|wlc)/dynamic/(?P<name>[^/]+)/generate")


@dataclass(frozen=True)
class Standing:
    """What there is for the operator, as far as it can be seen.

    :arg external: everybody's ExternalSecrets; ``readers`` are the role's generators and stores, of all owners.
    :arg owner: whose objects are one's own.
    :arg sees_all: whether these are all ExternalSecrets.
    :arg unseen: why readers of other kinds cannot be told, by kind.
    """

    external: Sequence[ClusterObject] = ()
    readers: Sequence[ClusterObject] = ()
    owner: str = DEFAULT_OWNER
    sees_all: bool = True
    unseen: Mapping[str, ForbiddenError] = field(default_factory=dict)
    _known: Mapping[tuple[str, str, str], ClusterObject] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        known = {(one["kind"], *identity(one)): one for one in (*self.external, *self.readers)}
        object.__setattr__(self, "_known", known)

    @property
    def own(self) -> list[ClusterObject]:
        """The owner's objects."""
        return [one for one in self._known.values() if is_of(self.owner, one)]

    def find(self, kind: str, namespace: str | None, name: str) -> ClusterObject | None:
        """One of the objects."""
        return self._known.get((kind, namespace or "", name))

    def users(self, reader: ClusterObject) -> list[ClusterObject]:
        """The ExternalSecrets that refer to a generator or store."""
        own = (reader["kind"], *identity(reader))
        return [one for one in self.external if own in references_of(one)]


@dataclass(frozen=True)
class Aim:
    """What a generator or a store asks for: a path of a site, with the token of a Secret."""

    site: str
    path: str
    token: str
    namespace: str

    def __str__(self) -> str:
        """For a person."""
        return f"{self.path or '/'} of {self.site} with the token in {self.token}"


def aim_of(found: ClusterObject) -> Aim | None:
    """What a generator or a store asks for; None: nothing of the Secrets API, as far as can be seen."""
    spec = found.get("spec") or {}
    if found["kind"] == "ClusterGenerator":
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
    tokens = [one.get("secretRef") or {} for one in spec.get("secrets") or ()]
    return Aim(called["site"], path, str(tokens[0].get("name")) if tokens else "", "")


def shared_name(path: str, service: Service, owner: str = DEFAULT_OWNER) -> str:
    """The name of what several entries of an owner share: a path may hold what a name may not."""
    token = service.token
    kept = None if token.is_own else [token.name, token.key, token.namespace]
    return _PREFIX + _digest([service.site, kept, path, *_unless_default(owner)])


def name_of_sessions(lasting: str, standing: Standing) -> str:
    """The name of the ClusterGenerator of sessions, which asks no site."""
    former = former_name(lasting)
    found = standing.find("ClusterGenerator", None, former)
    if standing.owner == DEFAULT_OWNER or (found is not None and is_of(standing.owner, found)):
        return former
    return _PREFIX + _digest([lasting, standing.owner])


def _unless_default(owner: str) -> list[str]:
    return [] if owner == DEFAULT_OWNER else [owner]


def former_name(source: str) -> str:
    """How it was named when a cluster had one site only; so still is what asks no site."""
    return _PREFIX + hashlib.sha256(source.encode()).hexdigest()[:10]


def name_of(kind: str, namespace: str | None, path: str, service: Service, standing: Standing) -> str:
    """The name of the generator or store for a path: an earlier one where that is in use for it."""
    name = shared_name(path, service, standing.owner)
    wanted = (service.site, path, service.token.name)
    for earlier in (former_name(path), shared_name(path, service)):
        found = standing.find(kind, namespace, earlier)
        aim = aim_of(found) if found is not None and is_of(standing.owner, found) else None
        if aim is not None and (aim.site, aim.path, aim.token) == wanted:
            return earlier
    return name


def with_names(service: Service, standing: Standing, places: Collection[str]) -> Service:
    """The service with the names of the Secrets that the role makes: earlier ones where they are in use for it.

    :arg places: the namespaces in which the operator reads them.
    """
    suffix = f"-{_digest([service.site, *_unless_default(standing.owner)])}"
    for earlier in ("", f"-{_digest([service.site])}"):
        if _is_in_use(TOKEN_SECRET + earlier, service, standing, places):
            suffix = earlier
            break
    token = Reference(TOKEN_SECRET + suffix, "token", is_own=True) if service.token.is_own else service.token
    return replace(service, token=token, ca_name=CA_SECRET + suffix)


def _is_in_use(name: str, service: Service, standing: Standing, places: Collection[str]) -> bool:
    """Whether the Secret of this name is this site's and owner's, and theirs alone in these namespaces."""
    aims = ((one, aim_of(one)) for one in standing.readers)
    readers = [(one, aim.site) for one, aim in aims if aim and aim.token == name]
    mine = [one for one, site in readers if site == service.site and is_of(standing.owner, one)]
    others = {place for one, _site in readers if one not in mine for place in _places(one, standing)}
    return bool(mine) and others.isdisjoint(places)


def _places(reader: ClusterObject, standing: Standing) -> set[str]:
    """Where it reads its token: a ClusterGenerator in the namespaces of its users."""
    if reader["kind"] == "ClusterGenerator":
        return {identity(one)[0] for one in standing.users(reader)}
    aim = aim_of(reader)
    return {identity(reader)[0] or (aim.namespace if aim else "")}


def others_objects(wanted: Iterable[ClusterObject], standing: Standing) -> list[str]:
    """A sentence for each object that is another owner's."""
    found = (standing.find(one["kind"], identity(one)[0], one["metadata"]["name"]) for one in wanted)
    return [
        owned_words("/".join(filter(None, (one["kind"], *identity(one)))), owner_of(one))
        for one in found
        if one is not None and is_managed(one) and owner_of(one) != standing.owner
    ]


def redirected(wanted: Iterable[ClusterObject], own: Collection[tuple[str, str]], standing: Standing) -> list[str]:
    """A sentence for each generator and store that others use and that would ask for something else.

    :arg wanted: as they should be.
    :arg own: namespace and name of the ExternalSecrets that are to use them.
    """
    problems = []
    for one in wanted:
        found = standing.find(one["kind"], identity(one)[0], one["metadata"]["name"])
        users = [place for place in map(identity, standing.users(found)) if place not in own] if found else []
        if found is None or not users or aim_of(found) == aim_of(one):
            continue
        name = "/".join(filter(None, (one["kind"], *identity(one))))
        problems.append(
            f"{name}: it asks for {aim_of(found)}, for {', '.join('/'.join(place) for place in sorted(users))} too, "
            f"and should now ask for {aim_of(one)}. Choose another generator_name."
        )
    return problems


def _digest(what: Any) -> str:
    return hashlib.sha256(json.dumps(what).encode()).hexdigest()[:10]
