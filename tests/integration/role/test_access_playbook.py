# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kinds of work of playbooks/access.yml that are about clusters: enough, and nothing to spare."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from tests.integration.role.test_push_faults import APP, AZURE
from tests.support.definitions import do
from tests.support.deliveries import Deliveries
from tests.support.operator import Operator
from tests.support.represented import represented
from tests.support.site import Site

pytestmark = pytest.mark.one_core
PLAYBOOK = Path(__file__).parents[3] / "playbooks" / "access.yml"
OTHER_KEYS = {**AZURE, "keys": {"ID": "client_id"}}


def granted(work: str = "cluster_operator") -> list[str]:
    """The actions that the playbook grants."""
    (play,) = yaml.safe_load(PLAYBOOK.read_text(encoding="utf-8"))
    (policy,) = play["vars"]["access_policies"][work]
    return [str(action) for action in policy["actions"]]


def token_of_a_user(site: Site, actions: Iterable[str], folder: str = "prod") -> str:
    """The token of a new user whose only policy grants these actions."""
    name = uuid.uuid4().hex
    listed = ", ".join(f'WorkloadCredentials::Action::"{action}"' for action in actions)
    text = (
        f'@siteId("{site.site_id}") permit(principal == Pathfinder::User::Email::"{name}", '
        f'action in [{listed}], resource == WorkloadCredentials::Folder::"/{folder}");'
    )
    emulator = site.emulator
    written = requests.put(
        f"{emulator.url}/site/{emulator.admin_site}/platform/iam/policies/{name}",
        data=text,
        headers={"Authorization": f"Bearer {emulator.admin_token}", "Content-Type": "text/plain"},
        verify=str(emulator.ca_cert),
        timeout=30,
    )
    assert written.json()["status"] == "ACTIVE"
    emulator.control.add_token(name, sites=[site.site_id], user=name)
    return name


def problems(deliveries: Deliveries, token: str) -> list[str]:
    """What goes wrong in the life of a static and a dynamic secret: delivered, delivered anew, removed."""
    own = {"access_token": token}
    suffix = uuid.uuid4().hex[:8]
    steps: list[tuple[dict[str, Any], dict[str, Any]]] = [
        (APP, {}),
        (AZURE, {}),
        (OTHER_KEYS, {}),
        (OTHER_KEYS, {"state": "absent"}),
        (APP, {"state": "absent"}),
    ]
    found = []
    for entry, options in steps:
        named = {**entry, "name": f"{entry['name']}-{suffix}"}
        found.extend(deliveries.run(named, connection=own, **options).problems)
    return found


@pytest.fixture
def enforced(deliveries: Deliveries, site: Site) -> Deliveries:
    """Deliveries from a site that obeys policies."""
    site.behave(enforce_policies=True, azure_spelling="document", azure_expiration=True)
    return deliveries


def test_it_is_enough_and_reaches_no_other_folder(enforced: Deliveries, site: Site) -> None:
    assert problems(enforced, token_of_a_user(site, granted())) == []
    assert all(lease["state"] == "revoked" for lease in site.leases())
    do(site, "folder", path="other")
    elsewhere = problems(enforced, token_of_a_user(site, granted(), "other"))
    assert any("ReadSecret" in problem for problem in elsewhere)


@pytest.mark.parametrize("lacking", represented(granted(), by=["RevokeLease"]))
def test_there_is_nothing_to_spare(enforced: Deliveries, site: Site, lacking: str) -> None:
    found = problems(enforced, token_of_a_user(site, [one for one in granted() if one != lacking]))
    assert any(lacking in problem for problem in found), found


def operated(deliveries: Deliveries, token: str) -> list[str]:
    """What goes wrong where the operator has this token."""
    suffix = uuid.uuid4().hex[:8]
    found = []
    for entry in (APP, AZURE):
        named = {**entry, "name": f"{entry['name']}-{suffix}"}
        outcome = deliveries.run(named, token=token, delivery="external_secret", wait_timeout=3)
        found.extend(outcome.problems)
        deliveries.run(named, token=token, delivery="external_secret", state="absent")
    return found


def test_the_operators_own_token_is_enough(working: Operator, enforced: Deliveries, site: Site) -> None:
    assert operated(enforced, token_of_a_user(site, granted("external_secrets"))) == []


@pytest.mark.thorough
@pytest.mark.parametrize("lacking", granted("external_secrets"))
def test_the_operators_own_token_has_nothing_to_spare(
    working: Operator, enforced: Deliveries, site: Site, lacking: str
) -> None:
    rest = [one for one in granted("external_secrets") if one != lacking]
    assert any("403" in problem for problem in operated(enforced, token_of_a_user(site, rest)))
