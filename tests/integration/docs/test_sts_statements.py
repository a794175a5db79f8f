# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each statement of the operator's page about STSSessionToken, and the task in our guide that does the same."""

from __future__ import annotations

import re
import textwrap

import pytest
import yaml

from tests.support.examples import ROOT, SECRET, blocks_of
from tests.support.plays import Plays
from tests.support.sts import Sts

GUIDE = ROOT / "docs" / "docsite" / "rst" / "guide_sts.rst"
_IN_A_TABLE = re.compile(r"^     - \.\. code-block:: yaml\n((?:\n| {10}.*\n)+)", re.MULTILINE)


@pytest.mark.one_core
def test_the_tasks_of_the_table_do_what_the_page_says(plays: Plays, sts: Sts) -> None:
    text = GUIDE.read_text(encoding="utf-8")
    table = text[text.index("External Secrets Operator mapping") :]
    tasks = [task for block in _IN_A_TABLE.findall(table) for task in yaml.safe_load(textwrap.dedent(block))]
    assert len(tasks) == 5
    sts.forget()
    creds = {"key-id": "AKIASECRETREF", "access-secret": SECRET}
    outcome = plays.tasks(tasks, play={"vars": {"my_aws_creds": creds}}, environment={"AWS_REGION": "us-east-1"}).ok()
    assert "canary" not in outcome.output
    seen = [(call["Action"], call["signed_by"], call["region"], call.get("DurationSeconds")) for call in sts.calls]
    assert seen == [
        ("GetSessionToken", "AKIAEXAMPLE", "us-east-1", None),
        ("GetSessionToken", "AKIASECRETREF", "us-east-1", None),
        ("GetSessionToken", "AKIAEXAMPLE", "us-east-1", "900"),
        ("GetSessionToken", "AKIAEXAMPLE", "eu-west-1", None),
        ("AssumeRole", "AKIAEXAMPLE", "us-east-1", None),
    ]
    # The others of the table are tasks above it, by name.
    named = re.findall(r'"([^"]+)",\s+above', table)
    shown = [task["name"] for block in blocks_of("guide_sts") for task in _tasks(block)]
    assert len(named) == 3
    assert {" ".join(name.split()) for name in named} <= {name.partition(",")[0] for name in shown} | set(shown)


def _tasks(block: str) -> list[dict[str, str]]:
    found = yaml.safe_load(block)
    return found if isinstance(found, list) else []
