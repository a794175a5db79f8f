# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tokens of a registered identity's issuer: signature, audience, times, conditions, and the sites that they open."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from workload_credentials_emulator import Emulator, StartError
from workload_credentials_emulator.platform.exchange import matches

from tests.support.oidc_issuer import OidcIssuer, new_key, oidc_issuer

from .client import OTHER_SITE, SITE, TOKEN, Api, assert_refused
from .platform_client import FLAT, Platform

SERVICE = {"X-BT-Service-Name": "ci"}
CLAIMS = {"aud": SITE, "sub": "repo:example/app:ref:refs/heads/main", "environment": "prod"}
CONDITIONS = {"sub": ["repo:other/app:*", "repo:example/app:*"], "environment": ["prod"]}


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OidcIssuer]:
    with oidc_issuer(tmp_path_factory.mktemp("issuer")) as found:
        yield found


@pytest.fixture(scope="module")
def trusting(issuer: OidcIssuer) -> Iterator[Emulator]:
    """An emulator that trusts the issuer's server."""
    with Emulator([SITE, OTHER_SITE], [TOKEN], issuer_ca=issuer.ca) as emulator:
        yield emulator


@pytest.fixture
def platform(trusting: Emulator, issuer: OidcIssuer) -> Platform:
    trusting.control.reset()
    issuer.asked.clear()
    return Platform(trusting)


@pytest.fixture
def ask(trusting: Emulator) -> Callable[..., requests.Response]:
    """Ask for the session with a token, in the name of the identity."""

    def asked(token: str, *, site: str = SITE, **headers: str) -> requests.Response:
        return Api(trusting, site=site, token=token).send("GET", "/session", headers={**SERVICE, **headers})

    return asked


def register(platform: Platform, issuer: OidcIssuer, **changes: Any) -> str:
    return str(platform.register({**FLAT, "issuerUrl": issuer.url, "conditions": CONDITIONS, **changes})["identityId"])


@pytest.mark.smoke
def test_a_token_that_meets_everything_is_let_in(
    platform: Platform, issuer: OidcIssuer, ask: Callable[..., requests.Response]
) -> None:
    register(platform, issuer)
    for changes in ({}, {"aud": [SITE, "x"]}, {"environment": ["dev", "prod"]}, {"sub": "repo:other/app:"}):
        response = ask(issuer.sign(**{**CLAIMS, **changes}), **{"X-BT-Service-Name": "CI"})
        assert response.json() == {"valid": True}, changes
    assert len(issuer.asked) == 2


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"aud": OTHER_SITE}, "the audience"),
        ({"aud": "https://example.com"}, "the audience"),
        ({"exp": int(time.time()) - 1}, "the time"),
        ({"nbf": int(time.time()) + 3600}, "the time"),
        ({"iss": "https://other.example.com"}, "another issuer"),
        ({"sub": "repo:example/apple:ref"}, "the condition on sub"),
        ({"sub": ""}, "the condition on sub"),
        ({"environment": "PROD"}, "the condition on environment"),
        ({"environment": True}, "the condition on environment"),
        ({"environment": []}, "the condition on environment"),
    ],
)
def test_what_is_not_meant_is_denied_and_the_journal_says_why(
    platform: Platform,
    trusting: Emulator,
    issuer: OidcIssuer,
    ask: Callable[..., requests.Response],
    changes: dict[str, Any],
    reason: str,
) -> None:
    register(platform, issuer)
    refused = ask(issuer.sign(**{**CLAIMS, **changes}))
    assert_refused(refused, 401, "unauthorized")
    assert refused.json()["message"] == "OIDC workload exchange denied"
    assert reason in trusting.control.journal()[-1]["refused"]


def test_a_claim_that_is_missing_meets_no_condition(
    platform: Platform, issuer: OidcIssuer, ask: Callable[..., requests.Response]
) -> None:
    register(platform, issuer, conditions={"job_workflow_ref": ["*"]})
    assert ask(issuer.sign(**CLAIMS)).status_code == 401
    assert ask(issuer.sign(**CLAIMS, job_workflow_ref="any")).status_code == 200


