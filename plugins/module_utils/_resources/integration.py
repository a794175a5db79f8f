# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Integrations: how the service reaches a cloud account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .._api.client import Client
from .._api.errors import ConflictError, DeniedError, OptionError, RequestError, StateError, WorkloadCredentialsError
from .._api.own_writes import Written
from .._api.paths import check_integration_name, integration_path
from .._api.request import Replay, Request
from .._change import Change, ReadResult, created
from .._providers import PROVIDERS
from .._spec import CONNECTION, STATE, Spec
from ._parts.dynamic_config import check_shapes
from ._parts.view import view
from ._parts.visibility import (
    ABSENT,
    SHOWN,
    UNTOLD,
    entries_now,
    find_integration,
    hidden_words,
    is_predicted_gone,
    look_for_integration,
    read_back,
    read_integration,
    refused,
    tried,
    unreadable,
)

_SECRET_SHOWN = {"client_secret": "(hidden, changed)"}

_EMPTY_SECRET = "client_secret: it is empty, so the one that is there stays. See that the variable in it is set."


@dataclass(frozen=True)
class ExistingIntegration:
    """The integration as it is; None: there is none.

    :arg refusal: the read was refused: there is none, or it is hidden from this token.
    :arg how: what the list of integrations says then.
    """

    living: Mapping[str, Any] | None
    refusal: DeniedError | None = None
    how: str = ABSENT


def look(client: Client, parameters: Mapping[str, Any]) -> ExistingIntegration:
    """The integration of this name.

    :raises OptionError: a name that the API cannot hold, or an option of the other provider.
    """
    _check(parameters)
    return ExistingIntegration(*look_for_integration(client, parameters["type"], parameters["name"]))


def plan(found: ExistingIntegration, parameters: Mapping[str, Any]) -> Change:
    """What is to be done so that the integration is as wanted."""
    path = integration_path(parameters["type"], parameters["name"])
    living = found.living
    if parameters["state"] == "absent":
        return _delete(path, found, parameters)
    if living is not None:
        return _update(path, living, parameters)
    if found.refusal is not None and found.how == SHOWN:
        raise refused(_what(parameters), SHOWN, found.refusal)
    return _create(path, found, parameters)


def _delete(path: str, found: ExistingIntegration, parameters: Mapping[str, Any]) -> Change:
    request, leaves = Request("DELETE", path), (_written(parameters, gone=True),)
    before = {"name": parameters["name"], "type": parameters["type"]}
    if found.living is not None:
        before = _shown(parameters, found.living)
    elif found.how != SHOWN:
        if found.refusal is None:
            return Change()
        hidden = hidden_words(
            f"{parameters['name']}: this token sees no {parameters['type']} integration there", request
        )
        return Change(first=lambda client: tried(client, request, hidden), uncertain=hidden, leaves=leaves)
    return Change((request,), before=before, leaves=leaves, dry_run=lambda client: _predicted(client, path, parameters))


