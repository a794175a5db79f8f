# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Integrations: how the service reaches a cloud account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
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

_SECRET: Mapping[str, Any] = {"type": "str", "no_log": True}
_SECRET_SHOWN = "(hidden, changed)"
_EMPTY_SECRET = "it is empty, so the current one is kept. Check that the variable in it is set."


@dataclass(frozen=True)
class ExistingIntegration:
    """The present integration; None: it does not exist.

    :arg refusal: of the read: the integration does not exist, or is hidden from this token.
    :arg how: what the list of integrations shows then.
    """

    living: Mapping[str, Any] | None
    refusal: DeniedError | None = None
    how: str = ABSENT


@dataclass(frozen=True)
class WantedIntegration:
    """The wanted state of an integration.

    :arg config: the API's fields with the values of options, None where an option is not given.
    :arg secret: the fields that the API never returns, in the same form.
    :arg updates_secret: send the secret to an existing integration too.
    """

    kind: str
    name: str
    is_absent: bool
    config: Mapping[str, Any]
    secret: Mapping[str, Any] = field(repr=False)
    updates_secret: bool

    @property
    def empty_secrets(self) -> list[str]:
        """Return the options of the secret that are empty: the variables in them are not set."""
        options = PROVIDERS[self.kind].integration_secret
        given = {option: self.secret[name] for option, name in options.items() if self.secret[name] is not None}
        return [option for option, value in given.items() if not value.strip()]

    @property
    def new_secret(self) -> dict[str, Any]:
        """Return the fields to send to an existing integration."""
        if not self.updates_secret or self.empty_secrets:
            return {}
        return {name: value for name, value in self.secret.items() if value}

    def config_from(self, current: Mapping[str, Any]) -> dict[str, Any]:
        """Return the configuration after the change."""
        return {**current, **{name: value for name, value in self.config.items() if value is not None}}

    @classmethod
    def of(cls, parameters: Mapping[str, Any]) -> WantedIntegration:
        """Return the wanted integration from the module's parameters.

        :raises OptionError: the API cannot hold the name, or an option belongs to the other provider.
        """
        _check(parameters)
        provider = PROVIDERS[parameters["type"]]
        return cls(
            kind=provider.name,
            name=parameters["name"],
            is_absent=parameters["state"] == "absent",
            config={name: parameters[option] for option, name in provider.integration.items()},
            secret={name: parameters[option] for option, name in provider.integration_secret.items()},
            updates_secret=parameters["update_secret"] == "always",
        )

    def __str__(self) -> str:
        """Return a description for messages."""
        return f"the {self.kind} integration {self.name}"

    @property
    def path(self) -> str:
        """Return the path below the site's address."""
        return integration_path(self.kind, self.name)

    @property
    def missing_options(self) -> list[str]:
        """Return the options that creating needs and that are not given."""
        provider = PROVIDERS[self.kind]
        options = {**provider.integration, **provider.integration_secret}
        given = {**self.config, **self.secret}
        return [option for option, name in options.items() if not given[name]]

    def written(self, **known: Any) -> Written:
        """Return what a write leaves."""
        return Written("integrations", f"{self.kind}/{self.name}", **known)

    def shown(self, integration: Mapping[str, Any], *, has_new_secret: bool = False) -> dict[str, Any]:
        """Return the diff's view of an integration."""
        secret = dict.fromkeys(PROVIDERS[self.kind].integration_secret, _SECRET_SHOWN) if has_new_secret else {}
        config = {**view(integration.get("config") or {}), **secret}
        return {"name": self.name, "type": self.kind, "config": config}


def look(client: Client, parameters: Mapping[str, Any]) -> ExistingIntegration:
    """Return the integration of this name.

    :raises OptionError: the API cannot hold the name, or an option belongs to the other provider.
    """
    return look_for(client, WantedIntegration.of(parameters))


def look_for(client: Client, wanted: WantedIntegration) -> ExistingIntegration:
    """Return the integration of a wanted one's name."""
    return ExistingIntegration(*look_for_integration(client, wanted.kind, wanted.name))


def plan(current: ExistingIntegration, parameters: Mapping[str, Any]) -> Change:
    """Return the change to the wanted integration."""
    return change_to(current, WantedIntegration.of(parameters))


def change_to(current: ExistingIntegration, wanted: WantedIntegration) -> Change:
    """Return the change to the wanted integration."""
    if wanted.is_absent:
        return _delete(current, wanted)
    if current.living is not None:
        return _update(current.living, wanted)
    if current.refusal is not None and current.how == SHOWN:
        raise refused(str(wanted), SHOWN, current.refusal)
    return _create(current, wanted)


def _delete(current: ExistingIntegration, wanted: WantedIntegration) -> Change:
    request, leaves = Request("DELETE", wanted.path), (wanted.written(gone=True),)
    if current.living is not None:
        before = wanted.shown(current.living)
    elif current.how == SHOWN:
        before = {"name": wanted.name, "type": wanted.kind}
    elif current.refusal is None:
        return Change()
    else:
        warning = hidden_words(f"{wanted.name}: this token sees no {wanted.kind} integration there", request)
        return Change(first=lambda client: tried(client, request, warning), uncertain=warning, leaves=leaves)
    return Change((request,), before=before, leaves=leaves, dry_run=lambda client: _predicted(client, wanted))


