# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever is answered, a module or lookup ends well or with one clear error: real answers, changed at random."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import WorkloadCredentialsError
from ansible_collections.community.workload_credentials.plugins.module_utils._api.request import Request
from ansible_collections.community.workload_credentials.plugins.plugin_utils._static_secrets import read_secrets
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import fresh
from tests.support.definitions import ROLE, do, populate
from tests.support.rounds import ROUNDS
from tests.support.site import Site

pytestmark = pytest.mark.one_core

DEFINITION = {"path": "prod/aws", "type": "aws", "integration_name": "main", "role_arn": ROLE, "ttl": 900}
LOOKUP = "lookup static_secret"
# Which answer is changed, and who reads it: module and arguments.
READERS: dict[tuple[str, str], list[tuple[str, dict[str, Any]]]] = {
    ("GET", "/session"): [("session_info", {})],
    ("GET", "/folders?recursive=true"): [("folder_info", {"folder": "/", "recursive": True})],
    ("GET", "/folders/prod/metadata"): [
        ("folder", {"path": "prod", "tags": {"a": "b"}}),
        ("static_secret", {"path": "prod/new", "secret": {"a": "b"}}),
    ],
    ("GET", "/folders?deletedOnly=true"): [("folder", {"path": "prod/gone/x"})],
    ("GET", "/static/app?folder=prod"): [
        ("static_secret", {"path": "prod/app", "secret": {"a": "b"}, "purge_keys": True, "tags": {"a": "b"}}),
        ("static_secret_info", {"path": "prod/app"}),
        (LOOKUP, {}),
    ],
    ("GET", "/static?path=prod"): [("static_secret_info", {"folder": "prod"})],
    ("GET", "/dynamic/aws?folder=prod"): [
        (
            "dynamic_secret",
            {**DEFINITION, "tags": {"a": "b"}, "groups": ["g"], "policy": {"a": 1}, "aws_tags": {"a": "b"}},
        ),
        ("dynamic_secret_info", {"path": "prod/aws"}),
        ("dynamic_credentials", {"path": "prod/aws", "_check": True}),
    ],
    ("GET", "/dynamic/aws/metadata?folder=prod"): [("dynamic_secret", {**DEFINITION, "tags": {"a": "b"}})],
    ("GET", "/dynamic?path=prod"): [("dynamic_secret_info", {"folder": "prod"})],
    ("POST", "/dynamic/aws/generate?folder=prod"): [("dynamic_credentials", {"path": "prod/aws"})],
    ("GET", "/integrations/aws/main"): [
        ("integration", {"type": "aws", "name": "main", "role_arn": ROLE}),
        ("integration_info", {"type": "aws", "name": "main", "dynamic_secrets": True}),
        ("dynamic_secret", DEFINITION),
    ],
    ("GET", "/integrations"): [("integration_info", {"dynamic_secrets": True})],
    ("GET", "/integrations/aws/main/dynamic"): [("integration_info", {"dynamic_secrets": True})],
    ("GET", "/leases/azure?folder=prod"): [
        ("lease_info", {"path": "prod/azure"}),
        ("lease", {"path": "prod/azure", "_check": True}),
        ("dynamic_secret", {"path": "prod/azure", "state": "absent", "_check": True, "revoke_leases": True}),
    ],
    ("GET", "/leases/id/LEASE"): [
        ("lease_info", {"lease_id": "LEASE"}),
        ("lease", {"lease_id": "LEASE", "_check": True}),
    ],
    ("DELETE", "/leases/id/LEASE"): [("lease", {"lease_id": "LEASE"})],
}
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.sampled_from(["\ud800", 10**400, "", "\x1b[31m"]),
)
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner))
ODD_TEXTS = (
    b"",
    b"null",
    b"\xff",
    b"\xef\xbb\xbf{}",
    b"1e999",
    b"9" * 5000,
    b"[" * 5000,
    b'{"a":' * 200 + b"1" + b"}" * 200,
)


@pytest.fixture(scope="module")
def prepared(emulator: Any, unused_sites: Iterator[str]) -> Iterator[tuple[Site, str]]:
    """A site with something of everything, and the ID of a lease."""
    site = Site(emulator, fresh(unused_sites))
    populate(site)
    do(site, "folder", path="prod/gone")
    do(site, "folder", path="prod/gone", state="absent")
    lease = do(site, "dynamic_credentials", path="prod/azure")["lease_id"]
    yield site, lease
    site.close()


def places(value: Any, where: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value."""
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [where, *(place for key, inner in steps for place in places(inner, (*where, key)))]


@st.composite
def changed(draw: Any, real: Any) -> bytes:
    """A real answer with something else in one place, or without it, or no such thing at all."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.sampled_from(ODD_TEXTS) | st.binary(max_size=20))  # type: ignore[no-any-return]
    answer = json.loads(json.dumps(real))
    place = draw(st.sampled_from(places(answer)))
    if not place:
        return json.dumps(draw(JSON)).encode()
    holder = answer
    for step in place[:-1]:
        holder = holder[step]
    if draw(st.booleans()):
        holder[place[-1]] = draw(JSON)
    else:
        del holder[place[-1]]
    return json.dumps(answer).encode()


@pytest.mark.parametrize("target", READERS, ids=" ".join)
def test_any_answer_ends_well_or_in_one_clear_line(prepared: tuple[Site, str], target: tuple[str, str]) -> None:
    site, lease = prepared
    method, path = (part.replace("LEASE", lease) for part in target)
    real = site.client().send(Request(method, path)) if method != "DELETE" else {}

    @settings(max_examples=15 * len(ROUNDS), deadline=None, suppress_health_check=list(HealthCheck))
    @given(answer=changed(real), status=st.sampled_from([200, 200, 200, 201, 400, 404, 409, 500, 503]))
    def check(answer: bytes, status: int) -> None:
        for reader, arguments in READERS[target]:
            # The pattern sees an address without its query.
            site.fault(
                "body", method=method, path=f"{path.partition('?')[0]}$", body=answer.decode("latin-1"), status=status
            )
            try:
                own = {
                    key: str(value).replace("LEASE", lease) if key == "lease_id" else value
                    for key, value in arguments.items()
                }
                json.dumps(read(site, reader, own))
            except WorkloadCredentialsError as error:
                assert_clear(str(error))
            site.close()

    check()


def read(site: Site, reader: str, arguments: dict[str, Any]) -> Any:
    if reader == LOOKUP:
        options = dict.fromkeys(("key", "version", "default")) | {"on_missing": "error", "on_denied": "error"}
        return read_secrets(site.client(retries=0), ["prod/app"], {**options, "concurrency": 1}, print)
    check = arguments.pop("_check", False)
    return do(site, reader, check_mode=check, retries=0, **arguments)


def assert_clear(message: str) -> None:
    assert "fault of this collection" not in message
    assert message.isprintable()
    assert len(message) < 2000
