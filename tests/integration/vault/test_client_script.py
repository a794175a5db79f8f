# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``workload-credentials-client``: vaulted files whose passwords are static secrets, with the real ansible-vault."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.plugin_utils import _options
from ansible_collections.community.workload_credentials.plugins.plugin_utils._vault_client import run

from tests.support.definitions import do
from tests.support.plays import Plays
from tests.support.programs import finished
from tests.support.site import Site

COLLECTION = Path(os.environ["ANSIBLE_COLLECTIONS_PATH"], "ansible_collections/community/workload_credentials")
SCRIPT = COLLECTION / "extensions" / "vault" / "workload-credentials-client"
PASSWORD = "vault-canary ü$'"
Answer = tuple[int, str, str]


@pytest.fixture
def vaults(site: Site) -> Site:
    """A site with vault passwords."""
    do(site, "folder", path="ops/vaults")
    for name, secret in (
        ("prod", {"password": PASSWORD, "owner": "ops"}),
        ("dev", {"value": "dev-canary"}),
        ("two", {"a": "a-canary", "b": "b-canary"}),
        ("odd", {"password": ["list-canary"]}),
        ("empty", {"password": "\n"}),
    ):
        do(site, "static_secret", path=f"ops/vaults/{name}", secret=secret)
    site.forget()
    return site


