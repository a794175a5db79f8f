# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From nothing to a credential: an identity, a policy, and a job that has only the token of its own issuer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from workload_credentials_emulator import Behaviour, Emulator

from tests.support.definitions import ROLE, do
from tests.support.oidc_issuer import OidcIssuer, oidc_issuer
from tests.support.organization import ADMIN_TOKEN, SITES, Organization
from tests.support.plays import Plays
from tests.support.site import TOKEN, Site

pytestmark = pytest.mark.one_core
SUBJECT = "repo:example/app:ref:refs/heads/main"
IDENTITY = {"service_name": "deploy", "idp_category": "Custom", "conditions": {"sub": ["repo:example/app:*"]}}
POLICY = {
    "name": "deploy-generates-app",
    "principal": {"workload": "deploy"},
    "actions": ["GenerateDynamicCredential"],
    "resource": {"dynamic_secret": "prod/app"},
}


@pytest.fixture
def issuer(tmp_path: Path) -> Iterator[OidcIssuer]:
    with oidc_issuer(tmp_path) as found:
        yield found


@pytest.fixture
def organization(issuer: OidcIssuer, tmp_path: Path) -> Iterator[Organization]:
    """The living service with a definition, which obeys policies, and does not know the issuer yet."""
    behaviour = Behaviour.living(enforce_policies=True)
    with Emulator(SITES, [TOKEN], admin_token=ADMIN_TOKEN, issuer_ca=issuer.ca, behaviour=behaviour) as emulator:
        site = Site(emulator, SITES[0])
        do(site, "folder", path="prod")
        do(site, "integration", type="aws", name="main", role_arn=ROLE)
        own = {"integration_name": "main", "role_arn": ROLE, "ttl": 900}
        do(site, "dynamic_secret", path="prod/app", type="aws", **own)
        yield Organization(emulator)


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    """Where the runner of the job puts its token."""
    return tmp_path / "token"


def job(organization: Organization, token_file: Path) -> dict[str, Any]:
    """The result of a job of another machine: it has a file with its token, and knows the name of its identity."""
    shared = ("BEYONDTRUST_API_URL", "BEYONDTRUST_SITE_ID", "BEYONDTRUST_CA_CERT")
    environment = {name: organization.environment[name] for name in shared}
    environment |= {"BEYONDTRUST_ACCESS_TOKEN_FILE": str(token_file), "BEYONDTRUST_SERVICE_NAME": "deploy"}
    task = {"community.workload_credentials.dynamic_credentials": {"path": "prod/app"}}
    return Plays(token_file.parent, environment).tasks([task]).result


def test_from_nothing_to_a_credential_without_a_stored_token(
    organization: Organization, issuer: OidcIssuer, token_file: Path, tmp_path: Path
) -> None:
    def refused() -> str:
        """The same job in this process."""
        own = {"access_token": None, "access_token_file": str(token_file), "service_name": "deploy"}
        return organization.failure("dynamic_credentials", path="prod/app", **own)

    control = organization.emulator.control
    token_file.write_text(issuer.sign(aud=SITES[0], sub=SUBJECT, exp=2**31))
    assert "401" in refused()
    Plays(tmp_path, organization.environment).tasks(
        [
            {"community.workload_credentials.workload_identity": {**IDENTITY, "issuer_url": issuer.url}},
            {"community.workload_credentials.iam_policy": POLICY},
        ]
    ).ok()
    # What the service does with policies takes a moment, which no test should wait for.
    control.advance(60)
    assert job(organization, token_file)["credentials"]["accessKeyId"]

    token_file.write_text(issuer.sign(aud=SITES[0], sub="repo:other/app:ref", exp=2**31))
    assert "OIDC workload exchange denied" in refused()
    assert control.journal()[-1]["refused"] == "the condition on sub is not met"

    token_file.write_text(issuer.sign(aud=SITES[0], sub=SUBJECT, exp=2**31))
    assert organization.do("iam_policy", name=POLICY["name"], state="absent")["changed"]
    control.advance(60)
    denied = job(organization, token_file)
    assert denied["failed"]
    assert "403" in denied["msg"]
    assert "GenerateDynamicCredential" in denied["msg"]
    assert organization.do("workload_identity", service_name="deploy", state="absent")["changed"]
    assert "OIDC workload exchange denied" in refused()
    assert control.leases()["minted"] == 1
