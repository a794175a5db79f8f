# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A 403 names the permission that is missing, and the nearest policy where policies can be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.definitions import ROLE
from tests.support.documentation import COLLECTION
from tests.support.organization import ADMIN_TOKEN, CI, Organization
from tests.support.plays import BRISK, Plays

WEAK = "weak-token-canary"
GENERATE = "GenerateDynamicCredential"
TO_CI = {"principal": {"workload": "ci"}, "resource": {"dynamic_secret": "prod/app"}}


@pytest.fixture
def granted(organization: Organization) -> Organization:
    """A definition and a secret, and a token that may only list."""
    organization.do("workload_identity", **CI)
    organization.do("folder", path="prod")
    organization.do("static_secret", path="prod/db", secret={"password": "canary"})
    organization.do("integration", type="aws", name="main", role_arn=ROLE)
    aws = {"type": "aws", "integration_name": "main", "role_arn": ROLE, "ttl": 900}
    organization.do("dynamic_secret", path="prod/app", **aws)
    organization.emulator.control.add_token(WEAK, actions=["ListFolderContents", "ReadSecretMetadata"])
    organization.forget()
    return organization


def refusal(
    organization: Organization, module: str = "dynamic_credentials", path: str = "prod/app", **more: Any
) -> str:
    return organization.failure(module, path=path, access_token=WEAK, **more)


@pytest.mark.one_core
def test_without_an_administration_site_the_permission_alone_is_named(granted: Organization) -> None:
    message = refusal(granted, admin_site_id=None)
    assert GENERATE in message
    assert "olicy grants" not in message
    assert "olicies that grant" not in message


@pytest.mark.one_core
def test_it_says_who_may_do_it_and_that_nobody_may(granted: Organization) -> None:
    assert "No policy grants anything at this site, so none grants GenerateDynamicCredential" in refusal(granted)
    granted.do("iam_policy", name="far", principal={"group": "ops"}, grant="Viewer", resource={"folder": "/"})
    granted.do("iam_policy", name="near", principal={"group": "ops"}, grant="Viewer", resource={"folder": "prod"})
    nearest = "the nearest is near (for group ops), which grants Viewer on the folder prod."
    assert f"No policy grants {GENERATE} on the dynamic secret prod/app; {nearest}" in refusal(granted)
    granted.do("iam_policy", name="generates", actions=[GENERATE], **TO_CI)
    wanted = f"Policies that grant {GENERATE} on the dynamic secret prod/app: generates (for workload ci)."
    assert wanted in refusal(granted)


@pytest.mark.one_core
def test_a_policy_that_is_not_in_force_says_so(granted: Organization) -> None:
    granted.emulator.control.behave(granted.emulator.admin_site, policy_lag=3600.0)
    granted.do("iam_policy", name="generates", actions=[GENERATE], wait=False, **TO_CI)
    assert "generates (for workload ci, status RESOURCE_LOOKUP)" in refusal(granted)


@pytest.mark.one_core
def test_an_administration_site_that_does_not_answer_changes_nothing(granted: Organization) -> None:
    assert refusal(granted, admin_access_token="wrong") == refusal(granted, admin_site_id=None)


@pytest.mark.newest_core
def test_lookups_and_modules_name_it(granted: Organization, tmp_path: Path) -> None:
    granted.do("iam_policy", name="generates", actions=[GENERATE], **TO_CI)
    granted.do(
        "iam_policy", name="reads", principal={"group": "ops"}, actions=["ReadSecret"], resource={"folder": "prod"}
    )
    plays = Plays(tmp_path, {**granted.environment, **BRISK, "BEYONDTRUST_ACCESS_TOKEN": WEAK})
    lookups = {"dynamic_credentials": "prod/app", "static_secret": "prod/db"}
    tasks: list[dict[str, Any]] = [
        {"ansible.builtin.set_fact": {"found": f"{{{{ lookup('{COLLECTION}.{name}', '{path}') }}}}"}}
        for name, path in lookups.items()
    ]
    tasks.append({f"{COLLECTION}.dynamic_credentials": {"path": "prod/app"}})
    tasks.append({f"{COLLECTION}.static_secret": {"path": "prod/db", "secret": {"a": "b"}}})
    outcome = plays.tasks(tasks, arguments=("-vvvvv",))
    messages = [str(result["msg"]) for result in outcome.results]
    generates = f"Policies that grant {GENERATE} on the dynamic secret prod/app: generates (for workload ci)."
    reads = "Policies that grant ReadSecret on the static secret prod/db: reads (for group ops)."
    assert [generates in messages[0], reads in messages[1], generates in messages[2], reads in messages[3]] == [
        True
    ] * 4
    assert ADMIN_TOKEN not in outcome.output
    assert WEAK not in outcome.output


@pytest.mark.thorough
@pytest.mark.one_core
def test_the_role_names_it(granted: Organization, cluster: Any, tmp_path: Path) -> None:
    granted.do("iam_policy", name="generates", actions=[GENERATE], **TO_CI)
    control = granted.emulator.control
    control.add_token(WEAK, actions=["ListFolderContents", "ReadDynamicSecret", "ReadDynamicSecretMetadata"])
    kubeconfig = {"K8S_AUTH_KUBECONFIG": str(cluster.kubeconfig)}
    plays = Plays(tmp_path, {**granted.environment, **kubeconfig, **BRISK, "BEYONDTRUST_ACCESS_TOKEN": WEAK})
    entry = {"name": "aws", "namespace": "default", "dynamic_secret": "prod/app"}
    (result,) = plays.tasks([{f"{COLLECTION}.cluster_credentials": {"entries": [entry]}}]).results
    assert result["failed"]
    assert (
        f"Policies that grant {GENERATE} on the dynamic secret prod/app: generates (for workload ci)." in result["msg"]
    )
