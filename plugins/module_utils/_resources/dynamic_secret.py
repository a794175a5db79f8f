# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dynamic secrets: the definitions from which credentials are generated.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._api.client import Client
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import OptionError, StateError
from ansible_collections.community.workload_credentials.plugins.module_utils._api.paths import (
    ResourcePath,
    check_integration_name,
    parse_path,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._api.request import Replay, Request, item
from ansible_collections.community.workload_credentials.plugins.module_utils._api.shown import one_line
from ansible_collections.community.workload_credentials.plugins.module_utils._change import Change
from ansible_collections.community.workload_credentials.plugins.module_utils._providers import PROVIDERS
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.dynamic_config import (
    check_complete,
    check_config,
    config_after,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.ending import (
    REVOKED,
    account,
    end_leases,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.integrations import (
    integration_path,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.json_values import (
    patch_between,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.leases import (
    living_leases,
    named,
    revocable,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.lifecycle import (
    deletion,
    find_living,
    is_restore,
    missing_parent,
    revive,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.remaking import (
    options_again,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.tags import (
    Tags,
    tag_requests,
    tags_after,
    wanted_tags,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.view import view
from ansible_collections.community.workload_credentials.plugins.module_utils._spec import (
    CONNECTION,
    LIFECYCLE,
    STATE,
    TAGS,
    Spec,
)


def plan(client: Client, parameters: Mapping[str, Any]) -> Change:
    """What is to be done so that the definition is as wanted.

    :raises OptionError: a value that the API cannot hold, an option of the other provider, or a missing one.
    :raises StateError: something deleted or living leases are in the way, or a field differs
        that cannot change in place.
    """
    path = parse_path(parameters["path"], "path")
    wanted_tags(parameters)
    if parameters["state"] == "present":
        check_config(parameters)
        if parameters["integration_name"] is not None:
            check_integration_name(parameters["integration_name"], "integration_name")
    found = find_living(client, item("GET", "dynamic", path))
    if parameters["state"] == "absent":
        return _delete(client, path, found, parameters)
    if found is None:
        return _create(client, path, parameters)
    return _update(client, path, found, parameters)


def _create(client: Client, path: ResourcePath, parameters: Mapping[str, Any]) -> Change:
    missing = missing_parent(client, path)
    requests = () if missing else revive(client, "dynamic", path, parameters["on_deleted"])
    restored = is_restore(requests)
    creation = _creation(client, path, parameters, {})
    if restored:
        return replace(creation, requests=requests, replan=True)
    missing += _prerequisites(client, path, parameters)
    return replace(creation, requests=requests + creation.requests, missing=missing)


def _prerequisites(client: Client, path: ResourcePath, parameters: Mapping[str, Any]) -> tuple[str, ...]:
    """What is missing to create the definition: with fewer options it, and else its integration, must be there."""
    try:
        check_complete(parameters, str(path))
    except OptionError as error:
        return (str(error),)
    return () if _integration(client, parameters) is not None else (str(_no_integration(parameters)),)


def _creation(client: Client, path: ResourcePath, parameters: Mapping[str, Any], tags: Tags) -> Change:
    """The change from nothing to the definition, with these tags and the wanted ones."""
    kind = parameters["type"]
    config = {"type": kind, "credentialType": PROVIDERS[kind].credential_type, **config_after({}, parameters)}
    body = {**config, "integrationName": parameters["integration_name"]}
    after = tags_after(tags, wanted_tags(parameters), purge=parameters["purge_tags"])
    return Change(
        requests=(
            item("POST", "dynamic", path, body=body, replay=Replay.CREATE),
            *tag_requests("dynamic", path, {}, after, purge=parameters["purge_tags"]),
        ),
        after={**_shown(path, config, after), "integration_name": parameters["integration_name"]},
        predicted=lambda: _result(path, config, {"tags": after}),
        outcome=lambda _answers: _read(client, path),
    )


def _update(client: Client, path: ResourcePath, found: Mapping[str, Any], parameters: Mapping[str, Any]) -> Change:
    current = found.get("config") or {}
    obstacle = _obstacle(client, path, current, parameters)
    if obstacle and parameters["recreate"]:
        return _recreate(client, path, found, parameters)
    if obstacle:
        raise StateError(obstacle)
    after = config_after(current, parameters)
    patch = _patch(current, after)
    metadata = _metadata(client, path, found, needed=parameters["tags"] is not None)
    current_tags = metadata.get("tags") or {}
    tags = tags_after(current_tags, wanted_tags(parameters), purge=parameters["purge_tags"])
    requests = (item("PATCH", "dynamic", path, body={"type": parameters["type"], **patch}),) if patch else ()
    return Change(
        requests=requests + tag_requests("dynamic", path, current_tags, tags, purge=parameters["purge_tags"]),
        before=_shown(path, current, current_tags),
        after=_shown(path, after, tags),
        predicted=lambda: _result(path, after, {**metadata, "tags": tags}),
        outcome=lambda _answers: _read(client, path),
    )


def _patch(current: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """The smallest patch, but awsTags whole with null for each key that goes (secrets-api facts, "Answers")."""
    patch = patch_between(current, after)
    if isinstance(patch.get("awsTags"), dict):
        patch["awsTags"] = {**patch["awsTags"], **after["awsTags"]}
    return patch


def _recreate(client: Client, path: ResourcePath, found: Mapping[str, Any], parameters: Mapping[str, Any]) -> Change:
    """Remove the definition for good and make the wanted one; its tags stay."""
    check_complete(parameters, str(path))
    tags = _metadata(client, path, found, needed=True).get("tags") or {}
    creation = _creation(client, path, parameters, tags)
    missing = _prerequisites(client, path, parameters)
    removal = _delete(client, path, found, {**parameters, "permanent": True})
    (deletion_of_it,) = removal.requests
    options = options_again(client, path, found.get("config") or {}, tags)
    told = replace(deletion_of_it, loss=f"the dynamic secret {path}, which these options make again: {options}")
    requests = (told, *creation.requests)
    return replace(creation, first=removal.first, requests=requests, before=removal.before, missing=missing)


def _obstacle(
    client: Client, path: ResourcePath, current: Mapping[str, Any], parameters: Mapping[str, Any]
) -> str | None:
    """Which wanted value cannot be had by changing the definition in place; None: all can."""
    for option, field in (("type", "type"), ("credential_type", "credentialType")):
        wanted = parameters[option]
        if wanted is not None and current.get(field) not in (None, wanted):
            return _cannot_change(path, option, one_line(current[field], 100), wanted)
    name = parameters["integration_name"]
    if name is None:
        return None
    integration = _integration(client, parameters)
    if integration is None and not parameters["recreate"]:
        raise _no_integration(parameters)
    # Reading a definition gives the integration's ID only.
    wanted_id = ((integration or {}).get("metadata") or {}).get("id")
    is_another = wanted_id is not None and current.get("integrationId") not in (None, wanted_id)
    if integration is None or is_another:
        return _cannot_change(path, "integration_name", "another integration", name)
    return None


def _integration(client: Client, parameters: Mapping[str, Any]) -> dict[str, Any] | None:
    return client.find(Request("GET", integration_path(parameters["type"], parameters["integration_name"])))


def _no_integration(parameters: Mapping[str, Any]) -> OptionError:
    return OptionError(
        "integration_name", f"there is no {parameters['type']} integration {parameters['integration_name']!r}."
    )


def _cannot_change(path: ResourcePath, option: str, current: str, wanted: str) -> str:
    return (
        f"{path}: {option} is {current!r} and cannot be changed to {wanted!r} in place. Keep the present value, or let "
        "recreate=true remove the dynamic secret for good and create it anew."
    )


def _delete(
    client: Client, path: ResourcePath, found: Mapping[str, Any] | None, parameters: Mapping[str, Any]
) -> Change:
    if found is None:
        return deletion(client, "dynamic", path, None, parameters)
    leases = living_leases(client, path)
    ending = [lease for lease in leases if revocable(lease)]
    staying = [lease for lease in leases if not revocable(lease)]
    if staying:
        raise StateError(
            f"{path} cannot be deleted: {len(staying)} of its leases live and cannot be revoked: {named(staying)}. "
            "Delete it after they have expired."
        )
    if ending and not parameters["revoke_leases"]:
        raise StateError(
            f"{path} cannot be deleted: {len(ending)} of its leases live: {named(ending)}. "
            "revoke_leases=true revokes them first."
        )
    before = _shown(path, found.get("config") or {}, (found.get("metadata") or {}).get("tags") or {})
    removal = deletion(client, "dynamic", path, before, parameters)
    return replace(removal, first=lambda: _end(client, path, ending)) if ending else removal


def _end(client: Client, path: ResourcePath, leases: list[dict[str, Any]]) -> dict[str, Any]:
    """End the leases that are in the way.

    :raises StateError: one may live on, so that the definition stays.
    """
    ended = end_leases(client, leases)
    if any(one.how != REVOKED for one in ended):
        raise StateError(f"{path} was not deleted. {account(ended)}")
    return {}


def _metadata(client: Client, path: ResourcePath, found: Mapping[str, Any], *, needed: bool) -> dict[str, Any]:
    """The definition's metadata; its tags may be shown only on a page of their own."""
    metadata = dict(found.get("metadata") or {})
    if needed and "tags" not in metadata:
        return client.get(item("GET", "dynamic", path, "metadata"))
    return metadata


def _read(client: Client, path: ResourcePath) -> dict[str, Any]:
    found = client.get(item("GET", "dynamic", path))
    return _result(path, found.get("config") or {}, _metadata(client, path, found, needed=True))


def _result(path: ResourcePath, config: Mapping[str, Any], metadata: Mapping[str, Any]) -> dict[str, Any]:
    return {"dynamic_secret": {"path": str(path), "config": view(config), "metadata": view(metadata)}}


def _shown(path: ResourcePath, config: Mapping[str, Any], tags: Tags) -> dict[str, Any]:
    return {"path": str(path), "config": view(config), "tags": dict(tags)}


DYNAMIC_SECRET = Spec(
    name="dynamic_secret",
    options={
        **CONNECTION,
        **STATE,
        **TAGS,
        **LIFECYCLE,
        "path": {"type": "str", "required": True},
        "type": {"type": "str", "choices": list(PROVIDERS)},
        "integration_name": {"type": "str"},
        "credential_type": {"type": "str", "choices": [one.credential_type for one in PROVIDERS.values()]},
        "ttl": {"type": "int"},
        "role_arn": {"type": "str"},
        "external_id": {"type": "str"},
        "policy_arns": {"type": "list", "elements": "str"},
        "policy": {"type": "json"},
        "groups": {"type": "list", "elements": "str"},
        "aws_tags": {"type": "dict"},
        "application_object_id": {"type": "str"},
        "revoke_leases": {"type": "bool", "default": False},
        "recreate": {"type": "bool", "default": False},
    },
    plan=plan,
    required_if=(("state", "present", ("type",)),),
)
