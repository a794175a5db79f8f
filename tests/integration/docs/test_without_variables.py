# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people copy, typed without its variables: what is there stays, and nothing is made of an empty text."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.definitions import UUIDS, do
from tests.support.examples import GUIDES, ROOT, SECRET, blocks_of, environment, machine, playbook_of
from tests.support.plays import Plays
from tests.support.site import Site

PLAYBOOKS = sorted(
    path.relative_to(ROOT) for folder in ("playbooks", "extensions", "roles") for path in (ROOT / folder).rglob("*.yml")
)
_ENVIRONMENT = re.compile(r"lookup\(\s*['\"](?:ansible\.builtin\.)?env['\"],\s*['\"](\w+)['\"]([^}]*)}}")
# An empty one of these is looked at, or has a meaning.
MAY_BE_EMPTY = {
    *("CONFIG_FILE", "MANIFESTS_DIR", "MOLECULE_EPHEMERAL_DIRECTORY", "BEYONDTRUST_ACCESS_TOKEN", "HOME", "HOST_FILE"),
}


def paths_in(book: Any) -> set[str]:
    """The static secrets that plays write."""
    if isinstance(book, list):
        return {path for one in book for path in paths_in(one)}
    if not isinstance(book, dict):
        return set()
    own = book.get("community.workload_credentials.static_secret")
    found = {str(own["path"])} if isinstance(own, dict) and "secret" in own and "{{" not in str(own["path"]) else set()
    return found | {path for one in book.values() for path in paths_in(one)}


def books_of(guide: str, meanings: dict[str, str]) -> list[Any]:
    """Its plays, without any of the variables that they use."""
    main = (ROOT / "playbooks" / "main_job.yml").read_text(encoding="utf-8")
    texts = [main] if guide == "main_job" else blocks_of(guide)
    return [play for text in texts for play in playbook_of(text, meanings, {})]


def careless(text: str) -> list[str]:
    """The variables of which an empty text would be taken as it is, or whose failure would not name them."""
    return [
        name
        for name, more in _ENVIRONMENT.findall(text)
        if " ".join(more.split()) != f") or undef(hint='{name} is not set')" and name not in MAY_BE_EMPTY
    ]


WRITING = [guide for guide in GUIDES if paths_in(books_of(guide, {}))]


@pytest.mark.newest_core
@pytest.mark.parametrize("empty", [False, True], ids=["unset", "empty"])
@pytest.mark.parametrize("guide", [*WRITING, "main_job"])
def test_nothing_is_written_for_a_variable_that_is_not_set(
    plays: Plays, site: Site, tmp_path: Path, guide: str, empty: bool
) -> None:
    book = books_of(guide, machine(site, tmp_path))
    paths = paths_in(book)
    assert paths
    for path in paths:
        folder = path.strip("/").rpartition("/")[0]
        if folder:
            do(site, "folder", path=folder)
        do(site, "static_secret", path=path, secret={"password": SECRET, "username": SECRET})
    do(
        site,
        "integration",
        type="azure",
        name="main-azure",
        tenant_id=UUIDS[0],
        client_id=UUIDS[1],
        client_secret=SECRET,
    )
    variables = {name: text for name, text in environment(tmp_path).items() if name in ("HOME", "PATH")}
    asked = {name for name, _more in _ENVIRONMENT.findall(json.dumps(book)) if name not in MAY_BE_EMPTY}
    if empty:
        variables |= dict.fromkeys(asked, "")
    # Each task has its turn, whatever becomes of those before it.
    whole = [{**play, "tasks": [{**task, "ignore_errors": True} for task in play["tasks"]]} for play in book]
    outcome = plays.playbook(whole, inventory={"localhost": plays.host()}, environment=variables)
    assert [name for name in asked if f"{name} is not set" not in outcome.output] == []
    found = do(site, "static_secret_info", folder="", recursive=True)["static_secrets"]
    lost = [one["path"] for one in found if not all(str(value).strip() for value in one["secret"].values())]
    assert lost == []
    assert {one["path"] for one in found if "password" in one["secret"]} >= {path.strip("/") for path in paths}


@pytest.mark.parametrize("path", PLAYBOOKS, ids=str)
def test_an_environment_variable_that_is_not_set_is_no_empty_text(path: Path) -> None:
    assert careless((ROOT / path).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("guide", [path.stem for path in (ROOT / "docs/docsite/rst").glob("*.rst")])
def test_no_guide_takes_an_empty_text_from_the_environment(guide: str) -> None:
    text = (ROOT / "docs" / "docsite" / "rst" / f"{guide}.rst").read_text(encoding="utf-8")
    asked = _ENVIRONMENT.findall(text)
    assert careless(text) == []
    # The line that sets it comes before.
    for name, _more in asked:
        assert text.find(f"export {name}=") < text.find(f"'{name}'"), name
        assert f"export {name}=" in text