def _predicted(client: Client, wanted: WantedIntegration) -> dict[str, Any]:
    """Return no values.

    :raises StateError: dynamic secrets prevent the deletion.
    """
    try:
        entries = client.items(Request("GET", f"{wanted.path}/dynamic"))
    except RequestError:
        return {}
    paths = [str(entry.get("path", "")).strip("/") for entry in entries]
    users = [path for path in paths if not is_predicted_gone(client, "dynamic", path)]
    if users:
        raise StateError(f"{wanted.name} cannot be deleted: these dynamic secrets use it: {', '.join(users)}.")
    return {}


def _check(parameters: Mapping[str, Any]) -> None:
    check_integration_name(parameters["name"], "name")
    kind = parameters["type"]
    for other in PROVIDERS.values():
        for option in (*other.integration, *other.integration_secret):
            if other.name != kind and parameters[option] is not None:
                raise OptionError(option, f"it belongs to type={other.name}, and this integration is of type={kind}.")
    check_shapes({option: parameters[option] for option in PROVIDERS[kind].integration})


def _create(current: ExistingIntegration, wanted: WantedIntegration) -> Change:
    kind, config = wanted.kind, wanted.config
    missing = [
        f"{option}: {kind} integration {wanted.name!r} does not exist, and creating it requires this option."
        for option in wanted.missing_options[:1]
    ]
    after = {"name": wanted.name, "type": kind, "config": config}
    body = {"type": kind, **config, **wanted.secret}
    # New permissions need some time before the provider's test knows them.
    settling = (f"{kind}_integration_test_failed",)
    return Change(
        requests=(Request("POST", wanted.path, body=body, replay=Replay.CREATE, settling=settling),),
        after=wanted.shown(after, has_new_secret=bool(wanted.secret)),
        predicted={"integration": view(after)},
        outcome=lambda client, answers: _made(client, wanted, answers[0], after),
        explain=lambda _client, error: _explained(current, wanted, error),
        missing=missing,
        doubts=_doubts(current, wanted),
        leaves=(wanted.written(content=config if kind != "aws" else None),),
    )


def _doubts(current: ExistingIntegration, wanted: WantedIntegration) -> tuple[str, ...]:
    """Return why a creation may fail if nobody knows whether the integration exists."""
    if current.refusal is None or current.how != UNTOLD:
        return ()
    words = "this token may neither read it nor list integrations (ReadIntegration, ListIntegrations)"
    return (f"{wanted.name}: {words}, so it counts as missing.",)


def _explained(
    current: ExistingIntegration, wanted: WantedIntegration, error: RequestError
) -> WorkloadCredentialsError:
    if isinstance(error, ConflictError) and current.refusal is not None:
        return unreadable(str(wanted), error, Request("GET", wanted.path))
    return error


def _made(client: Client, wanted: WantedIntegration, answer: Any, known: Mapping[str, Any]) -> dict[str, Any]:
    """Return the integration from the answer of its creation, which has the service's external ID, or else read it."""
    made = created(answer)
    if made and made.get("config") and made.get("metadata"):
        return {"integration": view(made)}
    return _read(client, wanted, known)


def _read(client: Client, wanted: WantedIntegration, known: Mapping[str, Any]) -> dict[str, Any]:
    def look() -> dict[str, Any]:
        integration = read_integration(client, wanted.kind, wanted.name)
        if integration is None:
            raise StateError("The service does not show it yet.")
        return {"integration": view(integration)}

    return read_back(look, {"integration": view(known)}, f"The integration {wanted.name}")


def _update(living: Mapping[str, Any], wanted: WantedIntegration) -> Change:
    current, secret = living.get("config") or {}, wanted.new_secret
    config = wanted.config_from(current)
    after = {**living, "config": config}
    # The provider is tested with the whole configuration, so a patch has all of it (secrets-api facts, "Answers").
    body = {**{name: config[name] for name in wanted.config if name in config}, **secret}
    is_change = secret or config != current
    return Change(
        requests=(Request("PATCH", wanted.path, body=body),) if is_change else (),
        before=wanted.shown(living),
        after=wanted.shown(after, has_new_secret=bool(secret)),
        predicted={"integration": view(after)},
        outcome=lambda client, _answers: _read(client, wanted, after),
        leaves=(wanted.written(content=config),),
        warnings=[f"{option}: {_EMPTY_SECRET}" for option in wanted.empty_secrets],
    )


INTEGRATION = Spec(
    name="integration",
    options={
        **CONNECTION,
        **STATE,
        "type": {"type": "str", "choices": list(PROVIDERS), "required": True},
        "name": {"type": "str", "required": True},
        **{option: {"type": "str"} for provider in PROVIDERS.values() for option in provider.integration},
        **{option: _SECRET for provider in PROVIDERS.values() for option in provider.integration_secret},
        # When to send the secret, not a secret.
        "update_secret": {"type": "str", "choices": ["on_create", "always"], "default": "on_create", "no_log": False},
    },
    look=look,
    plan=plan,
)


def read(client: Client, parameters: Mapping[str, Any]) -> ReadResult:
    """Return the integrations, or the one of a name."""
    integrations = _by_name(client, parameters) if parameters["name"] is not None else _listed(client, parameters)
    if parameters["dynamic_secrets"]:
        integrations = [{**entry, "dynamic_secrets": _users(client, entry)} for entry in integrations]
    return ReadResult({"integrations": integrations})


def _by_name(client: Client, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    kind, name = parameters["type"], parameters["name"]
    check_integration_name(name, "name")
    integration = find_integration(client, kind, name)
    return [] if integration is None else [{**view(integration), "type": kind, "name": name}]


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
