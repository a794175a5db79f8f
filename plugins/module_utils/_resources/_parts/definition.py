# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A dynamic secret's definition as it is found, and what stands in the way of what is wanted."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..._api.client import Client
from ..._api.errors import DeniedError, OptionError, RequestError, StateError
from ..._api.paths import ResourcePath, check_integration_name, integration_path
from ..._api.request import Request
from ..._api.text import one_line
from .dynamic_config import check_config, incomplete
from .leases import ListedLease, living_leases, named, revocable
from .lifecycle import Place, look_at
from .tags import Tags
from .view import view
from .visibility import RefusedError, listed_integrations, read_integration, with_tags


@dataclass(frozen=True)
class ExistingDefinition:
    """What was found of a dynamic secret, as far as it counts for what is wanted.

    :arg metadata: the definition's, with its tags.
    :arg integration: the one that is wanted; None: there is none.
    :arg is_integration_sure: None means that there surely is none, and not only that this token sees none.
    :arg is_integration_untold: this token may neither read it nor list integrations.
    :arg leases: those that live, of a definition that is to go.
    :arg integration_name: of a definition that is to be made anew, the integration that it has.
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
        """The definition's configuration."""
        return (self.place.living or {}).get("config") or {}

    @property
    def tags(self) -> Tags:
        """The definition's tags."""
        return self.metadata.get("tags") or {}


def look(client: Client, parameters: Mapping[str, Any]) -> ExistingDefinition:
    """What is at the path, and what the wanted definition hangs on.

    :raises OptionError: a value that the API cannot hold, an option of the other provider, or a missing one.
    :raises StateError: leases are in the way of a definition that is to be made anew.
    """
    if parameters["state"] == "present":
        check_config(parameters)
        if parameters["integration_name"] is not None:
            check_integration_name(parameters["integration_name"], "integration_name")
    place = look_at(client, "dynamic", parameters)
    if place.living is None:
        found = ExistingDefinition(place)
        return _with_integration(client, found, parameters) if _is_made(place, parameters) else found
    found = ExistingDefinition(place, place.living.get("metadata") or {})
    if parameters["state"] == "absent":
        return replace(found, leases=_leases(client, place.path, parameters))
    return _look_further(client, found, place.living, parameters)


def _look_further(
    client: Client, found: ExistingDefinition, living: Mapping[str, Any], parameters: Mapping[str, Any]
) -> ExistingDefinition:
    """Also at what decides whether the definition can be changed in place, or can be made anew."""
    path = found.place.path
    if parameters["integration_name"] is not None and not _fixed(found, parameters):
        found = _with_integration(client, found, parameters)
    if obstacle(found, parameters) is None:
        return found if parameters["tags"] is None else _with_tags(client, found, living)
    if not parameters["recreate"]:
        return found
    problem = incomplete(parameters, path)
    if problem:
        raise problem
    found = _with_tags(client, found, living)
    if found.integration is None:
        found = _with_integration(client, found, parameters)
    found = replace(found, leases=_leases(client, path, parameters))
    leases_to_end(found, parameters)
    return replace(found, integration_name=_name_of_integration(client, found.config))


def _is_made(place: Place, parameters: Mapping[str, Any]) -> bool:
    """Whether the definition is created; what is deleted comes back as it was, or stays so."""
    comes_back = place.deleted == place.path and parameters["on_deleted"] != "replace"
    return parameters["state"] == "present" and not comes_back and not incomplete(parameters, place.path)


def _with_tags(client: Client, found: ExistingDefinition, living: Mapping[str, Any]) -> ExistingDefinition:
    return replace(found, metadata=with_tags(client, "dynamic", found.place.path, living)["metadata"])


def _with_integration(client: Client, found: ExistingDefinition, parameters: Mapping[str, Any]) -> ExistingDefinition:
    """The same with the wanted integration; where it may not be read, the list has its ID."""
    kind, name = parameters["type"], parameters["integration_name"]
    try:
        return replace(found, integration=read_integration(client, kind, name))
    except DeniedError:
        entries = listed_integrations(client, kind)
        entry = next((one for one in entries or () if one.get("name") == name), None)
        current = found.config.get("integrationId")
        # A list that leaves out the definition's own integration leaves out others too.
        hides = entry is None and current is not None and all(one.get("id") != current for one in entries or ())
        known = {"metadata": entry} if entry else None
        untold = entries is None or hides
        return replace(found, integration=known, is_integration_sure=False, is_integration_untold=untold)


