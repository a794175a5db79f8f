# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access policies: who may do what at a site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from .._access.actions import DYNAMIC, FOLDER, INTEGRATION, PRODUCT, ROLES, STATIC, slips
from .._access.administration import Administration
from .._access.cascade import disputed_on, granted_on
from .._access.cedar import WORKLOAD, Grant, Principal, Resource, render
from .._access.identities import Identity, list_identities
from .._access.policies import FAILED, SETTLING, UNBINDING, WAITING, Policy, find_policy, list_policies, request_for
from .._access.waiting import wait_until_gone, wait_until_in_force
from .._access.wanted import (
    PRINCIPAL,
    RESOURCE,
    UnregisteredError,
    actions_of,
    check_name,
    grant_from_text,
    keys_of,
    principal_of,
    resource_of,
)
from .._api.client import Client
from .._api.errors import OptionError, StateError, WorkloadCredentialsError
from .._api.own_writes import PREDICTED
from .._api.paths import parse_folder, parse_path
from .._api.request import Request
from .._change import Change, ReadResult
from .._spec import CONNECTION, STATE, Spec
from ._parts.visibility import ABSENT, search

# Stands for the ID of an identity that does not exist yet.
_NO_ID = "(not registered yet)"
_KINDS = {FOLDER: "folders", STATIC: "static", DYNAMIC: "dynamic"}


@dataclass(frozen=True)
class PolicyState:
    """The present state of a policy, and what its wanted one means.

    :arg policy: the service's record of the name, which may be that of a deleted policy; None: there is none.
    :arg wanted: the meaning of the wanted policy; None: it is to be absent.
    :arg site: UUID of the site that the option site_id names; None: it is not set.
    :arg missing: a sentence if the principal is not registered, which an earlier task could have done.
    :arg slips: sentences about mistakes that only other reads show, which are made only where the policy is to be
        written.
    """

    policy: Policy | None
    wanted: Grant | None
    site: str | None
    missing: str = ""
    slips: tuple[str, ...] = ()

    @property
    def living(self) -> Policy | None:
        """Return the policy; None: it does not exist, or is deleted."""
        return self.policy if self.policy is not None and self.policy.is_live else None

    @property
    def is_wanted(self) -> bool:
        """Return whether the policy says what is wanted, and has not failed."""
        policy = self.living
        if policy is None or self.wanted is None or policy.grant is None:
            return False
        return policy.grant.meaning == self.wanted.meaning and policy.status not in FAILED


def look(client: Administration, parameters: Mapping[str, Any]) -> PolicyState:
    """Return the policy of this name and the meaning of the wanted one.

    A policy that is as it should be costs one request, and one more to find the identity of a service name.

    :raises OptionError: an option cannot work, or the service takes no such policy.
    """
    check_name(parameters["name"])
    if parameters["state"] == "absent":
        return PolicyState(find_policy(client, parameters["name"]), None, _site_or_none(client, parameters))
    checked = _checked(client, parameters)
    identities = list_identities(client) if (parameters["principal"] or {}).get("workload") else None
    wanted, missing = checked, ""
    if checked is None:
        wanted, missing = _wanted(client.target, parameters, identities or ())
    state = PolicyState(find_policy(client, parameters["name"]), wanted, wanted.site if wanted else None, missing)
    if state.is_wanted or wanted is None or missing:
        return state
    return replace(state, slips=_slips(client, wanted, identities))


def state_of(
    site: str, parameters: Mapping[str, Any], policy: Policy | None, identities: Sequence[Identity]
) -> PolicyState:
    """Return the state of a policy that a caller has listed, and the meaning of the wanted one, without any request.

    :arg policy: the one of this name; None: there is none.
    :raises OptionError: an option cannot work.
    """
    check_name(parameters["name"])
    if parameters["cedar"] is not None:
        return PolicyState(policy, grant_from_text(parameters["cedar"], site), site)
    if parameters["resource"] is None:
        raise OptionError("resource", "the resource that the principal may use is needed.")
    wanted, missing = _wanted(site, parameters, identities)
    return PolicyState(policy, wanted, site, missing)


def _site_or_none(client: Administration, parameters: Mapping[str, Any]) -> str | None:
    return client.target if parameters["site_id"] else None


def _checked(client: Administration, parameters: Mapping[str, Any]) -> Grant | None:
    """Check what needs no request, and return the meaning of the option cedar; None: it is not given."""
    if parameters["cedar"] is not None:
        return grant_from_text(parameters["cedar"], _site_or_none(client, parameters))
    if parameters["resource"] is None:
        raise OptionError("resource", "the resource that the principal may use is needed.")
    resource_of(parameters["resource"])
    actions_of(parameters)
    return None


def _wanted(site: str, parameters: Mapping[str, Any], identities: Sequence[Identity]) -> tuple[Grant, str]:
    """Return the meaning of the options, and a sentence if the principal is not registered yet."""
    missing = ""
    try:
        principal = principal_of(parameters["principal"], identities, site)
    except UnregisteredError as error:
        principal, missing = Principal(WORKLOAD, _NO_ID), str(error)
    return Grant(site, principal, actions_of(parameters), resource_of(parameters["resource"])), missing


