# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that describe a policy, and their meaning."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from .._api.errors import OptionError
from .._api.option_values import is_set, shown
from .._api.paths import check_integration_name, parse_folder, parse_path
from .actions import DYNAMIC, EVERY_ACTION, FOLDER, INTEGRATION, PRODUCT, ROLES, STATIC
from .cedar import GROUP, ROLE, USER, WORKLOAD, CedarError, Grant, Principal, Resource, parse
from .identities import Identity, named

_NAME = re.compile("[A-Za-z0-9]([A-Za-z0-9_-]{0,98}[A-Za-z0-9])?")
_TEXT: Mapping[str, Any] = {"type": "str"}
# The path of a secret is not secret.
_PATH: Mapping[str, Any] = {"type": "str", "no_log": False}
# Each suboption of principal and the kind of principal that it names.
_PRINCIPALS = {"workload": WORKLOAD, "workload_id": WORKLOAD, "user": USER, "group": GROUP, "role": ROLE}
PRINCIPAL: Mapping[str, Any] = {
    "type": "dict",
    "options": dict.fromkeys(_PRINCIPALS, _TEXT),
    "mutually_exclusive": [list(_PRINCIPALS)],
    "required_one_of": [list(_PRINCIPALS)],
}
_PATHS = (FOLDER, STATIC, DYNAMIC, INTEGRATION)
RESOURCE: Mapping[str, Any] = {
    "type": "dict",
    "options": {**dict.fromkeys(_PATHS, _PATH), PRODUCT: {"type": "bool"}},
    "mutually_exclusive": [[*_PATHS, PRODUCT]],
    "required_one_of": [[*_PATHS, PRODUCT]],
}


class UnregisteredError(OptionError):
    """No identity of a service name counts at the site; an earlier task may register one."""


def check_name(name: str) -> None:
    """Raise OptionError if a policy cannot have this name."""
    if not _NAME.fullmatch(name):
        raise OptionError(
            "name",
            f"{shown(name)}: a policy's name has 1 to 100 letters, digits, - and _, with a letter or digit at both "
            "ends.",
        )


def principal_of(given: Mapping[str, Any], identities: Sequence[Identity] = (), site: str = "") -> Principal:
    """Return the principal that the option names.

    :arg identities, site: those of the organization, and where one of a service name has to count.
    :raises UnregisteredError: no such identity counts at the site.
    :raises OptionError: it is empty, or several identities have the name.
    """
    option, value = named_by(given)
    return _registered(value, identities, site) if option == "workload" else Principal(_PRINCIPALS[option], value)


def keys_of(given: Mapping[str, Any], identities: Sequence[Identity]) -> list[tuple[str, str]]:
    """Return the keys of the principals that the option means: several identities may have one name."""
    option, value = named_by(given)
    if option != "workload":
        return [principal_of(given).key]
    return [identity.principal.key for identity in named(identities, value)]


def named_by(given: Mapping[str, Any]) -> tuple[str, str]:
    """Return the suboption of a principal that is given, and its value.

    :raises OptionError: it is empty.
    """
    option, value = next((name, value) for name, value in given.items() if value is not None)
    if not is_set(value):
        raise OptionError(f"principal.{option}", "it is empty: check that the variable in it is set.")
    return option, value.strip()


def _registered(service_name: str, identities: Sequence[Identity], site: str) -> Principal:
    found = named(identities, service_name)
    here = _at_site(found, site)
    if len(here) == 1:
        return here[0].principal
    if here:
        names = ", ".join(str(identity) for identity in here)
        raise OptionError("principal.workload", f"several identities have this name ({names}): give workload_id.")
    elsewhere = f"; it is registered for {', '.join(sorted(found[0].bindings))} only" if found else ""
    raise UnregisteredError(
        "principal.workload",
        f"no workload identity {service_name!r} is registered for site {site}{elsewhere}. Register it there first with "
        "community.workload_credentials.workload_identity.",
    )


def _at_site(identities: Sequence[Identity], site: str) -> list[Identity]:
    """Return the identities that count at a site: those of the whole organization only if none is bound to it."""
    bound = [identity for identity in identities if site.lower() in identity.bindings]
    return bound or [identity for identity in identities if identity.is_for(site)]


def resource_of(given: Mapping[str, Any]) -> Resource:
    """Return the resource that the option names.

    :raises OptionError: the service cannot hold it.
    """
    kind, value = next((name, value) for name, value in given.items() if value is not None)
    option = f"resource.{kind}"
    if kind == PRODUCT:
        if not value:
            raise OptionError(option, "false names nothing: give a folder, a secret or an integration, or true.")
        return Resource(PRODUCT)
    if kind == INTEGRATION:
        check_integration_name(value, option)
        return Resource(INTEGRATION, value)
    path = parse_folder(value, option) if kind == FOLDER else str(parse_path(value, option))
    return Resource(kind, path)


def actions_of(parameters: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the actions and roles that the options name.

    :raises OptionError: none is named, or one in another case than the service's.
    """
    option, names = ("grant", [parameters["grant"]]) if parameters["grant"] else ("actions", parameters["actions"])
    if not names:
        raise OptionError("actions", "at least one action is needed, or a role as grant.")
    known = {name.lower(): name for name in (*EVERY_ACTION, *ROLES)}
    for name in names:
        if not is_set(name):
            raise OptionError(option, "one is empty: check that the variable in it is set.")
        right = known.get(name.lower(), name)
        if right != name:
            raise OptionError(option, f"{shown(name)} is written {right}: the service tells upper from lower case.")
    return tuple(dict.fromkeys(names))


def grant_from_text(cedar: str, site: str | None) -> Grant:
    """Return the meaning of a policy's text.

    :arg site: that the option site_id names; None: it is not set.
    :raises OptionError: the service takes no such text, or it is for another site.
    """
    try:
        grant = parse(cedar)
    except CedarError as error:
        raise OptionError("cedar", f"{error}.") from None
    if site is not None and site.lower() != grant.site.lower():
        raise OptionError("cedar", f"its @siteId is {grant.site}, and site_id is {site}: one of them is not meant.")
    return grant
