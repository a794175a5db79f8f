# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every guide and playbook in its order on an empty site: first with --check --diff, then for real, with one result."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from kubernetes import client, config

from tests.support.definitions import ROLE, do, populate
from tests.support.examples import GUIDES, ROOT, SECRET, blocks_of, environment, machine, playbook_of
from tests.support.plays import Plays
from tests.support.represented import represented
from tests.support.site import Site

# What this guide deletes must be there first: each of its blocks is checked and run before the next one.
STEPWISE = ("guide_access", "guide_restoring", "guide_without_stored_tokens")
# Its first play reads what the emulator's example holds.
BEGINS_WITH_THE_EXAMPLE = ("guide_getting_started",)
# Of each kind one: lookups and modules, files of definitions, and a folder for GitOps.
REPRESENTATIVE = ("guide_getting_started", "guide_definitions_as_code", "guide_gitops")
UNFORESEEN: tuple[str, ...] = ()
# What a user has beside what a guide says.
VALUES = {"azure_client_secret": SECRET, "app_password": SECRET, "mfa_code": "071946"}
# What this guide shows asks a cluster for the token of its application.
WITH_A_CLUSTER = ("guide_sts",)
# These need the administration site, which all sites of the tests share.
WITH_ADMINISTRATION = ("guide_access", "guide_without_stored_tokens")
_TASK = re.compile(r"^(?:TASK|RUNNING HANDLER) \[(.*)\] \*|^(ok|changed|skipping|fatal|failed): \[", re.MULTILINE)


@pytest.mark.one_core
@pytest.mark.parametrize("guide", represented(GUIDES, by=REPRESENTATIVE))
def test_a_guide_in_its_order(
    plays: Plays, site: Site, tmp_path: Path, guide: str, request: pytest.FixtureRequest
) -> None:
    if guide in UNFORESEEN:
        request.applymarker(pytest.mark.xfail(strict=True, reason="the role foresees no definition yet"))
    meanings = machine(site, tmp_path)
    if guide in WITH_A_CLUSTER:
        plays = with_an_application(plays, request.getfixturevalue("cluster"))
    if guide in WITH_ADMINISTRATION:
        plays = with_administration(plays, site)
        request.addfinalizer(lambda: forget_administration(site))
    books = [playbook_of(block, meanings, VALUES) for block in blocks_of(guide)]
    whole = [play for book in books for play in book]
    if not whole:
        pytest.skip("it shows no task")
    if guide in BEGINS_WITH_THE_EXAMPLE:
        do(site, "folder", path="prod/db")
        do(site, "static_secret", path="prod/db/app", secret={"username": "app", "password": SECRET})
        site.forget()
    predicted = done(plays, whole, tmp_path, "--check", "--diff")
    assert [line for line in site.requests() if not line.startswith("GET ")] == []
    if guide not in STEPWISE:
        assert compared(predicted, done(plays, whole, tmp_path)) == []
        return
    for book in filter(None, books):
        assert compared(done(plays, book, tmp_path, "--check", "--diff"), done(plays, book, tmp_path)) == []


@pytest.mark.newest_core
def test_the_main_job(plays: Plays, site: Site, cluster: Any, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "playbooks" / "templates", tmp_path / "templates")
    (play,) = yaml.safe_load((ROOT / "playbooks" / "main_job.yml").read_text(encoding="utf-8"))
    book = [{**play, "tasks": [task for task in play["tasks"] if "ansible.builtin.debug" not in task]}]
    places = {"CONFIG_FILE": str(tmp_path / "credentials"), "MANIFESTS_DIR": str(tmp_path / "manifests")}
    own = Plays(tmp_path, {**plays.environment, **places, "K8S_AUTH_KUBECONFIG": str(cluster.kubeconfig)})
    predicted = done(own, book, tmp_path, "--check", "--diff")
    assert [line for line in site.requests() if not line.startswith("GET ")] == []
    assert not (tmp_path / "manifests").exists()
    assert compared(predicted, done(own, book, tmp_path)) == []


