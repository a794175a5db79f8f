# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where what is missing is answered as what is forbidden."""

from __future__ import annotations

from typing import Any

import pytest
from workload_credentials_emulator import Control, Emulator

from .client import AWS, AZURE, SITE, Api, assert_refused

FORBIDDEN = {"message": "forbidden: caller cannot perform this action", "code": "forbidden"}
UNKNOWN = "00000000-0000-4000-8000-000000000000"
REQUESTS: list[tuple[str, str, Any]] = [
    *(
        request
        for kind in ("folders", "static", "dynamic")
        for request in (
            ("GET", f"/{kind}?path=none", None),
            ("GET", f"/{kind}?path=none&deletedOnly=true", None),
            ("GET", f"/{kind}/none/metadata", None),
            ("PUT", f"/{kind}/none/metadata/tags", {"env": "dev"}),
            ("PATCH", f"/{kind}/none/metadata/tags", {"env": None}),
            ("DELETE", f"/{kind}/none/metadata/tags", None),
            ("DELETE", f"/{kind}/none", None),
            ("DELETE", f"/{kind}/none?permanent=true", None),
            ("POST", f"/{kind}/none/restore", None),
        )
    ),
    ("DELETE", "/folders/none?permanent=true&recursive=true", None),
    ("GET", "/static/none", None),
    ("GET", "/static/there?version=2", None),
    ("GET", "/static/gone", None),
    ("PATCH", "/static/none", {"secret": {}}),
    ("GET", "/dynamic/none", None),
    ("PATCH", "/dynamic/none", {"type": "aws", "ttl": 900}),
    ("POST", "/dynamic/none/generate", None),
    ("GET", "/leases/none", None),
    ("GET", "/integrations/aws/none", None),
    ("PATCH", "/integrations/azure/none", {"clientSecret": "new"}),
    ("DELETE", "/integrations/aws/none", None),
    ("GET", "/integrations/aws/none/dynamic", None),
]


@pytest.fixture
def filled(api: Api) -> Api:
    """A site with a static secret and a deleted one."""
    api.static("there")
    api.static("gone")
    api.done("DELETE", "/static/gone")
    return api


@pytest.mark.parametrize(("method", "address", "body"), REQUESTS)
def test_what_is_missing_is_forbidden_to_everybody(
    filled: Api, control: Control, emulator: Emulator, method: str, address: str, body: Any
) -> None:
    assert_refused(filled.send(method, address, body), 404, "not_found")
    control.behave(missing_is_forbidden=True)
    for client in (filled, Api(emulator, token=_reader(control))):
        response = client.send(method, address, body)
        assert (response.status_code, response.json()) == (403, FORBIDDEN)


def _reader(control: Control) -> str:
    control.add_token("reader", permissions=["read"])
    return "reader"


@pytest.mark.parametrize(
    ("method", "address", "body", "status", "code"),
    [
        ("GET", f"/leases/id/{UNKNOWN}", None, 404, "lease_not_found"),
        ("DELETE", f"/leases/id/{UNKNOWN}", None, 404, "lease_not_found"),
        ("POST", "/static/app?folder=none", {"secret": {}}, 404, "not_found"),
        ("POST", "/folders/app?folder=none", None, 404, "not_found"),
        ("POST", "/dynamic/app", AWS, 400, "integration_not_found"),
        ("GET", "/nothing", None, 404, "not_found"),
    ],
)
def test_what_cannot_be_hidden_is_told(
    api: Api, control: Control, method: str, address: str, body: Any, status: int, code: str
) -> None:
    control.behave(SITE, living=True)
    assert_refused(api.send(method, address, body), status, code)


def test_what_is_there_is_answered_as_ever(filled: Api, control: Control) -> None:
    control.behave(missing_is_forbidden=True)
    assert filled.get("/static/there")["secret"] == {}
    assert_refused(filled.send("POST", "/static/there", {"secret": {}}), 409, "secret_already_exists")
    assert_refused(filled.send("POST", "/static/gone", {"secret": {}}), 409, "deleted_secret_exists")


def test_a_missing_dynamic_secret_has_a_code_of_its_own(api: Api, control: Control) -> None:
    control.behave(living=True, missing_is_forbidden=False)
    for method, address, body in (
        ("GET", "/dynamic/none", None),
        ("POST", "/dynamic/none/generate", None),
        ("PATCH", "/dynamic/none", {"type": "azure", "ttl": AZURE["ttl"]}),
        ("GET", "/leases/none", None),
    ):
        assert_refused(api.send(method, address, body), 404, "dynamic_secret_not_found")
    assert_refused(api.send("GET", "/static/none"), 404, "not_found")