def _leases(client: Client, path: ResourcePath, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The active leases of the definition; a token that may not list them learns from the deletion that it has some.

    :raises RefusedError: they may not be listed, and are to be revoked.
    """
    try:
        return living_leases(client, path)
    except RefusedError:
        if parameters["revoke_leases"]:
            raise
        return []


def _name_of_integration(client: Client, config: Mapping[str, Any]) -> str | None:
    """None: it has gone, or integrations may not be listed."""
    try:
        listed = client.items(Request("GET", integration_path(str(config.get("type")))))
    except RequestError:
        return None
    return next((one.get("name") for one in listed if one.get("id") == config.get("integrationId")), None)


def options_again(found: ExistingDefinition) -> str:
    """The module's options that make the definition as it is now, as JSON; who may not list integrations has the ID."""
    options = {"path": str(found.place.path), **view(found.config), "tags": dict(found.tags)}
    if found.integration_name:
        options.pop("integration_id", None)
        options["integration_name"] = found.integration_name
    return json.dumps(options)


def obstacle(found: ExistingDefinition, parameters: Mapping[str, Any]) -> str | None:
    """Which wanted value cannot be had by changing the definition in place; None: all can.

    :raises OptionError: the wanted integration is not there.
    """
    fixed, name = _fixed(found, parameters), parameters["integration_name"]
    if fixed or name is None:
        return fixed
    if found.is_integration_untold:
        # It cannot be compared, and could not be changed in place either.
        return None
    if found.integration is None and not parameters["recreate"]:
        raise no_integration(found, parameters)
    # Reading a definition gives the integration's ID only.
    wanted_id = ((found.integration or {}).get("metadata") or {}).get("id")
    is_another = wanted_id is not None and found.config.get("integrationId") not in (None, wanted_id)
    if found.integration is None or is_another:
        return _cannot_change(found, "integration_name", "another integration", name)
    return None


def _fixed(found: ExistingDefinition, parameters: Mapping[str, Any]) -> str | None:
    """The same for those values that can be told without the wanted integration."""
    for option, name in (("type", "type"), ("credential_type", "credentialType")):
        wanted, current = parameters[option], found.config.get(name)
        if wanted is not None and current not in (None, wanted):
            return _cannot_change(found, option, one_line(current, 100), wanted)
    return None


def no_integration(found: ExistingDefinition, parameters: Mapping[str, Any]) -> OptionError:
    """The error of an integration that is not there, or that this token does not see."""
    hidden = "" if found.is_integration_sure else ", or it is hidden from this token, which then lacks ReadIntegration"
    return OptionError(
        "integration_name", f"there is no {parameters['type']} integration {parameters['integration_name']!r}{hidden}."
    )


def _cannot_change(found: ExistingDefinition, option: str, current: str, wanted: str) -> str:
    return (
        f"{found.place.path}: {option} is {current!r} and cannot be changed to {wanted!r} in place. "
        "Keep the present value, or let recreate=true remove the dynamic secret for good and create it anew."
    )


def leases_to_end(found: ExistingDefinition, parameters: Mapping[str, Any]) -> list[ListedLease]:
    """The leases that are to end before the definition goes.

    :raises StateError: one lives that cannot be ended, or that may not.
    """
    ending = [lease for lease in found.leases if revocable(lease)]
    staying = [lease for lease in found.leases if not revocable(lease)]
    if staying:
        raise StateError(
            f"{found.place.path} cannot be deleted: {len(staying)} of its leases live and cannot be revoked: "
            f"{named(staying)}. Delete it after they have expired."
        )
    if ending and not parameters["revoke_leases"]:
        raise StateError(
            f"{found.place.path} cannot be deleted: {len(ending)} of its leases live: {named(ending)}. "
            "revoke_leases=true revokes them first."
        )
    return ending
