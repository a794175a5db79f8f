# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said of invalid values: where and what, in no framework's words."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest
from pydantic_core.core_schema import ErrorType
from workload_credentials_emulator import Emulator
from workload_credentials_emulator.sentences import what_is_wrong

from .client import AWS, Api, new_session

CONTEXT = (
    "expected",
    "discriminator",
    "expected_tags",
    "pattern",
    "min_length",
    "max_length",
    "gt",
    "ge",
    "le",
    "error",
)
FOREIGN = ("Input should", "Extra inputs", "Field required", "Value error", "String should", "pydantic", "Unable to")


@pytest.mark.parametrize("kind", get_args(ErrorType))
def test_every_problem_of_the_validator_has_a_sentence(kind: str) -> None:
    sentence = what_is_wrong({"type": kind, "ctx": dict.fromkeys(CONTEXT, "is this")})
    assert sentence.startswith(("is ", "must ", "does "))
    assert "{" not in sentence


@pytest.mark.parametrize(
    ("method", "address", "body", "message"),
    [
        ("POST", "/static/app", {}, "body.secret is missing."),
        ("POST", "/static/app", {"secret": "x"}, "body.secret must be an object."),
        ("POST", "/static/app", {"secret": {}, "note": "x"}, "body.note is not known here."),
        ("POST", "/static/app", [], "body must be an object."),
        ("GET", "/static?recursive=yes", None, "query.recursive must be true or false."),
        ("GET", "/static/app?version=0", None, "query.version must be a whole number from 1."),
        ("GET", "/leases/id/x", None, "path.id must be a UUID."),
        ("GET", "/integrations/gcp", None, "path.type must be 'aws' or 'azure'."),
        ("POST", "/dynamic/app", {**AWS, "ttl": 1}, "body.aws.ttl must be at least 900."),
        ("POST", "/dynamic/app", {**AWS, "ttl": "1"}, "body.aws.ttl must be a whole number."),
        ("POST", "/dynamic/app", {**AWS, "policy": "x"}, "body.aws.policy must be JSON."),
        ("POST", "/dynamic/app", {}, "body must have 'type'."),
        ("PUT", "/static/app/metadata/tags", {"env": 1}, "body.env must be text."),
    ],
)
def test_the_api_says_where_and_what(api: Api, method: str, address: str, body: Any, message: str) -> None:
    response = api.send(method, address, body)
    assert (response.status_code, response.json()["message"]) == (400, message)


@pytest.mark.parametrize(
    ("address", "body", "message"),
    [
        ("clock", {}, "body must have one of advance, now and reset, and no other."),
        ("clock", {"now": "2030-01-01T00:00:00"}, "body must have an offset in now, such as Z."),
        ("clock", {"now": "soon"}, "body.now must be a time, such as 2026-05-01T12:00:00Z."),
        ("faults", {}, "body.kind is missing."),
        ("faults", {"kind": "status", "times": 0}, "body.times must be at least 1."),
        ("tokens", {"token": "x", "right": []}, "body.right is not known here."),
        ("tokens", {"token": "x", "actions": ["Fly"]}, "body.actions names Fly, which is no action and no role."),
        ("behaviour", {"read_lag": "1"}, "read_lag must be a number."),
    ],
)
def test_the_control_surface_says_where_and_what(emulator: Emulator, address: str, body: Any, message: str) -> None:
    response = new_session(emulator).post(f"{emulator.url}/_control/{address}", json=body, timeout=20)
    assert (response.status_code, response.json()["message"]) == (400, message)


@pytest.mark.parametrize(
    ("raw", "message"),
    [(b"\xff", "the request cannot be read."), (b'{"kind": ', "body.9 must be JSON."), (b"", "body is missing.")],
)
def test_what_is_no_json_is_told(emulator: Emulator, raw: bytes, message: str) -> None:
    headers = {"Content-Type": "application/json"}
    response = new_session(emulator).post(f"{emulator.url}/_control/faults", data=raw, headers=headers, timeout=20)
    assert (response.status_code, response.json()["message"]) == (400, message)


def test_no_description_of_a_problem_is_the_framework_s(api: Api) -> None:
    told = json.dumps([api.send("POST", "/dynamic/app", body).json() for body in ({}, [], {"type": 1}, AWS | {"x": 1})])
    assert not [words for words in FOREIGN if words in told]
