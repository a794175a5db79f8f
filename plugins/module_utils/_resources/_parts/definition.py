# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A dynamic secret's present definition, and obstacles to the wanted one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Optional

from ..._api.client import Client
from ..._api.errors import DeniedError, OptionError, RequestError, StateError
from ..._api.paths import ResourcePath, check_integration_name, integration_path
from ..._api.request import Request
from ..._api.text import one_line
from ..._providers import PROVIDERS
from .dynamic_config import check_config, incomplete
from .leases import ListedLease, living_leases, named, revocable
from .lifecycle import Place, Wanted, look_at
from .tags import Tags
from .view import view
from .visibility import RefusedError, listed_integrations, read_integration, with_tags


@dataclass(frozen=True)
class WantedDynamicSecret(Wanted):
    """The wanted state of a dynamic secret.

    :arg definition: its options by their names, None where one is not given, and ``purge_tags``.
    """

    definition: Mapping[str, Any]
    revoke_leases: bool
    recreate: bool

    @property
    def type(self) -> str:
        """Return the provider's name."""
        return str(self.definition["type"])

    @property
    def integration_name(self) -> str | None:
        """Return the integration's name; None: not given."""
        name: str | None = self.definition["integration_name"]
        return name


# The options of every provider's definition.
_OPTIONS = tuple(dict.fromkeys(option for provider in PROVIDERS.values() for option in provider.definition))


def wanted_of(parameters: Mapping[str, Any]) -> WantedDynamicSecret:
    """Return the wanted dynamic secret from the module's parameters.

    :raises OptionError: the API cannot hold something that is wanted, or an option belongs to the other provider.
    """
    if parameters["state"] == "present":
        check_config(parameters)
        if parameters["integration_name"] is not None:
            check_integration_name(parameters["integration_name"], "integration_name")
    names = ("type", "integration_name", "credential_type", *_OPTIONS, "purge_tags")
    return WantedDynamicSecret.of(
        parameters,
        definition={name: parameters[name] for name in names},
        revoke_leases=parameters["revoke_leases"],
        recreate=parameters["recreate"],
    )


@dataclass(frozen=True)
class ExistingDefinition:
    """What exists of a dynamic secret, as far as the wanted state needs it.

    :arg metadata: of the definition, with its tags.
    :arg integration: the wanted one; None: it does not exist.
    :arg is_integration_sure: None surely means that it does not exist, and not only that this token does not see it.
    :arg is_integration_untold: this token may neither read it nor list integrations.
    :arg leases: the active ones of a definition that is removed.
    :arg integration_name: the present integration of a definition that is recreated.
    """

    place: Place
    metadata: Mapping[str, Any] = field(default_factory=dict)
    integration: Mapping[str, Any] | None = None
    is_integration_sure: bool = True
    is_integration_untold: bool = False
    leases: Sequence[ListedLease] = ()
    integration_name: str | None = None

    @property
    def config(self) -> Mapping[str, Any]:
        """Return the definition's configuration."""
        return (self.place.living or {}).get("config") or {}

    @property
    def tags(self) -> Tags:
        """Return the definition's tags."""
        return self.metadata.get("tags") or {}


def look_for(client: Client, wanted: WantedDynamicSecret) -> ExistingDefinition:
    """Return what exists at the path, and what the wanted definition depends on.

    :raises OptionError: the API cannot hold a value, an option belongs to the other provider, or one is missing.
    :raises StateError: leases prevent that the definition is recreated.
    """
    return look_further(client, look_at(client, "dynamic", wanted), wanted)


# Integrations that a caller knows already, by type and name; None: there is no such integration.
KnownIntegrations = Optional[Mapping[tuple[str, str], Optional[Mapping[str, Any]]]]


def look_further(
    client: Client, place: Place, wanted: WantedDynamicSecret, known: KnownIntegrations = None
) -> ExistingDefinition:
    """Return what exists at the path of a place that has been read, and what the wanted definition depends on.

    :arg known: integrations that need not be read.
    :raises OptionError: an option is missing.
    :raises StateError: leases prevent that the definition is recreated.
    """
    if place.living is None:
        nothing = ExistingDefinition(place)
        return _with_integration(client, nothing, wanted, known) if _is_created(place, wanted) else nothing
    existing = ExistingDefinition(place, place.living.get("metadata") or {})
    if wanted.is_absent:
        return replace(existing, leases=_leases(client, place.path, wanted))
    return _compared(client, existing, place.living, wanted, known)


def _compared(
    client: Client,
    existing: ExistingDefinition,
    living: Mapping[str, Any],
    wanted: WantedDynamicSecret,
    known: KnownIntegrations,
) -> ExistingDefinition:
    """Read also what decides whether the definition can be changed in place or recreated."""
    path = existing.place.path
    if wanted.integration_name is not None and not _fixed_difference(existing, wanted):
        existing = _with_integration(client, existing, wanted, known)
    if obstacle(existing, wanted) is None:
        return existing if wanted.tags is None else _with_tags(client, existing, living)
    if not wanted.recreate:
        return existing
    problem = incomplete(wanted.definition, path)
    if problem:
        raise problem
    existing = _with_tags(client, existing, living)
    if existing.integration is None:
        existing = _with_integration(client, existing, wanted, known)
    existing = replace(existing, leases=_leases(client, path, wanted))
    leases_to_end(existing, wanted)
    return replace(existing, integration_name=_name_of_integration(client, existing.config))


def _is_created(place: Place, wanted: WantedDynamicSecret) -> bool:
    """Return whether the definition is created: a deleted one is restored as it was, or stays deleted."""
    comes_back = place.deleted == place.path and wanted.on_deleted != "replace"
    return not wanted.is_absent and not comes_back and not incomplete(wanted.definition, place.path)


