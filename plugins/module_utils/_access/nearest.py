# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which policy is nearest to a request that the service refused. It is loaded only where one was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, unquote

from .._api.client import Client
from .._api.errors import WorkloadCredentialsError
from .._api.permissions import permission_for
from .._api.settings import Settings, has_site_and_token
from .actions import ACTIONS, DYNAMIC, FOLDER, INTEGRATION, PRODUCT, STATIC
from .cascade import distance, granted_on
from .cedar import Grant, Principal, Resource
from .identities import Identity, list_identities, named
from .policies import Policy, list_policies

_KINDS = {"folders": FOLDER, "static": STATIC, "dynamic": DYNAMIC, "leases": DYNAMIC}
_MOST = 3


def with_nearest_policy(text: str, denied: Iterable[tuple[str, str]], parameters: Mapping[str, Any]) -> str:
    """Return an error's text. If it is about a refusal and policies can be read, a sentence names the nearest one.

    :arg denied: methods and targets of the requests that the service refused.
    :arg parameters: the connection's options, with or without an administration site.
    """
    refused = _refused_in(text, list(denied))
    if refused is None or not has_site_and_token(parameters, "admin_"):
        return text
    permission, target = refused
    try:
        administration = Client(Settings.of_administration(parameters))
        policies = [policy for policy in list_policies(administration) if policy.is_live]
        identities = list_identities(administration)
    except WorkloadCredentialsError:
        # The refusal is the subject, and not why it cannot be explained.
        return text
    here = [policy for policy in policies if policy.site == str(parameters["site_id"]).strip().lower()]
    caller = _caller(identities, parameters)
    return f"{text} {_sentence(permission, target, here, identities, caller)}"


def _refused_in(text: str, denied: Sequence[tuple[str, str]]) -> tuple[str, Resource] | None:
    """Return the permission and the resource of the refusal that the text is about; None: it is about none."""
    # What a task only tried to read before is not why it failed.
    failed_first = sorted(denied, key=lambda request: f"{request[0]} {request[1]}:" not in text)
    found = list(filter(None, map(_checked, failed_first)))
    by_name = [one for one in found if one[0] in text]
    return next(iter(by_name or (one for one in found if one[1].path and one[1].path in text)), None)


def _checked(request: tuple[str, str]) -> tuple[str, Resource] | None:
    """Return the permission that a request needs and the resource that needs it; None: one of them is not known."""
    method, target = request
    permission = (permission_for(method, target) or "").partition(" ")[0]
    resource = checked_resource(target, permission) if permission else None
    return None if resource is None else (permission, resource)


def checked_resource(target: str, permission: str) -> Resource | None:
    """Return the resource on which the service checks a request's permission; None: the request does not name it.

    :arg target: path and query, as sent.
    """
    path, _mark, query = target.partition("?")
    kind, _slash, rest = path.strip("/").partition("/")
    if permission in ACTIONS[PRODUCT]:
        return Resource(PRODUCT)
    if kind == "integrations":
        return Resource(INTEGRATION, unquote(rest.split("/")[1])) if "/" in rest else None
    if kind not in _KINDS or rest.startswith("id/"):
        return None
    where = {name: value[0].strip("/") for name, value in parse_qs(query).items()}
    if not rest:
        return Resource(FOLDER, where.get("path", ""))
    return _checked_item(_KINDS[kind], where.get("folder", ""), unquote(rest.partition("/")[0]), permission)


def _checked_item(kind: str, folder: str, name: str, permission: str) -> Resource:
    # Creating is checked on the folder that is to hold the new item.
    if permission.startswith("Create"):
        return Resource(FOLDER, folder)
    return Resource(kind, f"{folder}/{name}" if folder else name)


def _caller(identities: Sequence[Identity], parameters: Mapping[str, Any]) -> Principal | None:
    """Return who asks, if the connection says so: only a service name does, with tokens of workload identities."""
    found = named(identities, parameters["service_name"] or "")
    return found[0].principal if len(found) == 1 else None


def _sentence(
    permission: str,
    target: Resource,
    policies: Sequence[Policy],
    identities: Sequence[Identity],
    caller: Principal | None,
) -> str:
    known = [(policy, policy.grant) for policy in policies if policy.grant is not None]
    granting = [(policy, grant) for policy, grant in known if permission in granted_on(grant, target)]
    names = {one.principal.key: one.service_name for one in identities}
    if granting:
        granting.sort(key=lambda one: (not _is_for(one[1], caller), one[0].name))
        return f"Policies that grant {permission} on {target}: {_some(granting, names)}."
    if not known:
        return f"No policy grants anything at this site, so none grants {permission} on {target}."
    policy, grant = min(known, key=lambda one: _order(one[0], one[1], permission, target, caller))
    actions = ", ".join(grant.actions)
    nearest = f"{_words(policy, grant, names)}, which grants {actions} on {grant.resource}"
    return f"No policy grants {permission} on {target}; the nearest is {nearest}."


def _some(granting: Sequence[tuple[Policy, Grant]], names: Mapping[tuple[str, str], str]) -> str:
    shown = "; ".join(_words(policy, grant, names) for policy, grant in granting[:_MOST])
    return f"{shown}; and {len(granting) - _MOST} more" if len(granting) > _MOST else shown


def _is_for(grant: Grant, caller: Principal | None) -> bool:
    return caller is not None and grant.principal.key == caller.key


def _order(
    policy: Policy, grant: Grant, permission: str, target: Resource, caller: Principal | None
) -> tuple[bool, int, bool, str]:
    """Return what ranks a policy: the caller's own come first, then the nearest in the tree, then the same action."""
    is_same_action = permission in grant.actions
    return not _is_for(grant, caller), distance(grant.resource, target), not is_same_action, policy.name


def _words(policy: Policy, grant: Grant, names: Mapping[tuple[str, str], str]) -> str:
    principal = grant.principal
    who = f"{principal.kind} {names.get(principal.key, principal.id)}"
    status = "" if policy.is_in_force else f", status {policy.status}"
    return f"{policy.name} (for {who}{status})"
