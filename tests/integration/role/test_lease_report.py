# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role lease_report: what its files say, what it asks for, and that no text of a report becomes part of a page."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._marks import LEASE_MARKS

from tests.support.definitions import ROLE as AWS_ROLE
from tests.support.definitions import do, populate
from tests.support.plays import Outcome, Plays, Unsafe
from tests.support.role import Role
from tests.support.site import Site

COLLECTION = "community.workload_credentials"
TEMPLATE = Path(__file__).parents[3] / "roles" / "lease_report" / "templates" / "lease-report.html.j2"
EVIL = "<b onmouseover='x'>\"{{ 1 + 1 }}&amp;"


class Page(HTMLParser):
    """A page's elements and texts, and what it would load."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.loaded: list[str] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.loaded += [f"{name}={value}" for name, value in attrs if name in ("src", "href", "action", "srcset")]
        assert not [name for name, _value in attrs if name.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.texts.append(data.strip())


def reported(plays: Plays, folder: Path, **variables: Any) -> Outcome:
    own = {"lease_report_json": f"{folder}/leases.json", "lease_report_html": f"{folder}/leases.html"}
    include = {"name": f"{COLLECTION}.lease_report"}
    return plays.tasks([{"ansible.builtin.include_role": include, "vars": {**own, **variables}}], arguments=("--diff",))


@pytest.mark.one_core
def test_the_files_say_who_holds_what_and_what_became_of_the_rest(
    role: Role, plays: Plays, site: Site, cluster: Any, tmp_path: Path
) -> None:
    role.run({"name": "held", "dynamic_secret": "prod/azure"}, {"name": "lost", "dynamic_secret": "prod/aws"})
    loose = do(site, "dynamic_credentials", path="prod/azure")["lease_id"]
    pipelines = do(site, "dynamic_credentials", path="prod/aws")["lease_id"]
    clusters = [{"name": "main", "kubeconfig": str(cluster.kubeconfig), "namespace": role.namespace}]
    looked = {"lease_report_clusters": clusters, "lease_report_held_elsewhere": ["prod/aws"]}
    site.forget()
    reported(plays, tmp_path, **looked).ok()
    # One for the definitions, one for the leases of each.
    assert len(site.requests()) == 3
    first = json.loads((tmp_path / "leases.json").read_text(encoding="utf-8"))
    rows = {row["id"]: (row["state"], row["holders"], row["marks"]) for row in first["leases"]}
    held, lost = (role.secret(name).metadata.annotations[LEASE_MARKS[0]] for name in ("held", "lost"))
    assert rows == {
        held: ("living", [f"main/{role.namespace}/held"], []),
        lost: ("living", [f"main/{role.namespace}/lost"], []),
        loose: ("living", [], ["unheld"]),
        pipelines: ("living", [], []),
    }
    do(site, "lease", lease_id=[held, loose])
    outcome = reported(plays, tmp_path, **looked).ok()
    second = json.loads((tmp_path / "leases.json").read_text(encoding="utf-8"))
    ended = {row["id"]: (row["state"], row["marks"]) for row in second["leases"] if row["state"] != "living"}
    assert ended == {held: ("ended_early", ["held_though_ended"]), loose: ("ended_early", [])}
    assert second["leases"][-1]["ended_after"] == first["generated"]
    values = {value for name in ("held", "lost") for value in role.data(name).values() if len(value) > 36}
    written = outcome.output + (tmp_path / "leases.html").read_text(encoding="utf-8") + json.dumps(second)
    assert values
    assert not [value for value in values if value in written]
    assert (tmp_path / "leases.html").stat().st_mode & 0o777 == 0o600


@pytest.mark.thorough
@pytest.mark.parametrize("content", ["", "{", '{"generated": "2026-11-2', "[]"])
def test_a_damaged_report_is_put_aside_and_told(plays: Plays, site: Site, tmp_path: Path, content: str) -> None:
    populate(site)
    do(site, "dynamic_credentials", path="prod/azure")
    (tmp_path / "leases.json").write_text(content, encoding="utf-8")
    outcome = reported(plays, tmp_path, lease_report_clusters=[]).ok()
    assert "previous: it is damaged and is ignored" in " ".join(outcome.output.split())
    assert (tmp_path / "leases.json.damaged").read_text(encoding="utf-8") == content
    assert len(json.loads((tmp_path / "leases.json").read_text(encoding="utf-8"))["leases"]) == 1
    again = reported(plays, tmp_path, lease_report_clusters=[]).ok()
    assert "it is damaged" not in again.output


@pytest.mark.document
def test_requests_grow_with_the_definitions_and_not_with_the_leases(site: Site) -> None:
    populate(site)

    def sent() -> int:
        site.forget()
        do(site, "lease_report")
        return len(site.requests())

    assert sent() == 1 + 2
    for _number in range(9):
        do(site, "dynamic_credentials", path="prod/aws")
    assert sent() == 1 + 2
    for number in range(3):
        options = {"type": "aws", "integration_name": "main", "role_arn": AWS_ROLE, "ttl": 900}
        do(site, "dynamic_secret", path=f"prod/more-{number}", **options)
    assert sent() == 1 + 5


@pytest.mark.thorough
@pytest.mark.one_core
def test_two_namespaces_of_one_cluster_are_both_looked_at(
    role: Role, plays: Plays, site: Site, cluster: Any, tmp_path: Path
) -> None:
    other = f"{role.namespace}-other"
    secrets = [{"name": "held", "dynamic_secret": "prod/azure"}, {"name": "held", "dynamic_secret": "prod/aws"}]
    secrets[1]["namespace"] = other
    role.run(*secrets, cluster_credentials_create_namespaces=True)
    one = {"name": "main", "kubeconfig": str(cluster.kubeconfig)}
    spaces = [{**one, "namespace": space} for space in (role.namespace, other)]
    # The second is looked at twice.
    clusters = [*spaces, spaces[1], {**one, "name": "MAIN", "namespace": other}]
    outcome = reported(plays, tmp_path, lease_report_clusters=clusters).ok()
    found = json.loads((tmp_path / "leases.json").read_text(encoding="utf-8"))["leases"]
    assert [row["marks"] for row in found] == [[], []]
    assert sorted(row["holders"] for row in found) == sorted(
        [[f"main/{role.namespace}/held"], [f"MAIN/{other}/held", f"main/{other}/held"]]
    )
    assert "2 active, 0 of them expire soon, 0 orphaned" in " ".join(outcome.output.split())
    assert f"{tmp_path}/leases.html" in outcome.output


def row(state: str, *marks: str, **more: Any) -> dict[str, Any]:
    times = {"minted": "2026-11-25T11:00:00Z", "expiration": "2026-11-25T13:00:00Z"}
    ended = {} if state == "living" else {"ended_after": times["minted"], "ended_before": times["expiration"]}
    own = {"dynamic_secret_path": "prod/aws", "created_by": "who", "revocable": True, "holders": ["main/web/app"]}
    span = {"start": -3600, "end": 3600 if state == "living" else -60}
    return {
        "id": f"{state}-{len(marks)}",
        "state": state,
        "marks": [*marks],
        **own,
        **times,
        **ended,
        "from_now": span,
        **more,
    }


def report_of(*rows: dict[str, Any]) -> dict[str, Any]:
    words = ("living", "expired", "ended_early", "not_listed", "ends_soon", "unheld", "held_though_ended")
    head = {"site_id": "a", "folder": "/", "generated": "2026-11-25T12:00:00Z", "margin": 300}
    summary = {**dict.fromkeys(words, 1), "dynamic_secrets": 1}
    return {**head, "looked_for_holders": True, "summary": summary, "leases": [*rows]}


EVERY_ROW = (
    row("living", "ends_soon", "unheld"),
    row("living", expiration=None, minted=None, from_now={"start": None, "end": None}, created_by=None, holders=[]),
    row("expired", "held_though_ended"),
    row("ended_early"),
    row("not_listed", "held_though_ended", dynamic_secret_path=None, created_by=None),
)


def evil(value: Any) -> Any:
    """The same, with every text that is not one of the module's own words made hostile."""
    if isinstance(value, dict):
        own = ("state", "marks")
        return {key: inner if key in own else evil(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [evil(inner) for inner in value]
    return Unsafe(f"{EVIL}{value}") if isinstance(value, str) else value


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The page of a report with every kind of row, that of a hostile one, and that of one without leases."""
    report, folder = report_of(*EVERY_ROW), tmp_path_factory.mktemp("pages")
    reports = {"plain": report, "hostile": evil(report), "empty": report_of()}
    names = {"lease_report_title": Unsafe(f"{EVIL}title"), "lease_report_names": {"who": Unsafe(f"{EVIL}who")}}
    tasks = [
        {
            "ansible.builtin.template": {"src": str(TEMPLATE), "dest": f"{folder}/{name}.html"},
            "vars": {"report": one, **names},
        }
        for name, one in reports.items()
    ]
    Plays(folder).tasks(tasks).ok()
    return {name: (folder / f"{name}.html").read_text(encoding="utf-8") for name in reports}


@pytest.mark.newest_core
def test_no_text_of_a_report_becomes_a_part_of_the_page(pages: dict[str, str]) -> None:
    plain, hostile = Page(pages["plain"]), Page(pages["hostile"])
    # An ID for which there is no name stands in an element of its own.
    assert [one for one in hostile.elements if one != "code"] == [one for one in plain.elements if one != "code"]
    assert "b" in plain.elements
    assert sum("onmouseover" in text for text in hostile.texts) > len(EVERY_ROW)


def test_the_page_loads_nothing_and_says_each_state_in_words(pages: dict[str, str]) -> None:
    page = Page(pages["plain"])
    assert page.loaded == []
    assert not re.search(r"url\(|@import|https?:|<script|<link|<img", pages["plain"])
    words = ("● active", "▲ expires soon", "◇ orphaned", "■ ended, still in a Secret", "✕ revoked early", "○ expired")
    assert {*words} <= {*page.texts}
    assert "@media print" in pages["plain"]


@pytest.mark.newest_core
def test_what_only_clusters_can_tell_is_offered_where_some_were_looked_at(tmp_path: Path) -> None:
    rows = [row("living", dynamic_secret_path=f"prod/{number % 2}", id=str(number)) for number in range(24)]
    report = {**report_of(*rows), "looked_for_holders": False}
    task = {"ansible.builtin.template": {"src": str(TEMPLATE), "dest": str(tmp_path / "page.html")}}
    names = {"lease_report_title": "a", "lease_report_names": {}}
    Plays(tmp_path).tasks([{**task, "vars": {"report": report, **names}}]).ok()
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    page = Page(text)
    assert "orphaned" not in " ".join(page.texts[page.texts.index("Show") :])
    assert 'id="only-unheld"' not in text
    assert any("Lease holders were not checked" in one for one in page.texts)
    assert page.texts.count("12 active, 0 ended") == 2


def test_a_page_without_leases_says_so(pages: dict[str, str]) -> None:
    assert any(text.startswith("No active leases") for text in Page(pages["empty"]).texts)
