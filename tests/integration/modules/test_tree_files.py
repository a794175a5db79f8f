# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of a tree: YAML and vaults in, a vaulted file out, in the worker and as a module's process."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from tests.support.definitions import do
from tests.support.plays import Plays
from tests.support.site import Site

TREE, INFO = "community.workload_credentials.tree", "community.workload_credentials.tree_info"
ANSIBLE_VAULT = Path(sys.executable).with_name("ansible-vault")
CANARY = "canary-of-files"


@pytest.fixture
def passwords(plays: Plays) -> dict[str, str]:
    """The variable that names two vault passwords."""
    for name in ("dev", "prod"):
        (plays.folder / f"password-{name}").write_text(f"of {name}")
    ids = ",".join(f"{name}@{plays.folder}/password-{name}" for name in ("dev", "prod"))
    return {"ANSIBLE_VAULT_IDENTITY_LIST": ids}


def vault(folder: Path, passwords: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [str(ANSIBLE_VAULT), *arguments],
        check=True,
        cwd=folder,
        env={**os.environ, **passwords},
        stdout=subprocess.PIPE,
        text=True,
    )
    return done.stdout


def write(folder: Path, **files: str) -> None:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.yml").write_text(textwrap.dedent(text), encoding="utf-8")


@pytest.mark.parametrize("as_module", [False, pytest.param(True, marks=pytest.mark.thorough)])
def test_vaulted_files_make_a_site_and_a_site_makes_a_vaulted_file(
    plays: Plays, site: Site, passwords: dict[str, str], as_module: bool
) -> None:
    folder = plays.folder / "site"
    write(
        folder,
        folders="root: prod\nfolders:\n  db: {tags: {team: core}}\n",
        vaulted=f"""\
            static_secrets:
              db/app:
                secret: {{user: '{CANARY}-{{{{ x }}}}', since: 2020-01-01, on: yes}}
            """,
        single="static_secrets:\n  db/two:\n    secret:\n",
    )
    vault(folder, passwords, "encrypt", "--encrypt-vault-id", "prod", "vaulted.yml")
    value = vault(folder, passwords, "encrypt_string", "--encrypt-vault-id", "dev", f"{CANARY}-2", "--name", "p")
    with (folder / "single.yml").open("a") as stream:
        stream.write(textwrap.indent(value, "      "))
    values = {"root": "prod", "values": True}
    prune = ["folders", "static_secrets", "dynamic_secrets"]
    outcome = plays.tasks(
        [
            {TREE: {"src": "site"}},
            {TREE: {"src": "site"}},
            {INFO: values},
            {INFO: {**values, "dest": "out.yml", "vault_id": "prod"}, "check_mode": True},
            {INFO: {**values, "dest": "out.yml", "vault_id": "prod"}},
            {INFO: {**values, "dest": "out.yml", "vault_id": "prod"}},
            {TREE: {"src": "out.yml", "purge_keys": True, "purge_tags": True, "prune": prune}},
            {INFO: {**values, "dest": "out.yml", "vault_id": "nobody"}},
        ],
        as_module=as_module,
        arguments=("--diff", "-vvv"),
        environment=passwords,
    )
    changed = [result.get("changed") for result in outcome.results]
    assert changed == [True, False, False, True, True, False, False, False], outcome.results
    assert "vault_id: this run has no password of the ID 'nobody', but dev, prod." in outcome.results[-1]["msg"]
    assert CANARY not in outcome.output
    out = plays.folder / "out.yml"
    assert out.read_text().startswith("$ANSIBLE_VAULT;1.2;AES256;prod\n")
    assert out.stat().st_mode & 0o777 == 0o600
    assert outcome.results[4]["tree"]["static_secrets"] == {"db/app": {}, "db/two": {}}
    # Nothing in a file is a template, and its values are what YAML says.
    read = outcome.results[2]["tree"]["static_secrets"]["db/app"]["secret"]
    assert read == {"user": f"{CANARY}-{{{{ x }}}}", "since": "2020-01-01", "true": True}
    assert "which is taken as it is" in outcome.results[0]["warnings"][0]


