# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Schemathesis against the emulator's own OpenAPI description: anything at all, and what is really there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import assume, settings, strategies
from schemathesis.config import GenerationConfig, ProjectConfig, ProjectsConfig, SchemathesisConfig
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance
from workload_credentials_emulator import Control, Emulator
from workload_credentials_emulator.app import new_api
from workload_credentials_emulator.bodies import POLICY_FORMAT
from workload_credentials_emulator.openapi import describe

from tests.support.rounds import ROUNDS

from .client import SITE, TOKEN, Api, new_session
from .test_sentences import FOREIGN

_DESCRIPTION = describe(new_api(), "https://emulator.example.com")
# Refusals of requests that fit the description: for these rules it has no words.
_BEYOND_SCHEMA = {
    "duplicate_tag",
    "too_many_tags",
    "integration_not_found",
    "type_mismatch",
    "path_too_long",
    "lease_not_revocable",
}
schemathesis.openapi.format(
    POLICY_FORMAT, strategies.dictionaries(strategies.text(), strategies.text()).map(json.dumps)
)


def _schema(*modes: GenerationMode) -> Any:
    generation = GenerationConfig(modes=list(modes), deterministic=True)
    config = SchemathesisConfig(projects=ProjectsConfig(default=ProjectConfig(generation=generation)))
    return schemathesis.openapi.from_dict(_DESCRIPTION, config=config)


any_request = _schema(GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
fitting_request = _schema(GenerationMode.POSITIVE)


@pytest.fixture(scope="module")
def session(running: Emulator) -> Iterator[requests.Session]:
    """A session without headers of its own, to sites that are emptied once."""
    running.control.reset()
    with new_session(running) as opened:
        yield opened


class Ground:
    """A site with everything in it, made anew unless the last request has changed nothing."""

    def __init__(self, running: Emulator) -> None:
        self._control = running.control
        self._api = Api(running)
        self._lease = ""

    def take(self) -> str:
        """The id of a lease, on a site that is as new."""
        lease, self._lease = self._lease, ""
        if lease:
            return lease
        self._control.reset()
        return _populate(self._api)

    def keep(self, lease: str) -> None:
        """The site is as it was taken."""
        self._lease = lease

    def close(self) -> None:
        self._api.session.close()


@pytest.fixture(scope="module")
def ground(running: Emulator) -> Iterator[Ground]:
    made = Ground(running)
    yield made
    made.close()


@pytest.fixture(scope="module")
def succeeded() -> Iterator[dict[str, bool]]:
    """Whether each operation that was tested has gone well at least once."""
    operations: dict[str, bool] = {}
    yield operations
    assert all(operations.values()), operations


@pytest.mark.smoke
def test_the_served_description_is_the_tested_one(control: Control) -> None:
    assert {**control.openapi(), "servers": []} == {**_DESCRIPTION, "servers": []}


@any_request.parametrize()
@settings(max_examples=12 * len(ROUNDS), derandomize=True, deadline=None, database=None)
def test_any_request_is_answered_as_described(case: Any, running: Emulator, session: requests.Session) -> None:
    _call_and_check(case, running, session)


@fitting_request.parametrize()
@settings(max_examples=6 * len(ROUNDS), derandomize=True, deadline=None, database=None)
def test_what_is_there_is_answered_as_described(
    case: Any, running: Emulator, session: requests.Session, ground: Ground, succeeded: dict[str, bool]
) -> None:
    lease = ground.take()
    _aim(case, lease)
    response = _call_and_check(case, running, session)
    if case.method == "GET" or response.status_code >= 400:
        ground.keep(lease)
    succeeded[case.operation.label] = succeeded.get(case.operation.label, False) or response.status_code < 300


def _call_and_check(case: Any, running: Emulator, session: requests.Session) -> Any:
    # requests would send a generated "%41" as it is, and the server would read it as "A".
    assume(not any("%" in str(value) for value in (case.path_parameters or {}).values()))
    transport = {
        "base_url": f"{running.url}/site/{SITE}/secrets",
        "session": session,
        "headers": {"Authorization": f"Bearer {TOKEN}"},
        "verify": running.ca_cert,
    }
    response = case.call(**transport)
    assert not [words for words in FOREIGN if words in response.text]
    fits_the_schema_only = response.status_code == 400 and response.json()["code"] in _BEYOND_SCHEMA
    excluded = [positive_data_acceptance] if fits_the_schema_only else []
    case.validate_response(response, excluded_checks=excluded, transport_kwargs=transport)
    return response


def _populate(api: Api) -> str:
    """Fill an empty site; return the id of a lease."""
    for kind in ("aws", "azure"):
        api.dynamic(kind, type=kind)
        api.done("POST", f"/integrations/{kind}/unused", _integration(kind))
    for name in ("app", "gone"):
        api.folder(name)
        api.static(name, value="1")
        api.dynamic(name)
    for kind in ("folders", "static", "dynamic"):
        api.done("DELETE", f"/{kind}/gone")
    return str(api.generate("azure")["leaseId"])


def _integration(kind: str) -> dict[str, str]:
    if kind == "aws":
        return {"roleArn": "arn:aws:iam::123456789012:role/MyRole"}
    return {
        "tenantId": "00000000-0000-0000-0000-000000000000",
        "clientId": "11111111-1111-1111-1111-111111111111",
        "clientSecret": "secret",
    }


def _aim(case: Any, lease: str) -> None:
    """Let the request be about something that is there, but create what is new."""
    for name in ("folder", "path"):
        (case.query or {}).pop(name, None)
    parameters = case.path_parameters or {}
    if "id" in parameters:
        parameters["id"] = lease
    creates = case.method == "POST" and case.path.endswith("{name}")
    if "name" not in parameters or (creates and "dynamic" not in case.path):
        return
    if creates:
        case.body["integrationName"] = f"my-{case.body['type']}"
    elif "type" in parameters:
        parameters["name"] = "unused" if case.method == "DELETE" else f"my-{parameters['type']}"
    else:
        parameters["name"] = "gone" if case.path.endswith("/restore") else "app"
