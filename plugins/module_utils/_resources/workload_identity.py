# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Workload identities: whose tokens count at a site. What they may do there is said by access policies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .._access.administration import Administration
from .._access.identities import (
    ADDRESS,
    CATEGORIES,
    LEVELS,
    SECRETS,
    Binding,
    Identity,
    check_conditions,
    check_sites,
    list_identities,
    named,
    request_for,
)
from .._access.policies import Policy, list_policies
from .._api.errors import ConflictError, NotFoundError, OptionError, RequestError, StateError, WorkloadCredentialsError
from .._api.option_values import shown
from .._api.request import Replay, Request
from .._api.settings import header_of
from .._change import Change, ReadResult
from .._spec import CONNECTION, STATE, Spec


@dataclass(frozen=True)
class WantedIdentity:
    """The wanted state of an identity at one site; None: an option is not given.

    :arg site: UUID of the site.
    :arg conditions: checked, with the values of each claim.
    """

    site: str
    is_absent: bool
    service_name: str
    issuer_url: str | None
    category: str | None
    conditions: Mapping[str, Sequence[str]] | None
    scopes: tuple[str, ...]
    level: str | None
    description: str | None
    recreates: bool

    @classmethod
    def of(cls, parameters: Mapping[str, Any], site: str) -> WantedIdentity:
        """Return the wanted identity from the module's parameters.

        :raises OptionError: the service takes no such value, or no token would meet it.
        """
        conditions = parameters["conditions"]
        category = parameters["idp_category"]
        return cls(
            site=site,
            is_absent=parameters["state"] == "absent",
            service_name=_service_name(parameters),
            issuer_url=_issuer(parameters["issuer_url"]),
            category=category,
            conditions=None if conditions is None else check_conditions(category or "", conditions),
            scopes=_scopes(parameters["registered_scopes"]),
            level=parameters["scope_level"],
            description=parameters["description"],
            recreates=parameters["recreate"],
        )

    def differs_for_good(self, identity: Identity) -> dict[str, tuple[str, str]]:
        """Return the options that differ in what the service never changes: the present value and the wanted one."""
        fixed = {
            "issuer_url": (identity.issuer_url, self.issuer_url),
            "idp_category": (identity.category, self.category),
        }
        return {
            option: (present, wanted)
            for option, (present, wanted) in fixed.items()
            # The service may lower an issuer's case.
            if wanted is not None and wanted.lower() != present.lower()
        }

    def alike(self, identities: Sequence[Identity]) -> list[Identity]:
        """Return the identities that can become the wanted one."""
        return [identity for identity in identities if not self.differs_for_good(identity)]

    def joinable(self, identities: Sequence[Identity]) -> list[Identity]:
        """Return the identities of other sites that can be bound to this one without a change there."""
        return [one for one in self.alike(identities) if self._conditions_on(one) == one.conditions]

    def new(self, organization: str) -> Identity:
        """Return the identity as it is to be registered."""
        fresh = Identity(None, self.service_name, self.issuer_url or "", self.category or "", "", {})
        return self.on(replace(fresh, organization=organization))

    def made_anew(self, identity: Identity) -> Identity:
        """Return an identity that replaces the present one, at all its sites."""
        fresh = replace(
            identity,
            id=None,
            issuer_url=self.issuer_url or identity.issuer_url,
            category=self.category or identity.category,
        )
        return self.on(fresh)

    def on(self, identity: Identity) -> Identity:
        """Return the identity with the options' values."""
        present = identity.bindings.get(self.site.lower())
        scopes = self.scopes
        if present is not None and set(present.scopes) == set(scopes):
            # Their order means nothing.
            scopes = present.scopes
        level = self.level or (present.level if present else LEVELS[0])
        binding = Binding(present.site if present else self.site, scopes, level, present.audience if present else None)
        return replace(
            identity,
            description=identity.description if self.description is None else self.description,
            conditions=self._conditions_on(identity),
            bindings={**identity.bindings, self.site.lower(): binding},
        )

    def _conditions_on(self, identity: Identity) -> Mapping[str, Sequence[str]]:
        wanted = self.conditions
        if wanted is None or _as_sets(wanted) == _as_sets(identity.conditions):
            return identity.conditions
        return wanted


