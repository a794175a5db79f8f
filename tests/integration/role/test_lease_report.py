# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role lease_report: what its files say, what it asks for, and that no text of a report becomes part of a page."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._marks import LEASE_MARKS
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.report.totals import (
    by_dynamic_secret,
    by_identity,
    counted,
    number_groups,
)

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
        self.inline: list[str] = []
        self.source = page
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.loaded += [f"{name}={value}" for name, value in attrs if name in ("src", "href", "action", "srcset")]
        # The page's policy refuses both.
        assert not [name for name, _value in attrs if name.startswith("on") or name == "style"]

    def handle_data(self, data: str) -> None:
        if self.elements[-1:] in (["style"], ["script"]) and data.strip():
            self.inline.append(data)
        self.texts.append(data.strip())

    def policy(self) -> dict[str, str]:
        """The page's policy, by directive."""
        (found,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]+)"', self.source)
        return {name: rest for name, _space, rest in (one.strip().partition(" ") for one in found.split(";"))}


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
    assert second["since_previous"] == {
        "generated": first["generated"],
        "new": [],
        "expired": [],
        "ended_early": [row["id"] for row in second["leases"] if row["state"] == "ended_early"],
    }
    assert f"since {first['generated']}: 0 new, 0 expired, 2 revoked early" in " ".join(outcome.output.split())


def test_metrics_names_and_totals_are_those_of_the_site(plays: Plays, site: Site, tmp_path: Path) -> None:
    populate(site)
    for _number in range(3):
        do(site, "dynamic_credentials", path="prod/aws")
    (identity,) = {lease["created_by"] for lease in do(site, "lease_info", path="prod/aws")["leases"]}
    metrics = tmp_path / "leases.prom"
    named = {"lease_report_metrics": str(metrics), "lease_report_names": {identity: "the pipelines"}}
    outcome = reported(plays, tmp_path, **named).ok()
    assert f"metrics: {metrics}" in outcome.output
    text = metrics.read_text(encoding="utf-8")
    assert metrics.stat().st_mode & 0o777 == 0o644
    assert sorted(path.name for path in tmp_path.glob("leases.*")) == ["leases.html", "leases.json", "leases.prom"]
    assert 'dynamic_secret="prod/aws"} 3\n' in text
    assert 'dynamic_secret="prod/azure"} 0\n' in text
    assert 'identity="the pipelines"} 3\n' in text
    assert identity not in text
    leases = {lease["id"] for lease in site.leases()}
    assert not [one for one in leases if one in text]
    page = (tmp_path / "leases.html").read_text(encoding="utf-8")
    assert "the pipelines" in page
    assert all(one in page for one in leases)


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


def report_of(*rows: dict[str, Any], **more: Any) -> dict[str, Any]:
    own = [{**one, "created_by_name": None, "dynamic_secret_type": "aws"} for one in rows]
    number_groups(own)
    return {
        "site_id": "a",
        "folder": "/",
        "generated": "2026-11-25T12:00:00Z",
        "margin": 300,
        "looked_for_holders": True,
        "summary": {**counted(own), "dynamic_secrets": 1},
        "since_previous": {"generated": "2026-11-25T11:00:00Z", "new": [], "expired": [], "ended_early": []},
        "by_dynamic_secret": by_dynamic_secret(own, {}),
        "by_identity": by_identity(own),
        "leases": own,
        **more,
    }


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
    if not isinstance(value, str):
        return value
    # Of a time the page shows parts by their position.
    return Unsafe(f"{value}{EVIL}" if value.startswith("2026-") else f"{EVIL}{value}")