def test_without_a_password_no_value_is_written(plays: Plays, site: Site) -> None:
    do(site, "static_secret", path="app", secret={"password": CANARY})
    outcome = plays.tasks([{INFO: {"values": True, "dest": "out.yml"}}, {INFO: {"dest": "plain.yml"}}])
    assert "this run has no vault password" in outcome.results[0]["msg"]
    assert not (plays.folder / "out.yml").exists()
    assert (plays.folder / "plain.yml").read_text() == "root: ''\nstatic_secrets:\n  app: {}\n"
    assert CANARY not in outcome.output


def failures(plays: Plays, *arguments: dict[str, Any]) -> list[str]:
    return [result["msg"] for result in plays.tasks([{TREE: one} for one in arguments]).results]


@pytest.mark.newest_core
def test_what_is_wrong_with_files_is_said_with_file_and_line(plays: Plays, site: Site) -> None:
    write(
        plays.folder / "bad",
        one="folders:\n  a: {}\nstatic_secret:\n  x: {}\n",
        two=f"""\
            static_secrets:
              a/x: {{secret: {{k: {CANARY}}}}}
              a/y: {{tags: 3}}
            dynamic_secrets:
              /d: {{type: aws, ttl: 1}}
            """,
        three="static_secrets:\n\n  /a/x: {}\n  a/z: {}\n  a/z: {}\n"
        "folders:\n  no: {}\n  012: {}\n  13: {}\n  <<: {m: {}}\n",
    )
    write(plays.folder / "empty")
    write(plays.folder / "nothing", file="")
    write(plays.folder / "list", file="- a\n")
    write(plays.folder / "broken", file=f"static_secrets:\n  x: {CANARY}: y\n")
    write(plays.folder / "roots", one="root: a\n", two="root: b\n")
    write(plays.folder / "vaulted", file="$ANSIBLE_VAULT;1.1;AES256\n3132\n")
    sources = ("bad", "empty", "nothing", "list", "broken", "roots", "vaulted", "nowhere")
    messages = dict(zip(sources, failures(plays, *({"src": source} for source in sources)), strict=True))
    for words in (
        "- one.yml:3: 'static_secret' is no section of a tree, which are folders, static_secrets, ",
        "Did you mean static_secrets?",
        "- static_secrets a/z stands there twice: three.yml:4 and three.yml:5. Remove one of them.",
        "- static secret a/x is named twice: three.yml:3 and two.yml:2 (spelled '/a/x' and 'a/x'). Remove one of them.",
        "- static secret a/y (two.yml:3): tags: the value is no mapping.",
        "- dynamic secret d (two.yml:5): ttl: 1 s is outside of",
        "- folders no (three.yml:7): YAML takes it for 'false'. Quote it.",
        "- folders 012 (three.yml:8): YAML takes it for '10'. Quote it.",
    ):
        assert words in messages["bad"], (words, messages["bad"])
    assert messages["empty"].endswith("has no YAML file (.yml or .yaml).")
    assert "file.yml holds no tree: it is empty." in messages["nothing"]
    assert "file.yml holds no tree: it is no mapping of sections" in messages["list"]
    assert "file.yml cannot be read: line 2, column " in messages["broken"]
    assert "these differ: 'a' (one.yml:1) and 'b' (two.yml:1)." in messages["roots"]
    assert "the vault's password is missing or wrong." in messages["vaulted"]
    assert "there is no file or folder 'nowhere'" in messages["nowhere"]
    assert not [message for message in messages.values() if CANARY in message]
    assert site.requests() == []


def test_no_warning_about_a_file_shows_its_lines(plays: Plays, site: Site) -> None:
    write(plays.folder / "double", file=f"static_secrets:\n  a:\n    secret:\n      k: {CANARY}\n      k: {CANARY}\n")
    outcome = plays.tasks([{TREE: {"src": "double"}}])
    assert "duplicate" in outcome.output
    assert CANARY not in outcome.output


@pytest.mark.thorough
@pytest.mark.newest_core
def test_long_work_shows_how_far_it_is(plays: Plays, site: Site) -> None:
    site.behave(rate_limit=20, rate_window=3.0)
    secrets = {f"s{number}": {"secret": {"a": "b"}} for number in range(60)}
    outcome = plays.tasks([{TREE: {"static_secrets": secrets}}]).ok()
    assert "tree: " in outcome.output
    assert " of 60 written" in outcome.output
