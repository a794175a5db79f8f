# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A site that behaves as the API's document says is asked no more than before the client knew of any other."""

from __future__ import annotations

import json

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import WorkloadCredentialsError

from tests.integration.living.requests_before import BEFORE
from tests.integration.modules.scenarios import SCENARIOS, Step
from tests.support.definitions import do
from tests.support.site import Site

pytestmark = pytest.mark.one_core

# Modules that came afterwards.
LATER = ("tree", "tree_info")


def is_foreseen(step: Step) -> bool:
    """Whether check mode asks what a real run would meet: contents, leases and users that are in the way."""
    return step.module in ("folder", "integration") and step.arguments.get("state") == "absent"


def is_of_an_unknown_lease(step: Step) -> bool:
    """Whether it names a lease that the service does not know: it may have been minted just now."""
    return step.module in ("lease", "lease_info") and "lease_id" in step.arguments


def sent(site: Site, step: Step, *, check: bool) -> int:
    """How many requests it takes."""
    site.forget()
    try:
        # As a task's arguments arrive: keys are texts.
        do(site, step.module, check_mode=check, **json.loads(json.dumps(step.arguments)))
    except WorkloadCredentialsError:
        # Refused after as many.
        pass
    return len(site.requests())


@pytest.mark.parametrize("name", BEFORE)
def test_no_step_sends_more_than_before(site: Site, name: str) -> None:
    site.behave(living=False)
    more: list[str] = []
    steps = [step for step in SCENARIOS[name] if step.module not in LATER]
    for number, (step, before) in enumerate(zip(steps, BEFORE[name], strict=True)):
        for check, allowed in ((True, before[0]), (False, before[1])):
            found = sent(site, step, check=check)
            if found > allowed and not is_of_an_unknown_lease(step) and not (check and is_foreseen(step)):
                more.append(f"{number} {step.module} {step.arguments} {check}: {allowed} before, {found} now")
    assert more == []