def _predicted(client: Client, path: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """What a listing shows to be in the way of the deletion.

    :raises StateError: something is.
    """
    try:
        users = [str(one.get("path", "")).strip("/") for one in client.items(Request("GET", f"{path}/dynamic"))]
    except RequestError:
        return {}
    users = [one for one in users if not is_predicted_gone(client, "dynamic", one)]
    if users:
        raise StateError(f"{parameters['name']} cannot be deleted: these dynamic secrets use it: {', '.join(users)}.")
    return {}


def _what(parameters: Mapping[str, Any]) -> str:
    return f"the {parameters['type']} integration {parameters['name']}"


def _written(parameters: Mapping[str, Any], **what: Any) -> Written:
    return Written("integrations", f"{parameters['type']}/{parameters['name']}", **what)


def _check(parameters: Mapping[str, Any]) -> None:
    check_integration_name(parameters["name"], "name")
    kind = parameters["type"]
    for other in PROVIDERS.values():
        for option in (*other.integration, *other.integration_secret):
            if other.name != kind and parameters[option] is not None:
                raise OptionError(option, f"it belongs to type={other.name}, and this integration is of type={kind}.")
    check_shapes({option: parameters[option] for option in PROVIDERS[kind].integration})


def _create(path: str, found: ExistingIntegration, parameters: Mapping[str, Any]) -> Change:
    kind = parameters["type"]
    provider = PROVIDERS[kind]
    config = {field: parameters[option] for option, field in provider.integration.items()}
    secret = {field: parameters[option] for option, field in provider.integration_secret.items()}
    # With fewer options than creating needs, the integration must be there.
    missing = tuple(
        f"{option}: {kind} integration {parameters['name']!r} does not exist, and creating needs it."
        for option in (*provider.integration, *provider.integration_secret)
        if not parameters[option]
    )
    after = {"name": parameters["name"], "type": kind, "config": config}
    body = {"type": kind, **config, **secret}
    return Change(
        # Permissions that were granted a moment ago need some time to reach the provider's test.
        requests=(
            Request("POST", path, body=body, replay=Replay.CREATE, settling=(f"{kind}_integration_test_failed",)),
        ),
        after=_shown(parameters, after, **(_SECRET_SHOWN if secret else {})),
        predicted={"integration": view(after)},
        outcome=lambda client, answers: _made(client, parameters, answers[0], after),
        explain=lambda _client, error: _explained(path, found, parameters, error),
        missing=missing[:1],
        doubts=_doubts(found, parameters),
        leaves=(_written(parameters, content=config if kind != "aws" else None),),
    )


def _doubts(found: ExistingIntegration, parameters: Mapping[str, Any]) -> tuple[str, ...]:
    """Why a creation may fail, where the list does not say what is there."""
    if found.refusal is None or found.how != UNTOLD:
        return ()
    words = "this token may neither read it nor list integrations (ReadIntegration, ListIntegrations)"
    return (f"{parameters['name']}: {words}, so it is taken as missing.",)


def _explained(
    path: str, found: ExistingIntegration, parameters: Mapping[str, Any], error: RequestError
) -> WorkloadCredentialsError:
    if isinstance(error, ConflictError) and found.refusal is not None:
        return unreadable(_what(parameters), error, Request("GET", path))
    return error


def _made(client: Client, parameters: Mapping[str, Any], answer: Any, known: Mapping[str, Any]) -> dict[str, Any]:
    """The integration as the answer of its creation says; of AWS it holds the external ID that the service made."""
    made = created(answer)
    if made and made.get("config") and made.get("metadata"):
        return {"integration": view(made)}
    return _read(client, parameters, known)


def _read(client: Client, parameters: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    def look() -> dict[str, Any]:
        found = read_integration(client, parameters["type"], parameters["name"])
        if found is None:
            raise StateError("The service does not show it yet.")
        return {"integration": view(found)}

    return read_back(look, {"integration": view(known)}, f"The integration {parameters['name']}")


def _update(path: str, found: Mapping[str, Any], parameters: Mapping[str, Any]) -> Change:
    fields = PROVIDERS[parameters["type"]].integration
    current = found.get("config") or {}
    given = {field: parameters[option] for option, field in fields.items() if parameters[option] is not None}
    differs = any(current.get(field) != value for field, value in given.items())
    is_empty = parameters["client_secret"] is not None and not parameters["client_secret"].strip()
    new_secret = parameters["client_secret"] if parameters["update_secret"] == "always" and not is_empty else None
    after = {**found, "config": {**current, **given}}
    # The provider is tested with the whole configuration, so a patch names all of it (secrets-api facts, "Answers").
    body = {field: after["config"][field] for field in fields.values() if field in after["config"]}
    if new_secret:
        body["clientSecret"] = new_secret
    return Change(
        requests=(Request("PATCH", path, body=body),) if differs or new_secret else (),
        before=_shown(parameters, found),
        after=_shown(parameters, after, **(_SECRET_SHOWN if new_secret else {})),
        predicted={"integration": view(after)},
        outcome=lambda client, _answers: _read(client, parameters, after),
        leaves=(_written(parameters, content=after["config"]),),
        warnings=[_EMPTY_SECRET] if is_empty else [],
    )


def _shown(parameters: Mapping[str, Any], integration: Mapping[str, Any], **secret: str) -> dict[str, Any]:
    config = view(integration.get("config") or {})
    return {"name": parameters["name"], "type": parameters["type"], "config": {**config, **secret}}


INTEGRATION = Spec(
    name="integration",
    options={
        **CONNECTION,
        **STATE,
        "type": {"type": "str", "choices": list(PROVIDERS), "required": True},
        "name": {"type": "str", "required": True},
        "role_arn": {"type": "str"},
        "tenant_id": {"type": "str"},
        "client_id": {"type": "str"},
        "client_secret": {"type": "str", "no_log": True},
        # When to send the secret, not a secret.
        "update_secret": {"type": "str", "choices": ["on_create", "always"], "default": "on_create", "no_log": False},
    },
    look=look,
    plan=plan,
)


def read(client: Client, parameters: Mapping[str, Any]) -> ReadResult:
    """What is there."""
    integrations = _one(client, parameters) if parameters["name"] is not None else _listed(client, parameters)
    if parameters["dynamic_secrets"]:
        integrations = [{**entry, "dynamic_secrets": _users(client, entry)} for entry in integrations]
    return ReadResult({"integrations": integrations})


def _one(client: Client, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    check_integration_name(parameters["name"], "name")
    found = find_integration(client, parameters["type"], parameters["name"])
    return [] if found is None else [{**view(found), "type": parameters["type"], "name": parameters["name"]}]


def _listed(client: Client, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    path = integration_path(*filter(None, [parameters["type"]]))
    return view(entries_now(client, Request("GET", path)))  # type: ignore[no-any-return]


def _users(client: Client, integration: Mapping[str, Any]) -> list[dict[str, Any]]:
    path = integration_path(integration["type"], integration["name"])
    return view(entries_now(client, Request("GET", f"{path}/dynamic")))  # type: ignore[no-any-return]


INTEGRATION_INFO = Spec(
    name="integration_info",
    options={
        **CONNECTION,
        "type": {"type": "str", "choices": list(PROVIDERS)},
        "name": {"type": "str"},
        # Whether to list them, not a secret.
        "dynamic_secrets": {"type": "bool", "default": False, "no_log": False},
    },
    read=read,
    required_by={"name": ("type",)},
)