def _slips(client: Administration, grant: Grant, identities: Sequence[Identity] | None) -> tuple[str, ...]:
    """Return what is wrong with a policy that the service would take without a word."""
    found = []
    if grant.principal.kind == WORKLOAD:
        known = list_identities(client) if identities is None else identities
        found += _identity_slips(grant, known)
    if client.product is not None and client.product.settings.site_id.lower() == grant.site.lower():
        found += _path_slips(client.product, grant.resource)
    return tuple(found)


def _identity_slips(grant: Grant, identities: Sequence[Identity]) -> list[str]:
    key = grant.principal.key
    identity = next((one for one in identities if one.principal.key == key), None)
    if identity is None:
        who = f"principal: no workload identity {grant.principal.id} is registered"
        return [f"{who}, so this policy grants nothing, even if its status is ACTIVE."]
    if identity.id != grant.principal.id:
        return [f"principal: the ID is written {identity.id}, and the service tells upper from lower case."]
    if not identity.is_for(grant.site):
        return [f"principal: {identity} is not registered for site {grant.site}, so this policy grants nothing there."]
    return []


def _path_slips(product: Client, resource: Resource) -> list[str]:
    try:
        is_absent = _is_absent(product, resource)
    except WorkloadCredentialsError:
        # The token of the site may not list it, or is wrong: that is not this task's subject.
        return []
    return [f"resource: {resource} is not there, as far as the site's token sees."] if is_absent else []


def _is_absent(product: Client, resource: Resource) -> bool:
    if resource.kind == PRODUCT or (resource.kind == FOLDER and not resource.path):
        return False
    if resource.kind == INTEGRATION:
        return all(entry.get("name") != resource.path for entry in product.items(Request("GET", "/integrations")))
    kind = _KINDS[resource.kind]
    made = (product.writes.left_at(prefix + kind, resource.path) for prefix in ("", PREDICTED))
    if any(trace is not None and not trace.gone for trace in made):
        return False
    return search(product, kind, parse_path(resource.path, "resource")).how == ABSENT


def plan(current: PolicyState, parameters: Mapping[str, Any]) -> Change:
    """Return the change to the wanted policy.

    :raises StateError: the name belongs to a policy of another site or for another principal.
    """
    if current.wanted is None:
        return _remove(current, parameters)
    warnings = (*_actions_slips(current.wanted), *current.slips)
    if current.is_wanted and current.living is not None:
        return _keep(current.living, parameters, warnings)
    if current.living is not None:
        _check_replacement(current.living, current.wanted, parameters)
    return _write(current, current.wanted, parameters, warnings)


def _actions_slips(grant: Grant) -> list[str]:
    option = "grant" if set(grant.actions) <= set(ROLES) else "actions"
    return [f"{option}: {sentence}" for sentence in slips(grant.actions, grant.resource.kind)]


def _remove(current: PolicyState, parameters: Mapping[str, Any]) -> Change:
    name, policy = parameters["name"], current.policy
    wait = partial(_gone, name=name, parameters=parameters)
    if policy is not None and policy.status == UNBINDING and parameters["wait"]:
        return Change(first=lambda client: wait(client, ()), uncertain=_still(name, policy))
    if current.living is None:
        return Change()
    if current.site and current.living.site and current.site.lower() != current.living.site:
        _refuse(current.living, f"it is for site {current.living.site}, not for site_id", parameters)
    return Change((request_for("DELETE", name),), before=current.living.cedar, after="", outcome=wait)