def _with_tags(client: Client, existing: ExistingDefinition, living: Mapping[str, Any]) -> ExistingDefinition:
    return replace(existing, metadata=with_tags(client, "dynamic", existing.place.path, living)["metadata"])


def _with_integration(
    client: Client, existing: ExistingDefinition, wanted: WantedDynamicSecret, known: KnownIntegrations
) -> ExistingDefinition:
    """Add the wanted integration; if it may not be read, its ID comes from the list."""
    kind, name = wanted.type, wanted.integration_name or ""
    if _is_known(existing, known, (kind, name)):
        return replace(existing, integration=(known or {})[kind, name])
    try:
        return replace(existing, integration=read_integration(client, kind, name))
    except DeniedError:
        return _from_list(existing, listed_integrations(client, kind), name)


def _from_list(
    existing: ExistingDefinition, entries: Sequence[Mapping[str, Any]] | None, name: str
) -> ExistingDefinition:
    """Add the wanted integration as its list shows it.

    :arg entries: None: this token may not list integrations.
    """
    unsure = replace(existing, is_integration_sure=False)
    for entry in entries or ():
        if entry.get("name") == name:
            return replace(unsure, integration={"metadata": entry})
    current_id = existing.config.get("integrationId")
    # A list without the definition's own integration may lack others too.
    is_partial = current_id is not None and current_id not in [entry.get("id") for entry in entries or ()]
    return replace(unsure, is_integration_untold=entries is None or is_partial)


def _is_known(existing: ExistingDefinition, known: KnownIntegrations, names: tuple[str, str]) -> bool:
    """Return whether a caller knows an integration, or that a new definition has none."""
    if known is None or names not in known:
        return False
    return known[names] is not None or existing.place.living is None


def _leases(client: Client, path: ResourcePath, wanted: WantedDynamicSecret) -> list[dict[str, Any]]:
    """Return the active leases of the definition; none if this token may not list them: the deletion finds them.

    :raises RefusedError: this token may not list them, but should revoke them.
    """
    try:
        return living_leases(client, path)
    except RefusedError:
        if wanted.revoke_leases:
            raise
        return []


def _name_of_integration(client: Client, config: Mapping[str, Any]) -> str | None:
    """Return the name of the definition's integration; None: it does not exist, or may not be listed."""
    try:
        listed = client.items(Request("GET", integration_path(str(config.get("type")))))
    except RequestError:
        return None
    for entry in listed:
        if entry.get("id") == config.get("integrationId"):
            return entry.get("name")
    return None


def options_again(existing: ExistingDefinition) -> str:
    """Return, as JSON, the module's options that make the present definition, with the integration's name or ID."""
    options = {"path": str(existing.place.path), **view(existing.config), "tags": dict(existing.tags)}
    if existing.integration_name:
        options.pop("integration_id", None)
        options["integration_name"] = existing.integration_name
    return json.dumps(options)


def obstacle(existing: ExistingDefinition, wanted: WantedDynamicSecret) -> str | None:
    """Return why the definition cannot be changed in place; None: it can.

    :raises OptionError: the wanted integration does not exist.
    """
    problem, name = _fixed_difference(existing, wanted), wanted.integration_name
    # An integration that is not known cannot be compared.
    if problem or name is None or existing.is_integration_untold:
        return problem
    if existing.integration is None and not wanted.recreate:
        raise no_integration(existing, wanted)
    if existing.integration is None or _has_another_integration(existing.config, existing.integration):
        return _cannot_change(existing, "integration_name", "another integration", name)
    return None


def _has_another_integration(config: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    # A definition has only the integration's ID.
    wanted_id = (wanted.get("metadata") or {}).get("id")
    return wanted_id is not None and config.get("integrationId") not in (None, wanted_id)


def _fixed_difference(existing: ExistingDefinition, wanted: WantedDynamicSecret) -> str | None:
    """Return which type differs and so cannot be changed in place; None: none."""
    for option, name in (("type", "type"), ("credential_type", "credentialType")):
        value, current = wanted.definition[option], existing.config.get(name)
        if value is not None and current not in (None, value):
            return _cannot_change(existing, option, one_line(current, 100), value)
    return None


def no_integration(existing: ExistingDefinition, wanted: WantedDynamicSecret) -> OptionError:
    """Return the error for an integration that does not exist, or that this token does not see."""
    hidden = ""
    if not existing.is_integration_sure:
        hidden = ", or it is hidden from this token, which then lacks ReadIntegration"
    return OptionError(
        "integration_name", f"there is no {wanted.type} integration {wanted.integration_name!r}{hidden}."
    )


def _cannot_change(existing: ExistingDefinition, option: str, current: str, wanted: str) -> str:
    return (
        f"{existing.place.path}: {option} is {current!r} and cannot be changed to {wanted!r} in place. "
        "Keep the present value, or let the module dynamic_secret delete it permanently and create it again "
        "(recreate=true)."
    )


def leases_to_end(existing: ExistingDefinition, wanted: WantedDynamicSecret) -> list[ListedLease]:
    """Return the leases to end before the definition is removed.

    :raises StateError: a lease is active that cannot be revoked, or that ``revoke_leases`` does not allow to revoke.
    """
    ending = [lease for lease in existing.leases if revocable(lease)]
    staying = [lease for lease in existing.leases if not revocable(lease)]
    if staying:
        raise StateError(
            f"{existing.place.path} cannot be deleted: {len(staying)} of its leases are active and cannot be revoked: "
            f"{named(staying)}. Delete it after they have expired."
        )
    if ending and not wanted.revoke_leases:
        raise StateError(
            f"{existing.place.path} cannot be deleted: {len(ending)} of its leases are active: {named(ending)}. "
            "revoke_leases=true revokes them first."
        )
    return ending
