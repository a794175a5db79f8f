# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dynamic secrets: the definitions from which the service generates credentials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from .._api.client import Client
from .._api.errors import ConflictError, RequestError, StateError, WorkloadCredentialsError
from .._api.own_writes import Written, left_by
from .._api.paths import ResourcePath, parse_path
from .._api.request import Replay, item
from .._change import Change, ReadResult, created
from .._providers import PROVIDERS
from .._spec import CONNECTION, RESOURCE, Spec
from ._parts.definition import ExistingDefinition, leases_to_end, look, no_integration, obstacle, options_again
from ._parts.dynamic_config import config_after, incomplete
from ._parts.finding import find
from ._parts.json_values import patch_between
from ._parts.leases import REVOKED, ListedLease, account, end_leases, in_use, living_leases
from ._parts.lifecycle import deletion, doubts, existing, explained_creation, hidden, is_restore, missing_parent, revive
from ._parts.tags import Tags, tag_requests, tags_after, wanted_tags
from ._parts.view import view
from ._parts.visibility import RefusedError, listed, listing, must_show, read_back, with_tags


def plan(found: ExistingDefinition, parameters: Mapping[str, Any]) -> Change:
    """Return the change to the wanted definition.

    :raises OptionError: the API cannot hold so many tags, or the integration does not exist.
    :raises StateError: something deleted or active leases are in the way, or a field cannot change in place.
    """
    if parameters["state"] == "absent":
        return _delete(found, parameters)
    if found.place.living is None:
        existing(found.place)
        return _create(found, parameters)
    problem = obstacle(found, parameters)
    if problem is None:
        return _update(found, parameters)
    if not parameters["recreate"]:
        raise StateError(problem)
    return _recreate(found, parameters)


def _create(found: ExistingDefinition, parameters: Mapping[str, Any]) -> Change:
    missing = missing_parent(found.place)
    requests = () if found.place.lacking else revive(found.place, parameters["on_deleted"])
    creation = _creation(found, parameters)
    if is_restore(requests):
        leaves = (Written("dynamic", str(found.place.path)),)
        return replace(creation, requests=requests, replan=True, leaves=leaves)
    missing += _prerequisites(found, parameters)
    return replace(creation, requests=requests + creation.requests, missing=missing)


