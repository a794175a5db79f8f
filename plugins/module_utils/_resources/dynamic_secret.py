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
from ._parts.definition import (
    ExistingDefinition,
    WantedDynamicSecret,
    leases_to_end,
    look_for,
    no_integration,
    obstacle,
    options_again,
    wanted_of,
)
from ._parts.dynamic_config import config_after, incomplete
from ._parts.finding import find
from ._parts.json_values import patch_between
from ._parts.leases import REVOKED, ListedLease, account, end_leases, in_use, living_leases
from ._parts.lifecycle import (
    check_readable,
    deletion,
    doubts,
    explained_creation,
    hidden,
    is_restore,
    missing_parent,
    revive,
)
from ._parts.tags import Tags
from ._parts.view import view
from ._parts.visibility import RefusedError, listed, listing, must_show, read_back, with_tags


def look(client: Client, parameters: Mapping[str, Any]) -> ExistingDefinition:
    """Return what exists at the path, and what the wanted definition depends on.

    :raises OptionError: the API cannot hold a value, an option belongs to the other provider, or one is missing.
    :raises StateError: leases prevent that the definition is recreated.
    """
    return look_for(client, wanted_of(parameters))


def plan(existing: ExistingDefinition, parameters: Mapping[str, Any]) -> Change:
    """Return the change to the wanted definition.

    :raises OptionError: the API cannot hold so many tags, or the integration does not exist.
    :raises StateError: something deleted or active leases are in the way, or a field cannot change in place.
    """
    return change_to(existing, wanted_of(parameters))


def change_to(existing: ExistingDefinition, wanted: WantedDynamicSecret) -> Change:
    """Return the change to the wanted definition.

    :raises OptionError: the API cannot hold so many tags, or the integration does not exist.
    :raises StateError: something deleted or active leases are in the way, or a field cannot change in place.
    """
    if wanted.is_absent:
        return _delete(existing, wanted)
    if existing.place.living is None:
        check_readable(existing.place)
        return _create(existing, wanted)
    problem = obstacle(existing, wanted)
    if problem is None:
        return _update(existing, wanted)
    if not wanted.recreate:
        raise StateError(problem)
    return _recreate(existing, wanted)


def _create(existing: ExistingDefinition, wanted: WantedDynamicSecret) -> Change:
    missing = missing_parent(existing.place)
    requests = () if existing.place.lacking else revive(existing.place, wanted.on_deleted)
    creation = _creation(existing, wanted)
    if is_restore(requests):
        leaves = (Written("dynamic", str(existing.place.path)),)
        return replace(creation, requests=requests, replan=True, leaves=leaves)
    missing += _prerequisites(existing, wanted)
    return replace(creation, requests=requests + creation.requests, missing=missing)


def _prerequisites(existing: ExistingDefinition, wanted: WantedDynamicSecret) -> tuple[str, ...]:
    """Return what is missing to create the definition: an option, or its integration."""
    problem = incomplete(wanted.definition, existing.place.path)
    # The creation shows whether a hidden integration exists, but nothing is removed before that.
    is_lacking = existing.integration is None and (existing.is_integration_sure or existing.place.living is not None)
    if problem is None and is_lacking:
        problem = no_integration(existing, wanted)
    return (str(problem), *hidden(existing.place)) if problem else ()


def _unseen_integration(existing: ExistingDefinition, wanted: WantedDynamicSecret) -> tuple[str, ...]:
    is_unseen = existing.integration is None and not existing.is_integration_sure and not existing.is_integration_untold
    return (str(no_integration(existing, wanted)),) if is_unseen else ()


def _creation(existing: ExistingDefinition, wanted: WantedDynamicSecret) -> Change:
    """Return the change from nothing to the definition, with its present tags and the wanted ones."""
    path, kind = existing.place.path, wanted.type
    config = {"type": kind, "credentialType": PROVIDERS[kind].credential_type, **config_after({}, wanted.definition)}
    body = {**config, "integrationName": wanted.integration_name}
    after = wanted.tags_from(existing.tags)
    return Change(
        requests=(
            item("POST", "dynamic", path, body=body, replay=Replay.CREATE),
            *wanted.tag_requests("dynamic", {}, after),
        ),
        after={**_shown(path, config, after), "integration_name": wanted.integration_name},
        predicted=_result(path, config, {"tags": after}),
        outcome=lambda client, answers: _made(client, existing, answers, config, after),
        explain=lambda _client, error: explained_creation(existing.place, error),
        doubts=(*doubts(existing.place), *_unseen_integration(existing, wanted)),
        leaves=(Written("dynamic", str(path), content=config, tags=after),),
    )


