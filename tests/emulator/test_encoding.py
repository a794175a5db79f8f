# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Percent-encoding that is broken is 400 wherever it stands, and what is encoded well is read."""

from __future__ import annotations

import http.client
import json
import re
import ssl
from collections.abc import Callable, Iterator

import pytest
from fastapi.routing import APIRoute
from workload_credentials_emulator import Control, Emulator
from workload_credentials_emulator.routes import ROUTERS

from .client import OTHER_TOKEN, SITE, TOKEN, Api

# Too few digits, or none; no UTF-8, overlong forms, half a surrogate, a sequence that is cut off, one that is too long.
BROKEN = ("%", "%2", "a%", "%zz", "%2g", "%%41", "%u0041", "%-1")
BROKEN = (*BROKEN, "%ff", "%c0%af", "%e0%80%af", "%c0%80", "%ed%a0%80", "%e2%82", "%f8%88%80%80%80")
OPERATIONS = [
    (method, route.path)
    for router in ROUTERS
    for route in router.routes
    if isinstance(route, APIRoute)
    for method in sorted(route.methods)
]
_PARAMETER = r"\{\w+\}"
Ask = Callable[..., "tuple[int, str]"]


@pytest.fixture
def ask(emulator: Emulator) -> Iterator[Ask]:
    """Send an address exactly as it is written, which clients with manners do not; return status and code."""
    context = ssl.create_default_context(cafile=emulator.ca_cert)
    connection = http.client.HTTPSConnection(emulator.url.removeprefix("https://"), timeout=20, context=context)

    def asked(method: str, address: str, *, token: str = TOKEN, version: str = "2026-04-28") -> tuple[int, str]:
        headers = {"Authorization": f"Bearer {token}", "bt-secrets-api-version": version}
        connection.request(method, address, headers=headers)
        response = connection.getresponse()
        body = json.loads(response.read() or b"{}")
        return response.status, body.get("code", "")

    yield asked
    connection.close()


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_every_operation_refuses_broken_encoding(ask: Ask, method: str, path: str) -> None:
    base = f"/site/{SITE}/secrets"
    good = _with(path, "", "")
    for broken in BROKEN:
        names = [_with(path, parameter, broken) for parameter in re.findall(_PARAMETER, path)]
        queries = [f"folder={broken}", f"path=prod/{broken}/x", f"{broken}=x", f"folder=prod&{broken}"]
        for address in (*names, good + broken, *(f"{good}?{query}" for query in queries)):
            assert ask(method, base + address) == (400, "invalid_request"), address


@pytest.mark.parametrize(("method", "path"), [one for one in OPERATIONS if "{" in one[1]])
@pytest.mark.parametrize("name", ["%00", "a%2Fb", "a%2fb", "%2e%2e", "%0a", "%7f", "%c3%a9", "%f0%9f%92%a1"])
def test_every_operation_refuses_names_that_cannot_be(ask: Ask, method: str, path: str, name: str) -> None:
    address = re.sub(_PARAMETER, name, path)
    assert ask(method, f"/site/{SITE}/secrets{address}") == (400, "invalid_request")


@pytest.mark.parametrize(
    "query", ["folder=%00", "folder=a%0a", "folder=a+b", "folder=%c3%a9", "folder=a%2F%2Fb", "a%00=b"]
)
def test_a_query_that_decodes_to_no_path_is_refused(ask: Ask, query: str) -> None:
    assert ask("GET", f"/site/{SITE}/secrets/static/app?{query}") == (400, "invalid_request")


def test_what_is_encoded_needlessly_or_doubly_is_read_once(ask: Ask, api: Api, control: Control) -> None:
    api.folder("prod")
    api.static("a%2541", "prod", value="1")
    control.clear_journal()
    for address in (
        "/static/a%2541?folder=%70rod",
        "/%73tatic/a%2541?%66older=%2Fprod",
        "/static/%61%25%34%31?folder=prod%2f",
    ):
        assert ask("GET", f"/site/{SITE}/secrets{address}")[0] == 200
    assert ask("GET", f"/site/%61{SITE[1:]}/secrets/session")[0] == 200
    # Read twice, this would be another secret.
    assert ask("GET", f"/site/{SITE}/secrets/static/a%41?folder=prod")[0] == 404
    assert [entry["query"] for entry in control.journal()][:2] == [{"folder": "prod"}, {"folder": "/prod"}]


@pytest.mark.parametrize("address", ["/%", "/site/%zz/secrets/session", f"/site/{SITE}/secrets%2", "/%ff"])
def test_what_cannot_be_read_is_no_address(ask: Ask, address: str) -> None:
    assert ask("GET", address) == (400, "invalid_request")


def test_token_and_site_are_looked_at_first(ask: Ask) -> None:
    address = f"/site/{SITE}/secrets/static/%zz"
    assert ask("GET", address, token="wrong") == (401, "unauthorized")
    assert ask("GET", address, token=OTHER_TOKEN) == (403, "forbidden")
    assert ask("GET", address, version="2026-02-16") == (400, "invalid_api_version")


def _with(path: str, parameter: str, text: str) -> str:
    """The path with this text for one parameter, and something possible for the others."""
    return re.sub(_PARAMETER, "aws", path.replace(parameter, text) if parameter else path)