def _as_sets(conditions: Mapping[str, Sequence[str]]) -> dict[str, frozenset[str]]:
    return {claim: frozenset(values) for claim, values in conditions.items()}


def _service_name(parameters: Mapping[str, Any]) -> str:
    # Its jobs send it in a header. The service stores it in lower case.
    name = header_of(parameters, "service_name")
    if name is None:
        raise OptionError("service_name", "it is empty: check that the variable in it is set.")
    return name.lower()


def _issuer(value: str | None) -> str | None:
    if value is None:
        return None
    issuer = value.strip()
    if not issuer.startswith("https://") or any(character.isspace() for character in issuer):
        raise OptionError(
            "issuer_url", f"{shown(value)} is not an https address: give the issuer exactly as tokens carry it (iss)."
        )
    return issuer


def _scopes(values: Sequence[str]) -> tuple[str, ...]:
    scopes = tuple(dict.fromkeys(value.strip() for value in values))
    if not scopes or "" in scopes:
        raise OptionError("registered_scopes", "at least one scope is needed, such as secrets, and none may be empty.")
    return scopes


@dataclass(frozen=True)
class ExistingIdentity:
    """The present state: the identity of a service name that is bound to a site, or that could be bound to it.

    :arg identity: None: there is none.
    :arg site: UUID of the site.
    :arg organization: UUID of the organization, which is that of its administration site.
    :arg policies: names of the live policies for it; read only where it would be removed.
    """

    identity: Identity | None
    site: str
    organization: str
    policies: tuple[str, ...] = ()


def look(client: Administration, parameters: Mapping[str, Any]) -> ExistingIdentity:
    """Return the identity of the service name for the target site, and what names it if it is to be removed.

    :raises OptionError: an option cannot work.
    :raises StateError: several identities have the name, and nothing tells which one is meant.
    """
    site = client.target
    wanted = WantedIdentity.of(parameters, site)
    identity = _chosen(named(list_identities(client), wanted.service_name), wanted)
    if identity is not None and wanted.category is None:
        check_conditions(identity.category, wanted.conditions or {})
    existing = ExistingIdentity(identity, site, client.settings.site_id)
    if identity is None or not _is_removed(identity, wanted):
        return existing
    principal = identity.principal
    policies = tuple(policy.name for policy in list_policies(client) if policy.is_live and policy.names(principal))
    return replace(existing, policies=policies)


def _is_removed(identity: Identity, wanted: WantedIdentity) -> bool:
    if wanted.is_absent:
        return set(identity.bindings) <= {wanted.site.lower()}
    return bool(wanted.differs_for_good(identity))


def _chosen(identities: Sequence[Identity], wanted: WantedIdentity) -> Identity | None:
    """Return the identity that the task is about.

    Services may have the same name at several sites. One that is bound to the site counts before the others. Of those,
    only one with the same issuer and conditions is bound to the site as well: conditions count at all sites of an
    identity, so other ones would let other tokens use what is granted there.
    """
    candidates = [identity for identity in identities if wanted.site.lower() in identity.bindings]
    if not candidates and not wanted.is_absent:
        candidates = wanted.joinable(identities)
    elif len(candidates) > 1:
        candidates = wanted.alike(candidates) or candidates
    if len(candidates) > 1:
        names = ", ".join(str(identity) for identity in candidates)
        raise StateError(
            f"service_name: {len(candidates)} identities have this name: {names}. Set issuer_url and idp_category to "
            "those of the one that you mean; if they are the same, remove the others first."
        )
    return candidates[0] if candidates else None