def test_only_the_issuers_own_signature_counts(
    platform: Platform, issuer: OidcIssuer, ask: Callable[..., requests.Response]
) -> None:
    register(platform, issuer)
    claims = {"iss": issuer.url, "exp": int(time.time()) + 600, **CLAIMS}
    good = issuer.sign(**CLAIMS)
    for token in (
        issuer.sign(key=new_key(), **CLAIMS),
        jwt.encode(claims, "", "none"),
        jwt.encode(claims, issuer.key_set()["keys"][0]["n"], "HS256"),
        jwt.encode({name: value for name, value in claims.items() if name != "exp"}, new_key(), "RS256"),
        good[:-4],
        good.rpartition(".")[0] + ".",
        "no token at all",
        TOKEN,
    ):
        assert_refused(ask(token), 401, "unauthorized")
    assert ask(good).status_code == 200


def test_a_token_that_names_no_end_is_denied(
    platform: Platform, issuer: OidcIssuer, ask: Callable[..., requests.Response]
) -> None:
    register(platform, issuer)
    assert ask(issuer.sign(**CLAIMS, exp=None)).status_code == 401


def test_a_token_ends_by_the_emulators_clock(
    platform: Platform, trusting: Emulator, issuer: OidcIssuer, ask: Callable[..., requests.Response]
) -> None:
    register(platform, issuer)
    token = issuer.sign(**CLAIMS)
    assert ask(token).status_code == 200
    trusting.control.advance(700)
    assert ask(token).status_code == 401


def test_new_keys_are_fetched_when_a_token_names_them(
    platform: Platform, issuer: OidcIssuer, ask: Callable[..., requests.Response]
) -> None:
    register(platform, issuer)
    old = issuer.sign(**CLAIMS)
    assert ask(old).status_code == 200
    issuer.rotate()
    assert ask(issuer.sign(**CLAIMS)).status_code == 200
    assert ask(old).status_code == 401


def test_keys_are_fetched_again_after_a_while(
    platform: Platform, trusting: Emulator, issuer: OidcIssuer, ask: Callable[..., requests.Response]
) -> None:
    register(platform, issuer)
    token = issuer.sign(**CLAIMS)
    for seconds, asked in ((0, 2), (200, 2), (200, 4)):
        trusting.control.advance(seconds)
        assert ask(token).status_code == 200
        assert len(issuer.asked) == asked


def test_a_published_secret_signs_nothing(issuer: OidcIssuer, tmp_path: Path) -> None:
    file, secret = tmp_path / "keys.json", "a-shared-secret-that-anybody-could-have"
    key = {"kty": "oct", "alg": "HS256", "k": base64.urlsafe_b64encode(secret.encode()).decode().rstrip("=")}
    file.write_text(json.dumps({"keys": [key]}))
    with Emulator([SITE], [TOKEN], issuer_keys=[f"{issuer.url}={file}"]) as emulator:
        register(Platform(emulator), issuer)
        token = jwt.encode({"iss": issuer.url, "exp": int(time.time()) + 600, **CLAIMS}, secret, "HS256")
        assert Api(emulator, token=token).send("GET", "/session", headers=SERVICE).status_code == 401


def test_an_issuer_that_cannot_be_asked_has_no_keys(
    platform: Platform, trusting: Emulator, issuer: OidcIssuer, ask: Callable[..., requests.Response]
) -> None:
    register(platform, issuer, issuerUrl=f"{issuer.url}/elsewhere")
    assert ask(issuer.sign(**CLAIMS, iss=f"{issuer.url}/elsewhere")).status_code == 401
    assert "no key" in trusting.control.journal()[-1]["refused"]


def test_a_server_with_a_certificate_of_nobody_is_not_believed(issuer: OidcIssuer, tmp_path: Path) -> None:
    with oidc_issuer(tmp_path) as other, Emulator([SITE], [TOKEN], issuer_ca=issuer.ca) as emulator:
        register(Platform(emulator), other)
        response = Api(emulator, token=other.sign(**CLAIMS)).send("GET", "/session", headers=SERVICE)
        assert response.status_code == 401
        assert other.asked == []


def test_an_identity_has_its_own_audience_where_it_says_so(
    platform: Platform, issuer: OidcIssuer, ask: Callable[..., requests.Response]
) -> None:
    register(platform, issuer, expectedAud="api://app")
    assert ask(issuer.sign(**CLAIMS)).status_code == 401
    assert ask(issuer.sign(**{**CLAIMS, "aud": "api://app"})).status_code == 200