@pytest.fixture
def ask(vaults: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """What the script does, as a function: exit code, standard output, standard error."""
    for name, value in {**vaults.environment, "WORKLOAD_CREDENTIALS_VAULT_FOLDER": "ops/vaults"}.items():
        monkeypatch.setenv(name, value)

    def asked(*arguments: str, **environment: str) -> Answer:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        out = io.BytesIO()
        status = run(arguments, out)
        return status, out.getvalue().decode(), capsys.readouterr().err

    return asked


def vault(plays: Plays, *arguments: str, more: Mapping[str, str | None] | None = None) -> str:
    """Run ansible-vault as people do; return all its output."""
    program = str(Path(sys.executable).with_name("ansible-vault"))
    done = finished(
        [program, *arguments],
        folder=plays.folder,
        environment=plays.variables({"WORKLOAD_CREDENTIALS_VAULT_FOLDER": "ops/vaults", **(more or {})}),
    )
    return f"{done.returncode}\n{done.stdout}"


def test_files_of_several_vault_ids_are_vaulted_and_read(vaults: Site, plays: Plays) -> None:
    for name in ("prod", "dev"):
        (plays.folder / f"{name}.yml").write_text(f"{name}_user: app-{name}\n", encoding="utf-8")
        # Ansible is not in this PATH: the script works with the Python of the one who asks.
        done = vault(
            plays, "encrypt", "-vvvvv", "--vault-id", f"{name}@{SCRIPT}", f"{name}.yml", more={"PATH": os.defpath}
        )
        assert done.startswith("0\n"), done
        assert "canary" not in done
        assert (
            (plays.folder / f"{name}.yml").read_text(encoding="utf-8").startswith(f"$ANSIBLE_VAULT;1.2;AES256;{name}\n")
        )
    assert vaults.requests() == [f"GET /static/{name}?folder=ops/vaults" for name in ("prod", "dev")]
    (plays.folder / "ansible.cfg").write_text(
        f"[defaults]\nvault_identity_list = prod@{SCRIPT}, dev@{SCRIPT}\n"
        "[workload_credentials]\nvault_folder = /ops/vaults/\n",
        encoding="utf-8",
    )
    said = [{"ansible.builtin.debug": {"msg": "{{ prod_user }} {{ dev_user }}"}}]
    outcome = plays.tasks(said, play={"vars_files": ["prod.yml", "dev.yml"]}).ok()
    assert outcome.result["msg"] == "app-prod app-dev"
    (plays.folder / "ansible.cfg").unlink()
    # The password is the secret's own, so the plain file opens it too.
    (plays.folder / "password").write_text(PASSWORD, encoding="utf-8")
    assert "app-prod" in vault(plays, "view", "--vault-id", "password", "prod.yml")


@pytest.mark.one_core
def test_a_link_in_the_project_and_an_unknown_vault_id(vaults: Site, plays: Plays) -> None:
    installed = plays.folder / "collections" / "ansible_collections" / "community" / "workload_credentials"
    for name in ("plugins", "extensions", "meta"):
        shutil.copytree(COLLECTION / name, installed / name)
    link = plays.folder / "passwords-client"
    link.symlink_to(installed / "extensions" / "vault" / SCRIPT.name)
    (plays.folder / "vars.yml").write_text("user: app\n", encoding="utf-8")
    arguments = ("--vault-id", f"prod@{link.name}", "vars.yml")
    assert vault(plays, "encrypt", *arguments).startswith("0\n")
    assert "user: app" in vault(plays, "view", *arguments)
    unknown = vault(plays, "view", "--vault-id", f"qa@{link.name}", "vars.yml")
    assert "did not find a secret for vault-id=qa" in unknown
    assert "there is no static secret 'qa' in the folder ops/vaults, which exists" in unknown
    broken = vault(plays, "view", *arguments, more={"BEYONDTRUST_ACCESS_TOKEN": "token-canary-wrong"})
    assert "returned non-zero (1)" in broken
    assert "401" in broken
    assert "canary" not in unknown + broken


@pytest.mark.one_core
@pytest.mark.parametrize(
    ("environment", "arguments", "password"),
    [
        ({}, ("--vault-id", "prod"), PASSWORD),
        ({}, ("--vault-id=dev",), "dev-canary"),
        ({"WORKLOAD_CREDENTIALS_VAULT_KEY": "b"}, ("--vault-id", "two"), "b-canary"),
        ({"WORKLOAD_CREDENTIALS_VAULT_FOLDER": ""}, ("--vault-id", "ops/vaults/dev"), "dev-canary"),
        ({"WORKLOAD_CREDENTIALS_VAULT_FOLDER": "ops"}, ("--vault-id", "vaults/dev"), "dev-canary"),
    ],
)
def test_which_value_is_the_password(
    ask: Callable[..., Answer], environment: dict[str, str], arguments: tuple[str, ...], password: str
) -> None:
    assert ask(*arguments, **environment) == (0, f"{password}\n", "")


@pytest.mark.one_core
@pytest.mark.parametrize(
    ("environment", "arguments", "status", "said"),
    [
        ({}, ("--vault-id", "none"), 2, "there is no static secret 'none'"),
        ({}, (), 2, "there is no static secret 'default'"),
        ({}, ("--vault-id", "two"), 2, "no key 'password'; its keys: a, b. Name one as vault_key."),
        ({"WORKLOAD_CREDENTIALS_VAULT_KEY": "pin"}, ("--vault-id", "dev"), 2, "no key 'pin'; its keys: value."),
        ({}, ("--vault-id", "odd"), 1, "is empty or not text"),
        ({}, ("--vault-id", "empty"), 1, "is empty or not text"),
        ({}, ("--vault-id", "a.b"), 1, "--vault-id: the character '.'"),
        ({}, ("--vault-id", ""), 1, "--vault-id: it contains an empty name"),
        ({}, ("--vault", "prod"), 1, "Ansible calls this with --vault-id NAME."),
        ({"WORKLOAD_CREDENTIALS_VAULT_FOLDER": "a b"}, ("--vault-id", "x"), 1, "WORKLOAD_CREDENTIALS_VAULT_FOLDER"),
        ({"BEYONDTRUST_SITE_ID": ""}, ("--vault-id", "prod"), 1, "site_id"),
        ({"BEYONDTRUST_VALIDATE_CERTS": "maybe"}, ("--vault-id", "prod"), 1, "BEYONDTRUST_VALIDATE_CERTS"),
        ({"BEYONDTRUST_CA_CERT": "/none"}, ("--vault-id", "prod"), 1, "BEYONDTRUST_CA_CERT"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    ask: Callable[..., Answer], environment: dict[str, str], arguments: tuple[str, ...], status: int, said: str
) -> None:
    ended, out, error = ask(*arguments, **environment)
    assert (ended, out) == (status, "")
    assert said in error
    assert error.count("\n") == 1
    assert "canary" not in error


@pytest.mark.one_core
def test_the_options_come_from_the_ini_file_too(
    ask: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "ansible.cfg"
    file.write_text("[workload_credentials]\nvault_folder = ops/vaults\nvault_key = b\n", encoding="utf-8")
    monkeypatch.setattr(_options.constants, "CONFIG_FILE", str(file))
    assert ask("--vault-id", "two", WORKLOAD_CREDENTIALS_VAULT_FOLDER="") == (0, "b-canary\n", "")


@pytest.mark.one_core
def test_without_ansible_it_says_what_is_missing(tmp_path: Path) -> None:
    for tool in ("sh", "tr", "head", "sed", "dirname", "readlink"):
        (tmp_path / tool).symlink_to(str(shutil.which(tool)))
    done: Any = subprocess.run(
        ["sh", "-c", f"{SCRIPT} --vault-id prod; exit $?"],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == ("No Python with ansible-core was found: run this with the environment of Ansible in PATH.\n")