def plan(current: ExistingIdentity, parameters: Mapping[str, Any]) -> Change:
    """Return the change to the wanted identity. With the state of another site in its place it plans for that site."""
    wanted = WantedIdentity.of(parameters, current.site)
    if wanted.is_absent:
        return _remove(current, wanted)
    if current.identity is None:
        return _create(current, wanted)
    if wanted.differs_for_good(current.identity):
        return _replace(current.identity, current, wanted)
    return _update(current.identity, current, wanted)


def _remove(current: ExistingIdentity, wanted: WantedIdentity) -> Change:
    identity = current.identity
    if identity is None:
        return Change()
    others = {site: binding for site, binding in identity.bindings.items() if site != wanted.site.lower()}
    before = identity.shown()
    if others:
        left = replace(identity, bindings=others)
        request = request_for("PUT", identity.id or "", left.body(identity))
        kept = ", ".join(sorted(others))
        warning = f"{identity} is still bound to other sites ({kept}), so only its binding to this one is removed."
        return Change((request,), before=before, after=left.shown(), warnings=(warning,))
    return Change((request_for("DELETE", identity.id or ""),), before=before, warnings=_orphans(current))


def _orphans(current: ExistingIdentity) -> tuple[str, ...]:
    """Return a warning about the policies that name an identity which goes."""
    if not current.policies:
        return ()
    names = ", ".join(current.policies)
    return (
        f"These policies name {current.identity} and grant nothing without it, although they stay ACTIVE: {names}.",
    )


def _create(current: ExistingIdentity, wanted: WantedIdentity) -> Change:
    missing = [
        f"{option}: {wanted.service_name} is not registered for site {wanted.site}; to register it, set this option."
        for option, value in (("issuer_url", wanted.issuer_url), ("idp_category", wanted.category))
        if value is None
    ]
    identity = wanted.new(current.organization)
    return Change(
        (_creation(identity),),
        after=identity.shown(),
        predicted={"workload_identity": identity.shown()},
        outcome=lambda client, answers: _result(client, answers[-1], identity),
        explain=lambda _client, error: _explained(wanted, error),
        missing=missing[:1],
        warnings=_warnings(current, identity),
    )


def _creation(identity: Identity) -> Request:
    return Request("POST", ADDRESS, body=identity.body(), replay=Replay.CREATE)


def _explained(wanted: WantedIdentity, error: RequestError) -> WorkloadCredentialsError:
    if isinstance(error, NotFoundError):
        return StateError(f"{error} Check site_id: it has to be a site of this organization.")
    if isinstance(error, ConflictError):
        return StateError(
            f"{error} Another identity has the service name {wanted.service_name}, with another issuer, category or "
            "conditions: choose another service_name, give this task the same values, or remove that identity."
        )
    return error


def _replace(identity: Identity, current: ExistingIdentity, wanted: WantedIdentity) -> Change:
    """Return the change of what the service never changes: a new identity in the place of the present one.

    :raises StateError: the user has not asked for it.
    """
    differences = wanted.differs_for_good(identity)
    if not wanted.recreates:
        option = next(iter(differences))
        changes = "; ".join(f"{name} is {shown(old)}, not {shown(new)}" for name, (old, new) in differences.items())
        policies = ", ".join(current.policies) or "none at present"
        raise StateError(
            f"{option}: the service cannot change this for an existing identity ({identity}: {changes}). With "
            f"recreate=true it is removed and registered again with a new ID; policies that name {identity.id} then "
            f"grant nothing (live ones: {policies})."
        )
    new = wanted.made_anew(identity)
    removal = request_for("DELETE", identity.id or "", loss=f"the workload identity {identity}")
    return Change(
        (removal, _creation(new)),
        before=identity.shown(),
        after=new.shown(),
        predicted={"workload_identity": new.shown()},
        outcome=lambda client, answers: _result(client, answers[-1], new),
        warnings=(*_orphans(current), *_elsewhere(identity, new, current.site), *_warnings(current, new)),
    )


