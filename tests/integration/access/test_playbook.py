# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/access.yml: each kind of work can be done with its policies, and with none of their actions less."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import WorkloadCredentialsError
from workload_credentials_emulator import Behaviour, Emulator

from tests.support.definitions import ROLE, UUIDS, do
from tests.support.organization import ADMIN_TOKEN, SITES, Organization
from tests.support.plays import Plays
from tests.support.site import TOKEN, Site

pytestmark = pytest.mark.one_core
PLAYBOOK = "community.workload_credentials.access"
VALUES = {"user": "app", "password": "canary-static-password"}
AZURE = {"tenant_id": UUIDS[0], "client_id": UUIDS[1], "client_secret": "canary-azure-client-secret"}


@dataclass(frozen=True)
class Worker(Site):
    """A site as one principal sees it."""

    token: str = ""

    @property
    def writes_folder(self) -> str:
        """Where it keeps what it has written a moment ago: it knows nothing of what others wrote."""
        return f"{super().writes_folder}-{self.token}"

    def do(self, module: str, **arguments: Any) -> dict[str, Any]:
        """What the module returns for the principal."""
        return do(self, module, access_token=self.token, **arguments)

    def prepare(self, module: str, **arguments: Any) -> None:
        """Have somebody who may do all arrange something."""
        do(Site(self.emulator, self.site_id), module, **arguments)


def read(worker: Worker) -> None:
    found = worker.do("static_secret_info", folder="prod/db")["static_secrets"]
    assert [(one["path"], one["secret"]) for one in found] == [("prod/db/app", VALUES)]


def mint(worker: Worker) -> None:
    lease = worker.do("dynamic_credentials", path="prod/azure/app")["lease_id"]
    worker.do("lease", lease_id=lease, state="absent")


def define(worker: Worker) -> None:
    name = f"at-{uuid.uuid4()}"
    folder, definition = f"prod/defined/{name}", f"prod/defined/{name}-definition"
    own = {"type": "aws", "integration_name": "ours", "role_arn": ROLE}
    worker.prepare("integration", type="aws", name="unused", role_arn=ROLE)
    # What somebody else has made: whoever makes an item may do all with it.
    worker.prepare("folder", path=folder, tags={"old": "1"})
    for path in (definition, f"{definition}-gone"):
        worker.prepare("dynamic_secret", path=path, ttl=900, tags={"old": "1"}, **own)
    worker.do("folder", path=f"prod/defined/{name}-new")
    worker.do("folder", path=folder, tags={"team": "a"})
    assert worker.do("folder", path=folder, tags={}, purge_tags=True)["changed"]
    found = worker.do("dynamic_secret_info", folder="prod/defined")["dynamic_secrets"]
    assert definition in [one["path"] for one in found]
    worker.do("folder", path=folder, state="absent")
    assert worker.do("folder", path=folder, on_deleted="restore")["changed"]
    worker.do("dynamic_secret", path=f"prod/defined/{name}-mine", ttl=900, **own)
    worker.do("dynamic_secret", path=definition, ttl=1800, tags={"team": "a"}, **own)
    assert worker.do("dynamic_secret", path=definition, tags={}, purge_tags=True, **own)["changed"]
    worker.do("dynamic_secret", path=f"{definition}-gone", state="absent")
    assert worker.do("dynamic_secret", path=f"{definition}-gone", on_deleted="restore", **own)["changed"]
    worker.do("integration", type="aws", name=name, role_arn=ROLE)
    worker.do("integration", type="aws", name="unused", role_arn=f"{ROLE}2")
    worker.do("integration", type="aws", name="unused", state="absent")


def elsewhere(module: str, **arguments: Any) -> tuple[str, dict[str, Any]]:
    return module, arguments


@dataclass(frozen=True)
class Work:
    """A kind of work: the job, the path, and tasks that it does not include."""

    job: Callable[[Worker], None]
    path: str
    denied: list[tuple[str, dict[str, Any]]]


CREDENTIALS = elsewhere("dynamic_credentials", path="prod/azure/app")
WORK = {
    "reader": Work(
        read,
        "prod/db",
        [
            elsewhere("static_secret_info", path="prod/app"),
            elsewhere("static_secret_info", folder="prod"),
            elsewhere("static_secret", path="prod/db/app", secret={"user": "other"}),
            CREDENTIALS,
        ],
    ),
    "minter": Work(
        mint,
        "prod/azure/app",
        [
            elsewhere("dynamic_credentials", path="prod/azure/other"),
            elsewhere("dynamic_secret_info", path="prod/azure/app"),
            elsewhere("static_secret_info", path="prod/db/app"),
        ],
    ),
    "definitions": Work(
        define,
        "prod/defined",
        [
            elsewhere("folder", path="prod/other"),
            elsewhere("static_secret", path="prod/defined/app", secret=VALUES),
            elsewhere("integration_info", type="azure", name="azure"),
            elsewhere("folder", path="prod/defined", state="absent", permanent=True),
            CREDENTIALS,
        ],
    ),
}


def user_of(kind: str) -> str:
    return f"{kind}@example.com"