def _gone(client: Administration, _answers: Sequence[Any], name: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    if parameters["wait"]:
        wait_until_gone(client, name, parameters["wait_timeout"])
    return {"changed": bool(_answers)}


def _still(name: str, policy: Policy) -> str:
    return f"{name}: the status of the policy is {policy.status}; a real run waits until that has passed."


def _keep(policy: Policy, parameters: Mapping[str, Any], warnings: Sequence[str]) -> Change:
    values = {"iam_policy": policy.shown()}
    if policy.status in SETTLING and parameters["wait"]:
        return Change(
            first=lambda client: {**_in_force(client, policy.cedar, None, parameters), "changed": False},
            before=policy.cedar,
            after=policy.cedar,
            predicted=values,
            uncertain=_still(policy.name, policy),
            warnings=warnings,
        )
    return Change(
        before=policy.cedar, after=policy.cedar, predicted=values, warnings=(*warnings, *_status_warnings(policy))
    )


def _check_replacement(policy: Policy, wanted: Grant, parameters: Mapping[str, Any]) -> None:
    if policy.grant is None:
        _refuse(policy, f"its text is not understood ({policy.problem})", parameters)
    elif policy.grant.site.lower() != wanted.site.lower():
        _refuse(policy, f"it is for site {policy.grant.site}", parameters)
    elif policy.grant.principal.key != wanted.principal.key:
        _refuse(policy, f"it is for another principal, {policy.grant.principal}", parameters)


def _refuse(policy: Policy, why: str, parameters: Mapping[str, Any]) -> None:
    if parameters["replace"]:
        return
    raise StateError(
        f"name: the organization has a policy {policy.name} already, and {why}. Names count in the whole organization: "
        "choose another name, or set replace=true to replace or delete it anyway."
    )


def _write(current: PolicyState, wanted: Grant, parameters: Mapping[str, Any], warnings: Sequence[str]) -> Change:
    name, former = parameters["name"], current.policy
    cedar = parameters["cedar"] or render(wanted)
    predicted = Policy.of({"name": name, "cedar": cedar, "site": wanted.site})
    return Change(
        (request_for("PUT", name, cedar),),
        before=current.living.cedar if current.living else "",
        after=cedar,
        predicted={"iam_policy": predicted.shown()},
        outcome=lambda client, answers: _in_force(client, cedar, former, parameters, answers[-1]),
        missing=(current.missing,) if current.missing else (),
        warnings=warnings,
    )


def _in_force(
    client: Administration, cedar: str, former: Policy | None, parameters: Mapping[str, Any], answer: Any = None
) -> dict[str, Any]:
    """Return the policy after a write, when it is in force if the task waits for that."""
    name = parameters["name"]
    if parameters["wait"]:
        policy = wait_until_in_force(client, name, cedar, former, parameters["wait_timeout"])
    else:
        record = answer if isinstance(answer, dict) else {}
        policy = Policy.of({"cedar": cedar, **record, "name": name})
    return {"iam_policy": policy.shown(), "warnings": _status_warnings(policy)}


def _status_warnings(policy: Policy) -> list[str]:
    if policy.status != WAITING:
        return []
    resource = policy.grant.resource if policy.grant else "its resource"
    return [f"{policy.name}: the policy waits for {resource} and grants nothing until that exists."]


IAM_POLICY = Spec(
    name="iam_policy",
    options={
        **CONNECTION,
        **STATE,
        "name": {"type": "str", "required": True},
        "cedar": {"type": "str"},
        "principal": PRINCIPAL,
        "grant": {"type": "str", "choices": list(ROLES)},
        "actions": {"type": "list", "elements": "str"},
        "resource": RESOURCE,
        "replace": {"type": "bool", "default": False},
        "wait": {"type": "bool", "default": True},
        "wait_timeout": {"type": "int", "default": 600},
    },
    look=look,
    plan=plan,
    administers=True,
    required_if=(("state", "present", ("cedar", "principal"), True),),
    mutually_exclusive=(
        *(("cedar", option) for option in ("principal", "grant", "actions", "resource")),
        ("grant", "actions"),
    ),
)


def read(client: Administration, parameters: Mapping[str, Any]) -> ReadResult:
    """Return the policies that the options select, each with its meaning."""
    policies = _selected(client, parameters)
    if parameters["path"] is None:
        return ReadResult({"iam_policies": [policy.shown() for policy in policies]})
    targets, site = targets_at(parameters["path"]), client.target.lower()
    reaching = [_on_path(policy, targets) for policy in policies if policy.site == site]
    return ReadResult({"iam_policies": [policy for policy in reaching if policy is not None]})


def _selected(client: Administration, parameters: Mapping[str, Any]) -> list[Policy]:
    """Return the policies by name, whether they are deleted, and principal."""
    if parameters["name"] is not None:
        check_name(parameters["name"])
        policies = list(filter(None, [find_policy(client, parameters["name"])]))
    else:
        policies = list_policies(client)
    if not parameters["deleted"]:
        policies = [policy for policy in policies if policy.is_live]
    given = parameters["principal"]
    if given is None:
        return policies
    keys = keys_of(given, list_identities(client) if given["workload"] else ())
    return [policy for policy in policies if policy.grant is not None and policy.grant.principal.key in keys]


def targets_at(path: str) -> list[Resource]:
    """Return everything that a path may mean: a folder, either kind of secret, or an integration's name.

    :raises OptionError: the service cannot hold such a path.
    """
    where = parse_folder(path, "path")
    if not where:
        return [Resource(FOLDER)]
    kinds = (FOLDER, STATIC, DYNAMIC) if "/" in where else (FOLDER, STATIC, DYNAMIC, INTEGRATION)
    return [Resource(kind, where) for kind in kinds]


def _on_path(policy: Policy, targets: Sequence[Resource]) -> dict[str, Any] | None:
    """Return the policy with what it grants on these resources; None: nothing."""
    if policy.grant is None:
        return None
    granted = {target.kind: sorted(granted_on(policy.grant, target)) for target in targets}
    doubtful = {target.kind: sorted(disputed_on(policy.grant, target)) for target in targets}
    granted = {kind: actions for kind, actions in granted.items() if actions}
    if not granted:
        return None
    return {
        **policy.shown(),
        "granted": granted,
        "disputed": sorted({action for actions in doubtful.values() for action in actions}),
        "inherited": policy.grant.resource not in targets,
    }


IAM_POLICY_INFO = Spec(
    name="iam_policy_info",
    options={
        **CONNECTION,
        "name": {"type": "str"},
        "path": {"type": "str"},
        "principal": PRINCIPAL,
        "deleted": {"type": "bool", "default": False},
    },
    read=read,
    administers=True,
)
