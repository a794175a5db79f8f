# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Workload identity: JWTs of an identity provider, in the name of a service or a role."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from workload_credentials_emulator import Emulator, StartError

from .client import OTHER_SITE, SITE, TOKEN, Api, assert_refused

SERVICE = {"X-BT-Service-Name": "automation"}
ROLE = {"X-BT-Role": "deploy", "X-BT-Auth-Type": "CUSTOM-IDP"}


@pytest.fixture(scope="module")
def keys() -> list[RSAPrivateKey]:
    """Two keys of the provider, and one that it does not have."""
    return [generate_private_key(public_exponent=65537, key_size=2048) for _number in range(3)]


@pytest.fixture(scope="module")
def provided(keys: list[RSAPrivateKey], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """An emulator that knows the provider as a service's and as a role's."""
    file = tmp_path_factory.mktemp("idp") / "keys.json"
    published = [jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True) for key in keys[:2]]
    file.write_text(json.dumps({"keys": [{**one, "kid": str(n), "alg": "RS256"} for n, one in enumerate(published)]}))
    with Emulator(
        [SITE, OTHER_SITE], [TOKEN], services=["ci", f"automation={file}"], roles=[f"deploy={file}"]
    ) as emulator:
        yield emulator


@pytest.fixture(autouse=True)
def clock(provided: Emulator) -> Iterator[None]:
    """A clock that goes with the machine's afterwards."""
    yield
    provided.control.reset()


def signed(key: Any, algorithm: str = "RS256", **claims: Any) -> str:
    return jwt.encode({"aud": SITE, "exp": int(time.time()) + 600, "sub": "job", **claims}, key, algorithm)


@pytest.mark.parametrize("identity", [SERVICE, ROLE, {**SERVICE, **ROLE}, {"X-BT-Service-Name": "ci", **ROLE}])
def test_a_signed_token_of_the_site_is_let_in(
    provided: Emulator, keys: list[RSAPrivateKey], identity: dict[str, str]
) -> None:
    for token in (signed(keys[0]), signed(keys[1], aud=[SITE, "x"]), signed(keys[0], nbf=int(time.time()) - 60)):
        api = Api(provided, token=token)
        api.session.headers.update(identity)
        assert api.get("/session") == {"valid": True}
        api.folder("of-the-job")
        api.done("DELETE", "/folders/of-the-job?permanent=true")


def test_what_is_not_signed_for_the_site_and_the_time_is_401(provided: Emulator, keys: list[RSAPrivateKey]) -> None:
    now = int(time.time())
    for token in (
        signed(keys[2]),
        signed(keys[0], aud=OTHER_SITE),
        signed(keys[0], aud="https://example.com"),
        signed(keys[0], exp=now - 1),
        signed(keys[0], nbf=now + 300),
        signed("a-shared-secret-that-anybody-could-have", "HS256"),
        jwt.encode({"aud": SITE, "exp": now + 600}, "", "none"),
        jwt.encode({"aud": SITE}, keys[0], "RS256"),
        jwt.encode({"exp": now + 600}, keys[0], "RS256"),
        signed(keys[0])[:-4],
        TOKEN,
    ):
        assert_refused(Api(provided, token=token).send("GET", "/session", headers=SERVICE), 401, "unauthorized")


def test_a_token_ends_by_the_emulators_clock(provided: Emulator, keys: list[RSAPrivateKey]) -> None:
    api = Api(provided, token=signed(keys[0]))
    assert api.send("GET", "/session", headers=SERVICE).status_code == 200
    provided.control.advance(700)
    assert_refused(api.send("GET", "/session", headers=SERVICE), 401, "unauthorized")


def test_a_signed_token_serves_only_in_the_name_that_it_was_made_for(
    provided: Emulator, keys: list[RSAPrivateKey]
) -> None:
    api = Api(provided, token=signed(keys[0]))
    assert_refused(api.send("GET", "/session"), 401, "unauthorized")
    assert_refused(api.send("GET", "/session", headers={"X-BT-Service-Name": "ci"}), 401, "unauthorized")
    own = Api(provided)
    assert own.send("GET", "/session", headers={"X-BT-Service-Name": "ci"}).status_code == 200


@pytest.mark.parametrize("content", ["", "{}", '{"keys": []}', '{"keys": [{"kty": "x"}]}', "value-canary", None])
def test_a_file_without_keys_is_said_at_the_start(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "keys.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(StartError, match="is no JSON Web Key Set") as raised:
        Emulator([SITE], [TOKEN], services=[f"ci={file}"])
    assert "canary" not in str(raised.value)