def _update(identity: Identity, current: ExistingIdentity, wanted: WantedIdentity) -> Change:
    after = wanted.on(identity)
    check_sites(after)
    is_change = after != identity
    return Change(
        (request_for("PUT", identity.id or "", after.body(identity)),) if is_change else (),
        before=identity.shown(),
        after=after.shown(),
        predicted={"workload_identity": after.shown()},
        outcome=lambda client, answers: _result(client, answers[-1], after),
        warnings=(*_elsewhere(identity, after, current.site), *_warnings(current, after)),
    )


def _elsewhere(identity: Identity, after: Identity, site: str) -> tuple[str, ...]:
    """Return a warning if the change decides about tokens at other sites too."""
    others = ", ".join(sorted(set(identity.bindings) - {site.lower()}))
    if not others or _trusted(identity) == _trusted(after):
        return ()
    return (f"{identity} is bound to other sites too ({others}), and the change counts there as well.",)


def _trusted(identity: Identity) -> tuple[Any, ...]:
    return identity.issuer_url, identity.category, identity.conditions


def _warnings(current: ExistingIdentity, identity: Identity) -> tuple[str, ...]:
    found = []
    if not identity.conditions:
        found.append(f"conditions: there are none, so every token of {identity.issuer_url} counts as this identity.")
    if current.organization.lower() in identity.bindings:
        found.append(
            "site_id: this is the administration site, whose tokens administer the whole organization, whatever "
            "registered_scopes says."
        )
    return tuple(found)


def _result(client: Administration, answer: Any, known: Identity) -> dict[str, Any]:
    """Return the identity from the answer to the write; where that has another shape, read it."""
    record = answer.get("issuer", answer) if isinstance(answer, dict) else None
    if isinstance(record, dict) and record.get("identityId"):
        return {"workload_identity": _known(Identity.of(record), known).shown()}
    for identity in named(list_identities(client), known.service_name):
        if known.id in (None, identity.id) and set(identity.bindings) == set(known.bindings):
            return {"workload_identity": identity.shown()}
    return {"workload_identity": known.shown()}


def _known(answered: Identity, known: Identity) -> Identity:
    """Return an answer that may have left out the bindings."""
    return answered if answered.bindings else replace(answered, bindings=known.bindings)


WORKLOAD_IDENTITY = Spec(
    name="workload_identity",
    options={
        **CONNECTION,
        **STATE,
        # The option of the connection of this name says who asks. The service that is registered is this module's.
        "service_name": {"type": "str", "required": True},
        "issuer_url": {"type": "str"},
        "idp_category": {"type": "str", "choices": list(CATEGORIES)},
        "conditions": {"type": "dict"},
        "registered_scopes": {"type": "list", "elements": "str", "default": [SECRETS]},
        "scope_level": {"type": "str", "choices": list(LEVELS)},
        "description": {"type": "str"},
        "recreate": {"type": "bool", "default": False},
    },
    look=look,
    plan=plan,
    administers=True,
)


def read(client: Administration, parameters: Mapping[str, Any]) -> ReadResult:
    """Return the identities, each with the live policies that name it."""
    identities = list_identities(client)
    if parameters["id"] is not None:
        identities = [one for one in identities if (one.id or "").lower() == parameters["id"].strip().lower()]
    if parameters["service_name"] is not None:
        identities = named(identities, parameters["service_name"])
    policies = [policy for policy in list_policies(client) if policy.is_live] if identities else []
    return ReadResult({"workload_identities": [_with_policies(identity, policies) for identity in identities]})


def _with_policies(identity: Identity, policies: Sequence[Policy]) -> dict[str, Any]:
    principal = identity.principal
    return {**identity.shown(), "policies": [policy.shown() for policy in policies if policy.names(principal)]}


WORKLOAD_IDENTITY_INFO = Spec(
    name="workload_identity_info",
    options={**CONNECTION, "service_name": {"type": "str"}, "id": {"type": "str"}},
    read=read,
    administers=True,
    mutually_exclusive=(("service_name", "id"),),
)