@pytest.fixture(scope="module")
def organization(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Organization]:
    """A site with something of everything, whose policies are enforced."""
    folder, behaviour = tmp_path_factory.mktemp("tls"), Behaviour(enforce_policies=True)
    with Emulator(SITES, [TOKEN], admin_token=ADMIN_TOKEN, tls_dir=folder, behaviour=behaviour) as emulator:
        site = Site(emulator, SITES[0])
        for path in ("prod/azure", "prod/db", "prod/defined"):
            do(site, "folder", path=path)
        for path in ("prod/db/app", "prod/app"):
            do(site, "static_secret", path=path, secret=VALUES)
        do(site, "integration", type="aws", name="ours", role_arn=ROLE)
        do(site, "integration", type="azure", name="azure", **AZURE)
        for name in ("app", "other"):
            own = {"integration_name": "azure", "application_object_id": UUIDS[2], "ttl": 3600}
            do(site, "dynamic_secret", path=f"prod/azure/{name}", type="azure", **own)
        yield Organization(emulator)


@pytest.fixture(scope="module")
def played(organization: Organization, tmp_path_factory: pytest.TempPathFactory) -> Plays:
    """The policies of all kinds of work, as the playbook writes them."""
    plays = Plays(tmp_path_factory.mktemp("plays"), organization.environment)
    assert _play(plays).status == 0
    return plays


def _play(plays: Plays, **more: Any) -> Any:
    """Run the playbook for each kind of work in one go."""
    common = {"access_integrations": ["unused"], **more}
    return plays.playbook(
        [
            {
                "import_playbook": PLAYBOOK,
                "vars": {
                    "access_work": kind,
                    "access_path": work.path,
                    "access_principal": {"user": user_of(kind)},
                    **common,
                },
            }
            for kind, work in WORK.items()
        ]
    )


@pytest.fixture
def worker(organization: Organization, played: Plays, request: pytest.FixtureRequest) -> Worker:
    """The principal with the kind of work that the test is about."""
    token = f"token-{uuid.uuid4()}"
    organization.emulator.control.add_token(token, user=user_of(request.getfixturevalue("kind")))
    return Worker(organization.emulator, SITES[0], token)


def policies_of(organization: Organization, kind: str) -> dict[str, str]:
    """The texts of a principal's policies by name."""
    found = organization.platform("GET", "/iam/policies")["policies"]
    return {one["name"]: one["cedar"] for one in found if user_of(kind) in one["cedar"] and one["status"] == "ACTIVE"}


def without_one(text: str) -> Iterator[tuple[str, str]]:
    """Each action of a policy, and the policy without it."""
    entities = re.findall(r'WorkloadCredentials::Action::"\w+"', text)
    for lacking in entities:
        rest = ", ".join(one for one in entities if one != lacking)
        yield lacking, re.sub(r"action (?:==|in) .*?(?=,\s+resource)", f"action in [{rest}]", text, flags=re.DOTALL)


@pytest.mark.parametrize("kind", WORK)
def test_the_policies_are_enough_for_the_job_and_for_nothing_else(worker: Worker, kind: str) -> None:
    WORK[kind].job(worker)
    for module, arguments in WORK[kind].denied:
        with pytest.raises(WorkloadCredentialsError, match="403"):
            worker.do(module, **arguments)


def can_do(worker: Worker, kind: str) -> bool:
    try:
        WORK[kind].job(worker)
    except (WorkloadCredentialsError, AssertionError):
        return False
    return True


@pytest.mark.parametrize("kind", ["reader", "minter", pytest.param("definitions", marks=pytest.mark.thorough)])
def test_there_is_no_action_to_spare(organization: Organization, worker: Worker, kind: str) -> None:
    tried = 0
    for name, text in policies_of(organization, kind).items():
        for lacking, rest in without_one(text):
            tried += 1
            if "[]" in rest:
                organization.platform("DELETE", f"/iam/policies/{name}")
            else:
                organization.platform("PUT", f"/iam/policies/{name}", rest)
            assert not can_do(worker, kind), f"{kind} has {lacking} to spare"
        organization.platform("PUT", f"/iam/policies/{name}", text)
    assert can_do(worker, kind)
    assert tried == {"reader": 3, "minter": 2, "definitions": 19}[kind]


@pytest.mark.thorough
def test_a_second_run_changes_nothing_and_absent_takes_all_away(organization: Organization, played: Plays) -> None:
    again = _play(played)
    assert " changed=0 " in again.output
    assert _play(played, access_state="absent").status == 0
    left = organization.platform("GET", "/iam/policies")["policies"]
    assert {one["status"] for one in left} == {"DELETED"}
    assert _play(played).status == 0


def test_paths_that_look_alike_have_a_policy_each(organization: Organization, played: Plays) -> None:
    paths = ["prod/aws-app", "prod/aws/app", "/prod/aws/app", "prod/" + "/".join(["long-name"] * 12)]
    given = {"access_work": "reader", "access_principal": {"user": "alike@example.com"}}
    plays = [{"import_playbook": PLAYBOOK, "vars": {**given, "access_path": path}} for path in paths]
    assert played.playbook(plays).status == 0
    found = [one for one in organization.platform("GET", "/iam/policies")["policies"] if "alike" in one["name"]]
    assert len(found) == len({one["cedar"] for one in found}) == 3
    assert played.playbook([{**play, "vars": {**play["vars"], "access_state": "absent"}} for play in plays]).status == 0


def test_what_lacks_is_named(played: Plays) -> None:
    given = {"access_work": "reader", "access_principal": {"user": "ann"}}
    outcome = played.playbook([{"import_playbook": PLAYBOOK, "vars": given}])
    assert outcome.status != 0
    assert "Set access_path to" in outcome.output
