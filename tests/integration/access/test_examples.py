# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people copy works: the EXAMPLES of the administration site's modules, in one run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.definitions import ROLE
from tests.support.documentation import documented
from tests.support.examples import environment, playbook_of, programs
from tests.support.organization import CI, Organization
from tests.support.plays import BRISK, Plays

# The last example of the last one removes the identity that the others name.
MODULES = ("workload_identity_info", "iam_policy", "iam_policy_info", "access_info", "workload_identity")


@pytest.mark.newest_core
def test_the_examples_run(organization: Organization, tmp_path: Path) -> None:
    programs(tmp_path)
    organization.do("folder", path="prod/aws")
    organization.do("integration", type="aws", name="main", role_arn=ROLE)
    aws = {"type": "aws", "integration_name": "main", "role_arn": ROLE, "ttl": 900}
    organization.do("dynamic_secret", path="prod/aws/app", **aws)
    organization.do("workload_identity", **CI)
    plays = Plays(tmp_path, {**organization.environment, **BRISK})
    book = [play for module in MODULES for play in playbook_of(str(documented("module", module)["examples"]), {}, {})]
    assert len(book) == len(MODULES)
    done = plays.playbook(book, inventory={"localhost": plays.host()}, environment=environment(tmp_path))
    assert done.status == 0, done.output
    assert not re.search("(failed|rescued)=[1-9]", done.output), done.output
