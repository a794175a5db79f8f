# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lookups follow their task's check mode, and foresee what an earlier task could have made."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.support.definitions import populate
from tests.support.plays import Plays
from tests.support.represented import represented
from tests.support.site import Site

STATIC = "community.workload_credentials.static_secret"
DYNAMIC = "community.workload_credentials.dynamic_credentials"
VALUE = f"lookup('{DYNAMIC}', 'prod/aws', key='secretAccessKey', reuse='never')"


def looks(*, fake: Any, value: str = VALUE, **keywords: Any) -> dict[str, Any]:
    """A task that fails unless the lookup's value is a placeholder, or is none."""
    that = f"({value} is match('CHECK-MODE')) == ({fake})"
    return {"name": f"fake={fake} {sorted(keywords)}", "ansible.builtin.assert": {"that": that}, **keywords}


TASKS = [
    looks(fake="ansible_check_mode"),
    looks(fake=True, check_mode=True),
    looks(fake=False, check_mode=False),
    looks(fake="item", check_mode="{{ item }}", loop=[True, False]),
    looks(fake=True, check_mode="{{ switch }}", vars={"switch": "yes"}),
    looks(fake="ansible_check_mode", value="indirect"),
    looks(fake=False, value="indirect", check_mode=False),
    looks(fake=True, value="indirect", when="indirect is match('CHECK-MODE')", check_mode=True),
    {
        "name": "block",
        "check_mode": True,
        "block": [
            looks(fake=True),
            {"name": "inner", "check_mode": False, "block": [looks(fake=False), looks(fake=True, check_mode=True)]},
        ],
    },
    *(
        {"name": kind, f"ansible.builtin.{kind}": {**what, "apply": {"check_mode": mode}}, "vars": {"fake": mode}}
        for kind, what in (("include_tasks", {"file": "tasks.yml"}), ("include_role", {"name": "inner"}))
        for mode in (True, False)
    ),
    {"name": "import", "ansible.builtin.import_tasks": "tasks.yml", "check_mode": False, "vars": {"fake": False}},
]
PLAYS = [
    {"hosts": "all", "gather_facts": False, "vars": {"indirect": "{{ " + VALUE + " }}"}, "tasks": TASKS},
    {
        "hosts": "all",
        "gather_facts": False,
        "check_mode": True,
        "roles": [{"role": "inner", "vars": {"fake": True}}, {"role": "inner", "check_mode": False, "fake": False}],
        "tasks": [looks(fake=True)],
    },
]


@pytest.mark.newest_core
@pytest.mark.parametrize(
    ("arguments", "minted"),
    represented([((), 10), (("--check",), 8)], by=[(("--check",), 8)]),
    ids=["real run", "check run"],
)
def test_a_lookup_follows_its_task(plays: Plays, site: Site, arguments: tuple[str, ...], minted: int) -> None:
    populate(site)
    inner = plays.folder / "roles" / "inner" / "tasks" / "main.yml"
    inner.parent.mkdir(parents=True)
    for path in (inner, plays.folder / "tasks.yml"):
        path.write_text(yaml.safe_dump([looks(fake="fake")]), encoding="utf-8")
    outcome = plays.playbook(PLAYS, arguments=arguments)
    assert outcome.status == 0, outcome.output
    assert len(site.leases()) == minted


def test_what_is_not_there_yet_has_a_placeholder_and_a_warning(plays: Plays, site: Site) -> None:
    expressions = {
        f"lookup('{DYNAMIC}', 'prod/new').keys() | sort": [
            *("accessKeyId", "client_id", "client_secret", "expiration", "key_id"),
            *("leaseId", "secretAccessKey", "sessionToken", "tenant_id"),
        ],
        f"lookup('{DYNAMIC}', 'prod/new', format='azure_env').AZURE_CLIENT_ID": "CHECK-MODE-NO-CLIENT-ID",
        f"lookup('{DYNAMIC}', 'prod/new', key='sessionToken')": "CHECK-MODE-NO-SESSION-TOKEN",
        f"lookup('{STATIC}', 'prod/missing')": {},
        f"lookup('{STATIC}', 'prod/missing', key='api key')": "CHECK-MODE-NO-API KEY",
        f"lookup('{STATIC}', 'prod/missing', default='mine')": "mine",
        f"query('{STATIC}', 'prod/missing', on_missing='skip')": [],
    }
    tasks = [
        *({"ansible.builtin.assert": {"that": f"({one}) == {value!r}"}} for one, value in expressions.items()),
        # Only in check mode.
        *(
            {"ansible.builtin.debug": {"msg": "{{ " + one + " }}"}, "check_mode": False}
            for one in list(expressions)[:5]
        ),
        {"ansible.builtin.assert": {"that": f"lookup('{DYNAMIC}', 'prod/new', format='nonsense')"}},
        {"ansible.builtin.assert": {"that": f"lookup('{DYNAMIC}', 'prod/new', key='nonsense')"}},
    ]
    outcome = plays.tasks(tasks, arguments=("--check",))
    failed = [bool(result.get("failed")) for result in outcome.results]
    assert failed == [False] * len(expressions) + [True] * 7, outcome.output
    said = " ".join(outcome.output.split())
    assert "there is no folder prod. Check mode assumes that an earlier task makes it" in said
    assert "prod/missing: there is no folder prod. Check mode" in said
    assert site.leases() == []