def _prerequisites(found: ExistingDefinition, parameters: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what is missing to create the definition: an option, or its integration."""
    problem = incomplete(parameters, found.place.path)
    # The creation shows whether a hidden integration exists, but nothing is removed before that.
    is_lacking = found.integration is None and (found.is_integration_sure or found.place.living is not None)
    if problem is None and is_lacking:
        problem = no_integration(found, parameters)
    return (str(problem), *hidden(found.place)) if problem else ()


def _unseen_integration(found: ExistingDefinition, parameters: Mapping[str, Any]) -> tuple[str, ...]:
    is_unseen = found.integration is None and not found.is_integration_sure and not found.is_integration_untold
    return (str(no_integration(found, parameters)),) if is_unseen else ()


def _creation(found: ExistingDefinition, parameters: Mapping[str, Any]) -> Change:
    """Return the change from nothing to the definition, with its present tags and the wanted ones."""
    path, kind = found.place.path, parameters["type"]
    config = {"type": kind, "credentialType": PROVIDERS[kind].credential_type, **config_after({}, parameters)}
    body = {**config, "integrationName": parameters["integration_name"]}
    after = tags_after(found.tags, wanted_tags(parameters), purge=parameters["purge_tags"])
    return Change(
        requests=(
            item("POST", "dynamic", path, body=body, replay=Replay.CREATE),
            *tag_requests("dynamic", path, {}, after, purge=parameters["purge_tags"]),
        ),
        after={**_shown(path, config, after), "integration_name": parameters["integration_name"]},
        predicted=_result(path, config, {"tags": after}),
        outcome=lambda client, answers: _made(client, found, answers, config, after),
        explain=lambda _client, error: explained_creation(found.place, error),
        doubts=(*doubts(found.place), *_unseen_integration(found, parameters)),
        leaves=(Written("dynamic", str(path), content=config, tags=after),),
    )


def _update(found: ExistingDefinition, parameters: Mapping[str, Any]) -> Change:
    path, current = found.place.path, found.config
    after = config_after(current, parameters)
    patch = _patch(current, after)
    tags = tags_after(found.tags, wanted_tags(parameters), purge=parameters["purge_tags"])
    requests = (item("PATCH", "dynamic", path, body={"type": parameters["type"], **patch}),) if patch else ()
    # Without the option tags the present ones are not read.
    known = {**found.metadata, **({} if parameters["tags"] is None else {"tags": tags})}
    return Change(
        requests=requests + tag_requests("dynamic", path, found.tags, tags, purge=parameters["purge_tags"]),
        warnings=_uncompared(found, parameters),
        before=_shown(path, current, found.tags),
        after=_shown(path, after, tags),
        predicted=_result(path, after, known),
        outcome=lambda client, _answers: _read(client, path, after, known),
        leaves=(
            Written(
                "dynamic", str(path), content=left_by(current, after), tags=None if parameters["tags"] is None else tags
            ),
        ),
    )


def _uncompared(found: ExistingDefinition, parameters: Mapping[str, Any]) -> list[str]:
    name = parameters["integration_name"]
    warning = (
        f"integration_name: could not check whether {found.place.path} uses {name!r}, since this token may neither "
        "read it nor list integrations (ReadIntegration, ListIntegrations)."
    )
    return [warning] if found.is_integration_untold else []


def _patch(current: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Return the smallest patch, but all of awsTags with null for each removed key (secrets-api facts, "Answers")."""
    patch = patch_between(current, after)
    if isinstance(patch.get("awsTags"), dict):
        patch["awsTags"] = {**patch["awsTags"], **after["awsTags"]}
    return patch


def _recreate(found: ExistingDefinition, parameters: Mapping[str, Any]) -> Change:
    """Return the change that removes the definition for good and creates the wanted one with its tags."""
    path, creation = found.place.path, _creation(found, parameters)
    removal = _delete(found, {**parameters, "permanent": True})
    (request,) = removal.requests
    loss = f"the dynamic secret {path}, which these options make again: {options_again(found)}"
    return replace(
        creation,
        first=removal.first,
        requests=(replace(request, loss=loss), *creation.requests),
        before=removal.before,
        missing=_prerequisites(found, parameters),
    )


def _delete(found: ExistingDefinition, parameters: Mapping[str, Any]) -> Change:
    path, ending = found.place.path, leases_to_end(found, parameters)
    before = None if found.place.living is None else _shown(path, found.config, found.tags)
    removal = replace(
        deletion(found.place, before, permanent=parameters["permanent"]),
        explain=lambda client, error: _undeleted(client, found, parameters, error),
    )
    return replace(removal, first=lambda client: _end(client, path, ending)) if ending else removal


def _undeleted(
    client: Client, found: ExistingDefinition, parameters: Mapping[str, Any], error: RequestError
) -> WorkloadCredentialsError:
    """Return the error for a deletion, with the leases in the way that this token sees."""
    if found.place.refusal is None or not parameters["revoke_leases"] or not isinstance(error, ConflictError):
        return in_use(error, lambda: living_leases(client, found.place.path))
    return StateError(
        f"{error} revoke_leases revoked none, since this token may not read the definition (ReadDynamicSecret)."
    )


def _end(client: Client, path: ResourcePath, leases: Sequence[ListedLease]) -> dict[str, Any]:
    """End the leases that are in the way.

    :raises StateError: one may live on, so the definition stays.
    """
    ended = end_leases(client, leases)
    if any(outcome.how != REVOKED for outcome in ended):
        raise StateError(f"{path} was not deleted. {account(ended)}")
    return {}


def _made(
    client: Client, found: ExistingDefinition, answers: Sequence[Any], config: Mapping[str, Any], tags: Tags
) -> dict[str, Any]:
    """Return the definition from the answer of its creation, or else read it."""
    path = found.place.path
    for answer in map(created, answers):
        if answer and answer.get("config"):
            shown = {key: value for key, value in answer["config"].items() if key != "integrationName"}
            return _result(path, shown, {**(answer.get("metadata") or {}), "tags": tags})
    return _read(client, path, config, {"tags": tags})


def _read(client: Client, path: ResourcePath, config: Mapping[str, Any], metadata: Mapping[str, Any]) -> dict[str, Any]:
    def look() -> dict[str, Any]:
        definition = must_show(client, "dynamic", path)
        tags = {"tags": metadata["tags"]} if "tags" in metadata else {}
        return _result(path, definition.get("config") or {}, {**(definition.get("metadata") or {}), **tags})

    return read_back(look, _result(path, config, metadata), f"The dynamic secret {path}")


def _result(path: ResourcePath, config: Mapping[str, Any], metadata: Mapping[str, Any]) -> dict[str, Any]:
    return {"dynamic_secret": {"path": str(path), "config": view(config), "metadata": view(metadata)}}


def _shown(path: ResourcePath, config: Mapping[str, Any], tags: Tags) -> dict[str, Any]:
    return {"path": str(path), "config": view(config), "tags": dict(tags)}


DYNAMIC_SECRET = Spec(
    name="dynamic_secret",
    options={
        **RESOURCE,
        "type": {"type": "str", "choices": list(PROVIDERS)},
        "integration_name": {"type": "str"},
        "credential_type": {"type": "str", "choices": [provider.credential_type for provider in PROVIDERS.values()]},
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
    look=look,
    plan=plan,
    required_if=(("state", "present", ("type",)),),
)


def read(client: Client, parameters: Mapping[str, Any]) -> ReadResult:
    """Return the definitions in a folder, or the one at a path."""
    if parameters["path"] is not None:
        definitions, warnings = _at_path(client, parse_path(parameters["path"], "path"))
        return ReadResult({"dynamic_secrets": definitions, "warnings": warnings})
    entries, missing = listed(client, listing("dynamic", parameters))
    return ReadResult({"dynamic_secrets": view(entries)}, missing)


def _at_path(client: Client, path: ResourcePath) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    """Return the definition, and a warning if its tags may not be read."""
    definition = find(client, "dynamic", path)
    if definition is None:
        return [], ()
    try:
        return [{**view(with_tags(client, "dynamic", path, definition)), "path": str(path)}], ()
    except RefusedError as error:
        warning = f"{error} The tags of {path} are left out."
        return [{**view(definition), "path": str(path)}], (warning,)


DYNAMIC_SECRET_INFO = Spec(
    name="dynamic_secret_info",
    options={
        **CONNECTION,
        "path": {"type": "str"},
        "folder": {"type": "str"},
        "recursive": {"type": "bool", "default": False},
        "deleted_only": {"type": "bool", "default": False},
    },
    read=read,
    required_one_of=(("path", "folder"),),
    mutually_exclusive=(("path", "folder"), ("path", "recursive"), ("path", "deleted_only")),
)