def test_an_identity_opens_the_sites_that_it_is_bound_to_for_this_product(
    platform: Platform, trusting: Emulator, issuer: OidcIssuer, ask: Callable[..., requests.Response]
) -> None:
    register(platform, issuer)
    token = issuer.sign(**{**CLAIMS, "aud": [SITE, OTHER_SITE]})
    assert ask(token).status_code == 200
    assert ask(token, site=OTHER_SITE).status_code == 401
    register(platform, issuer, siteId=OTHER_SITE, registeredScopes=["psc"])
    assert ask(token, site=OTHER_SITE).status_code == 401
    assert "the scope secrets" in trusting.control.journal()[-1]["refused"]


def test_an_identity_that_is_forgotten_opens_nothing_and_its_name_needs_no_exchange_any_more(
    platform: Platform, issuer: OidcIssuer, ask: Callable[..., requests.Response]
) -> None:
    id = register(platform, issuer)
    token = issuer.sign(**CLAIMS)
    assert ask(token).status_code == 200
    assert ask(TOKEN).status_code == 401
    platform.done("DELETE", f"/auth/workload-identities/{id}")
    assert ask(token).status_code == 401
    assert ask(TOKEN).status_code == 200


def test_a_token_serves_only_in_the_name_of_its_identity(
    trusting: Emulator, platform: Platform, issuer: OidcIssuer, ask: Callable[..., requests.Response]
) -> None:
    register(platform, issuer)
    token = issuer.sign(**CLAIMS)
    assert Api(trusting, token=token).send("GET", "/session").status_code == 401
    assert ask(token, **{"X-BT-Service-Name": "other"}).status_code == 401


def test_living_the_gateway_denies(
    trusting: Emulator, platform: Platform, issuer: OidcIssuer, ask: Callable[..., requests.Response]
) -> None:
    trusting.control.behave(living=True)
    denied = ask(issuer.sign(**CLAIMS))
    assert (denied.status_code, denied.json()) == (401, {"error": "OIDC workload exchange denied"})
    register(platform, issuer)
    assert ask(issuer.sign(**CLAIMS)).status_code == 200
    denied = ask(issuer.sign(**{**CLAIMS, "aud": "other"}))
    assert (denied.status_code, denied.json()) == (401, {"error": "OIDC workload exchange denied"})


def test_an_identity_of_the_administration_site_administers(
    trusting: Emulator, platform: Platform, issuer: OidcIssuer
) -> None:
    register(platform, issuer, siteId=trusting.admin_site, registeredScopes=["psc"])
    administrator = Platform(trusting, token=issuer.sign(**{**CLAIMS, "aud": trusting.admin_site}))
    assert administrator.send("GET", "/iam/policies").status_code == 401
    administrator.session.headers.update(SERVICE)
    assert administrator.policies() == {}
    assert administrator.done("GET", "/auth/workload-identities")["totalCount"] == 1


def test_keys_can_be_given_by_file(issuer: OidcIssuer, tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    file.write_text(json.dumps(issuer.key_set()))
    issuer.asked.clear()
    with Emulator([SITE], [TOKEN], issuer_keys=[f"{issuer.url}/={file}"]) as emulator:
        register(Platform(emulator), issuer)
        assert Api(emulator, token=issuer.sign(**CLAIMS)).send("GET", "/session", headers=SERVICE).status_code == 200
    assert issuer.asked == []


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"issuer_keys": ["keys.json"]}, "is no issuer with a file"),
        ({"issuer_keys": ["http://issuer.example.com=keys.json"]}, "is no issuer with a file"),
        ({"issuer_keys": ["https://issuer.example.com=/nowhere/keys.json"]}, "is no JSON Web Key Set"),
        ({"issuer_ca": Path("/nowhere/ca.pem")}, "/nowhere/ca.pem cannot be read"),
    ],
)
def test_what_cannot_be_read_is_said_at_the_start(given: dict[str, Any], message: str) -> None:
    with pytest.raises(StartError, match=message):
        Emulator([SITE], [TOKEN], **given)


@given(st.text(alphabet="ab*", max_size=6), st.text(alphabet="ab", max_size=4))
def test_a_pattern_is_a_prefix_only_with_its_star(text: str, prefix: str) -> None:
    assert matches(text, prefix) == (text == prefix)
    assert matches(text, f"{prefix}*") == (text[: len(prefix)] == prefix)
