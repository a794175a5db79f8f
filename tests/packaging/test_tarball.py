# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The archive that users install: what is in it, and that the installed copy does what the checkout does."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest
from workload_credentials_emulator import Emulator

from tests.packaging.conftest import ansible_galaxy
from tests.support.definitions import do
from tests.support.plays import Plays
from tests.support.programs import finished
from tests.support.site import Site

NAME = "community.workload_credentials"
ALWAYS = {
    *("FILES.json", "LICENSE", "MANIFEST.json", "README.md"),
    *("CODE_OF_CONDUCT.md", "CONTRIBUTING.md", "LICENSES", "REUSE.toml", "SECURITY.md"),
    *("docs", "extensions", "meta", "playbooks", "plugins", "roles"),
}
SOMETIMES = {"CHANGELOG.md", "CHANGELOG.rst", "changelogs"}
TASKS: list[dict[str, Any]] = [
    {f"{NAME}.session_info": {}},
    {f"{NAME}.folder": {"path": "prod/aws"}},
    {f"{NAME}.static_secret": {"path": "prod/aws/app", "secret": {"user": "app"}}},
    {f"{NAME}.static_secret": {"path": "prod/aws/app", "secret": {"user": "app"}}},
    {"ansible.builtin.set_fact": {"user": f"{{{{ lookup('{NAME}.static_secret', 'prod/aws/app', key='user') }}}}"}},
]


def only(path: Path) -> dict[str, str]:
    """Variables with which Ansible sees the collections there, and no checkout: it looks in PYTHONPATH too."""
    return {"ANSIBLE_COLLECTIONS_PATH": str(path), "PYTHONPATH": ""}


@pytest.fixture(scope="module")
def installed(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A collections path that held kubernetes.core, as there is no Galaxy to ask for it, and then the archive."""
    path = tmp_path_factory.mktemp("collections")
    core = path / "ansible_collections" / "kubernetes" / "core"
    core.parent.mkdir(parents=True)
    core.symlink_to(Path(os.environ["ANSIBLE_COLLECTIONS_PATH"], "ansible_collections", "kubernetes", "core"))
    ansible_galaxy("install", str(archive), "--offline", "-p", str(path), folder=archive.parent, **only(path))
    return path


def names_in(archive: Path) -> list[str]:
    with tarfile.open(archive) as opened:
        return opened.getnames()


def test_the_archive_holds_what_users_need_and_nothing_else(archive: Path) -> None:
    top = {name.split("/")[0] for name in names_in(archive)}
    assert top >= ALWAYS
    assert top <= ALWAYS | SOMETIMES


def test_no_litter_lies_between_what_users_need(archive: Path) -> None:
    found = [name for name in names_in(archive) if "__pycache__" in name or Path(name).name.startswith(".")]
    assert found == []


def test_changelog_parts_stay_in_the_checkout(archive: Path) -> None:
    below = {name for name in names_in(archive) if name.startswith("changelogs/")}
    assert below <= {"changelogs/changelog.yaml"}


def test_of_the_extensions_those_for_users_are_there(archive: Path) -> None:
    assert {name.split("/")[1] for name in names_in(archive) if name.startswith("extensions/")} == {
        "awx",
        "eda",
        "vault",
    }


def test_the_vault_client_is_ready_to_run(plays: Plays, site: Site, installed: Path) -> None:
    do(site, "static_secret", path="vault-id", secret={"password": "canary"})
    script = (
        installed / "ansible_collections/community/workload_credentials/extensions/vault/workload-credentials-client"
    )
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("ansible-vault")),
            "encrypt_string",
            "--vault-id",
            f"vault-id@{script}",
            "x",
        ],
        env=plays.variables(only(installed)),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "$ANSIBLE_VAULT;1.2;AES256;vault-id" in done.stdout, done.stderr


@pytest.mark.parametrize("as_module", [False, True])
def test_the_installed_copy_does_what_the_checkout_does(
    plays: Plays, site: Site, installed: Path, as_module: bool
) -> None:
    outcome = plays.tasks(TASKS, environment=only(installed), as_module=as_module, arguments=("-vvvv",)).ok()
    assert f"Loading collection {NAME} from {installed}/ansible_collections" in outcome.output
    assert [result["changed"] for result in outcome.results] == [False, True, True, False, False]
    assert outcome.result["ansible_facts"] == {"user": "app"}
    assert len(site.writes()) == 3


def test_the_first_playbook_runs_by_its_name(plays: Plays, installed: Path) -> None:
    with Emulator(example=True) as example:
        variables = plays.variables({**only(installed), **example.environment})
        program = str(Path(sys.executable).with_name("ansible-playbook"))
        done = finished([program, f"{NAME}.hello"], folder=plays.folder, environment=variables)
        assert done.returncode == 0, done.stdout
        assert example.control.leases()["minted"] == 2