def _update(existing: ExistingDefinition, wanted: WantedDynamicSecret) -> Change:
    path, current = existing.place.path, existing.config
    after = config_after(current, wanted.definition)
    patch = _patch(current, after)
    tags = wanted.tags_from(existing.tags)
    requests = (item("PATCH", "dynamic", path, body={"type": wanted.type, **patch}),) if patch else ()
    # Without the option tags the present ones are not read.
    known = {**existing.metadata, **({} if wanted.tags is None else {"tags": tags})}
    return Change(
        requests=requests + wanted.tag_requests("dynamic", existing.tags, tags),
        warnings=_uncompared(existing, wanted),
        before=_shown(path, current, existing.tags),
        after=_shown(path, after, tags),
        predicted=_result(path, after, known),
        outcome=lambda client, _answers: _read(client, path, after, known),
        leaves=(
            Written("dynamic", str(path), content=left_by(current, after), tags=None if wanted.tags is None else tags),
        ),
    )


def _uncompared(existing: ExistingDefinition, wanted: WantedDynamicSecret) -> list[str]:
    name = wanted.integration_name
    warning = (
        f"integration_name: could not check whether {existing.place.path} uses {name!r}, since this token may neither "
        "read it nor list integrations (ReadIntegration, ListIntegrations)."
    )
    return [warning] if existing.is_integration_untold else []


def _patch(current: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Return the smallest patch, but all of awsTags with null for each removed key (secrets-api facts, "Answers")."""
    patch = patch_between(current, after)
    if isinstance(patch.get("awsTags"), dict):
        patch["awsTags"] = {**patch["awsTags"], **after["awsTags"]}
    return patch


def _recreate(existing: ExistingDefinition, wanted: WantedDynamicSecret) -> Change:
    """Return the change that removes the definition for good and creates the wanted one with its tags."""
    path, creation = existing.place.path, _creation(existing, wanted)
    removal = _delete(existing, replace(wanted, permanent=True))
    (request,) = removal.requests
    loss = f"the dynamic secret {path}, which these options make again: {options_again(existing)}"
    return replace(
        creation,
        first=removal.first,
        requests=(replace(request, loss=loss), *creation.requests),
        before=removal.before,
        missing=_prerequisites(existing, wanted),
    )


def _delete(existing: ExistingDefinition, wanted: WantedDynamicSecret) -> Change:
    path, ending = existing.place.path, leases_to_end(existing, wanted)
    before = None if existing.place.living is None else _shown(path, existing.config, existing.tags)
    removal = replace(
        deletion(existing.place, before, permanent=wanted.permanent),
        explain=lambda client, error: _undeleted(client, existing, wanted, error),
    )
    return replace(removal, first=lambda client: _end(client, path, ending)) if ending else removal


def _undeleted(
    client: Client, existing: ExistingDefinition, wanted: WantedDynamicSecret, error: RequestError
) -> WorkloadCredentialsError:
    """Return the error for a deletion, with the leases in the way that this token sees."""
    if existing.place.refusal is None or not wanted.revoke_leases or not isinstance(error, ConflictError):
        return in_use(error, lambda: living_leases(client, existing.place.path))
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
    client: Client, existing: ExistingDefinition, answers: Sequence[Any], config: Mapping[str, Any], tags: Tags
) -> dict[str, Any]:
    """Return the definition from the answer of its creation, or else read it."""
    path = existing.place.path
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
        **{option: {"type": "str"} for provider in PROVIDERS.values() for option in provider.definition},
        # Those of a provider that are not texts.
        "ttl": {"type": "int"},
        "policy_arns": {"type": "list", "elements": "str"},
        "policy": {"type": "json"},
        "groups": {"type": "list", "elements": "str"},
        "aws_tags": {"type": "dict"},
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