def rendered(folder: Path, reports: dict[str, dict[str, Any]], **variables: Any) -> dict[str, str]:
    """The page of each report, by its name."""
    names = {"lease_report_title": "Leases", "lease_report_names": {}, **variables}
    tasks = [
        {
            "ansible.builtin.template": {"src": str(TEMPLATE), "dest": f"{folder}/{name}.html"},
            "vars": {"report": one, **names},
        }
        for name, one in reports.items()
    ]
    Plays(folder).tasks(tasks).ok()
    return {name: (folder / f"{name}.html").read_text(encoding="utf-8") for name in reports}


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Pages of a report with every kind of row, a hostile one, one without leases, and long ones."""
    report = report_of(*EVERY_ROW)
    own = {"minted": "2026-11-25T11:00:00Z", "expiration": "2026-11-25T13:00:00Z"}
    similar = [row("living", id=f"lease-{number}", holders=[f"main/web/{number}"], **own) for number in range(200)]
    various = [row("living", id=f"id-{number}", dynamic_secret_path=f"prod/{number % 60}") for number in range(60)]
    reports = {
        "plain": report,
        "again": report,
        "hostile": evil(report),
        "empty": report_of(),
        "similar": report_of(
            *similar,
            since_previous={"generated": "2026-11-25T11:00:00Z", "new": ["lease-7"], "expired": [], "ended_early": []},
        ),
        "various": report_of(*various, looked_for_holders=False, since_previous=None),
    }
    folder = tmp_path_factory.mktemp("pages")
    return rendered(folder, reports, lease_report_title=Unsafe(f"{EVIL}title"))


@pytest.mark.newest_core
def test_no_text_of_a_report_becomes_a_part_of_the_page(pages: dict[str, str]) -> None:
    plain, hostile = Page(pages["plain"]), Page(pages["hostile"])
    assert hostile.elements == plain.elements
    assert hostile.inline == plain.inline
    assert "b" in plain.elements
    assert sum("onmouseover" in text for text in hostile.texts) > len(EVERY_ROW)


def test_the_page_loads_nothing_and_says_each_state_in_words(pages: dict[str, str]) -> None:
    page = Page(pages["plain"])
    assert page.loaded == []
    assert not re.search(r"url\(|@import|https?:(?!//www\.w3)|<link|<img", pages["plain"])
    words = ("● active", "▲ expires soon", "◇ orphaned", "■ ended, still in a Secret", "✕ revoked early", "○ expired")
    assert {*words} <= {*page.texts}
    assert "@media print" in pages["plain"]


def test_only_the_pages_own_script_and_style_are_allowed(pages: dict[str, str]) -> None:
    for name, text in pages.items():
        page = Page(text)
        hashes = [base64.b64encode(hashlib.sha256(one.encode()).digest()).decode() for one in page.inline]
        style, script = hashes
        assert page.policy() == {
            "default-src": "'none'",
            "style-src": f"'sha256-{style}'",
            "script-src": f"'sha256-{script}'",
            "base-uri": "'none'",
            "form-action": "'none'",
        }, name


def test_a_report_always_gives_the_same_page(pages: dict[str, str]) -> None:
    assert pages["plain"] == pages["again"]


@pytest.mark.newest_core
def test_similar_leases_are_one_row_that_opens(pages: dict[str, str]) -> None:
    text = pages["similar"]
    assert text.count("<tbody data-leases=") == 1
    assert '<tbody data-leases="200" class="is-new is-living">' in text
    assert len(re.findall(r"<code>lease-\d+</code>", text)) == 200
    texts = Page(text).texts
    assert {"200 leases", "200 Secrets", "1 new"} <= {*texts}
    # A short report shows them one by one.
    assert pages["plain"].count('<tbody data-leases="1"') == len(EVERY_ROW)


@pytest.mark.newest_core
def test_totals_show_the_largest_and_fold_the_rest(pages: dict[str, str]) -> None:
    texts = Page(pages["various"]).texts
    assert "50 more with 50 active leases" in texts
    assert texts.index("By dynamic secret") < texts.index("50 more with 50 active leases") < texts.index("By identity")
    assert not any("Since the report" in one for one in texts)


@pytest.mark.newest_core
def test_what_only_clusters_can_tell_is_offered_where_some_were_looked_at(pages: dict[str, str]) -> None:
    page = Page(pages["various"])
    assert "orphaned" not in " ".join(one for one in page.texts if one not in page.inline).lower().split("show")[1]
    assert 'id="only-unheld"' not in pages["various"]
    assert any("Lease holders were not checked" in one for one in page.texts)
    assert 'id="only-unheld"' in pages["plain"]


def test_a_page_without_leases_says_so(pages: dict[str, str]) -> None:
    assert any(text.startswith("No active leases") for text in Page(pages["empty"]).texts)