@pytest.mark.thorough
@pytest.mark.one_core
def test_the_cluster_plays_of_the_bootstrap_guide(plays: Plays, site: Site, cluster: Any, tmp_path: Path) -> None:
    populate(site)
    do(site, "dynamic_secret", path="prod/aws", state="absent", permanent=True)
    for path in ("prod/aws", "prod/db"):
        do(site, "folder", path=path)
    aws = {"type": "aws", "integration_name": "main", "role_arn": ROLE, "ttl": 3600}
    do(site, "dynamic_secret", path="prod/aws/app", **aws)
    do(site, "static_secret", path="prod/db/app", secret={"password": SECRET})
    meanings = {"/etc/kubernetes/bootstrap.conf": str(cluster.kubeconfig), "namespace: web": "namespace: guide"}
    books = [playbook_of(block, meanings, {}) for block in blocks_of("guide_bootstrap")]
    kubeconfig = str(cluster.kubeconfig)
    inventory = {
        "localhost": plays.host(),
        "clusters": {**plays.host(), "kubeconfig": kubeconfig},
        # Another Python: there kubernetes.core's modules reach the cluster.
        "jump_hosts": plays.host(as_module=True),
    }
    whole = [play for book in books for play in book]
    assert [play["hosts"] for play in whole] == ["localhost", "clusters", "clusters", "jump_hosts"]
    for play in whole:
        own = {"environment": {"K8S_AUTH_KUBECONFIG": kubeconfig}, **play} if play["hosts"] == "localhost" else play
        predicted = done(plays, [own], tmp_path, "--check", "--diff", inventory=inventory)
        assert compared(predicted, done(plays, [own], tmp_path, inventory=inventory)) == []


def with_an_application(plays: Plays, cluster: Any) -> Plays:
    """The same plays, where the usual cluster has a service account."""
    core = client.CoreV1Api(config.new_client_from_config(str(cluster.kubeconfig)))
    core.create_namespace({"metadata": {"name": "shop"}})
    core.create_namespaced_service_account("shop", {"metadata": {"name": "app"}})
    return Plays(plays.folder, {**plays.environment, "K8S_AUTH_KUBECONFIG": str(cluster.kubeconfig)})


def with_administration(plays: Plays, site: Site) -> Plays:
    """The same plays, which may administer."""
    emulator = site.emulator
    own = {"BEYONDTRUST_ADMIN_SITE_ID": emulator.admin_site, "BEYONDTRUST_ADMIN_ACCESS_TOKEN": emulator.admin_token}
    return Plays(plays.folder, {**plays.environment, **own})


def forget_administration(site: Site) -> None:
    """Leave no policy and no identity to the next test."""
    emulator = site.emulator
    platform = f"{emulator.url}/site/{emulator.admin_site}/platform"
    with requests.Session() as session:
        session.trust_env = False
        session.verify = str(emulator.ca_cert)
        session.headers["Authorization"] = f"Bearer {emulator.admin_token}"
        for policy in session.get(f"{platform}/iam/policies", timeout=30).json()["policies"]:
            session.delete(f"{platform}/iam/policies/{policy['name']}", timeout=30)
        identities = f"{platform}/auth/workload-identities"
        for issuer in session.get(identities, timeout=30).json()["issuers"]:
            session.delete(f"{identities}/{issuer['identityId']}", timeout=30)


def done(
    plays: Plays, book: list[dict[str, Any]], home: Path, *arguments: str, inventory: dict[str, Any] | None = None
) -> list[tuple[str, list[str]]]:
    """Each task's name and what it was for its items, of a run in which all went well and no value was shown."""
    local = {"localhost": plays.host()}
    outcome = plays.playbook(book, inventory=inventory or local, arguments=arguments, environment=environment(home))
    assert outcome.status == 0, f"{yaml.safe_dump(book)}\n{outcome.output}"
    assert not re.search("(failed|rescued)=[1-9]", outcome.output), outcome.output
    assert "canary" not in outcome.output
    tasks: list[tuple[str, list[str]]] = []
    for name, state in _TASK.findall(outcome.output):
        if state:
            tasks[-1][1].append(state)
        else:
            tasks.append((name, []))
    return tasks


def compared(predicted: list[tuple[str, list[str]]], real: list[tuple[str, list[str]]]) -> list[Any]:
    """The tasks whose outcomes differ. A command is skipped in check mode: nobody knows what it would do."""
    assert [name for name, _states in predicted] == [name for name, _states in real]
    return [pair for pair in zip(predicted, real, strict=True) if pair[0] != pair[1] and "skipping" not in pair[0][1]]
