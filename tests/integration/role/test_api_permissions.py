# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role's token, and the operator's, need of the vendor's permissions: no less, and what the guide says."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.outcome import Outcome
from workload_credentials_emulator.actions import ALL_ACTIONS

from tests.integration.role.test_push_faults import APP, AZURE
from tests.support.deliveries import Deliveries
from tests.support.operator import Operator
from tests.support.permissions import Case, rows
from tests.support.represented import represented
from tests.support.site import Site

pytestmark = pytest.mark.one_core
GUIDE = Path(__file__).parents[3] / "docs" / "docsite" / "rst" / "guide_authentication.rst"
OPERATED = {"delivery": "external_secret", "wait_timeout": 3}
_numbers = itertools.count()


@dataclass(frozen=True)
class Attempt:
    """A Secret of its own, which the token may be enough for, or not.

    :arg token: the role's, and ``operators`` the operator's; "": one that may do all.
    :arg folder: for manifests.
    """

    deliveries: Deliveries
    token: str = ""
    operators: str = ""
    number: int = 0
    folder: str = ""

    def run(self, entry: dict[str, Any], **options: Any) -> Outcome:
        """The outcome for this entry, under a name of its own."""
        connection = {"access_token": self.token} if self.token else {}
        named = {**entry, "name": f"{entry['name']}-{self.number}"}
        return self.deliveries.run(named, connection=connection, token=self.operators, **options)

    def first(self, entry: dict[str, Any], **options: Any) -> None:
        """The same with tokens that may do all."""
        assert replace(self, token="", operators="").run(entry, **options).problems == []


def pushed(entry: dict[str, Any], **options: Any) -> Any:
    return lambda where, _made: where.run(entry, **options)


def after(entry: dict[str, Any], **options: Any) -> Any:
    return lambda where: where.first(entry, **options)


def rendered(entry: dict[str, Any]) -> Any:
    return lambda where, _made: where.run(entry, state="rendered", delivery="external_secret", render_dir=where.folder)


FORMAT = {"keys": {"ID": "client_id"}}
PUSH = (
    Case("Role, push: a static secret", pushed(APP), needs=("ReadSecret",)),
    Case(
        "Role, push: a dynamic secret",
        pushed(AZURE),
        needs=("ReadDynamicSecret", "GenerateDynamicCredential"),
    ),
    Case(
        "Role, push: a dynamic secret whose Secret is fresh",
        pushed(AZURE),
        after(AZURE),
    ),
    Case(
        "Role, push: the same again, whose old lease is revoked (Azure)",
        pushed({**AZURE, **FORMAT}),
        after(AZURE),
        needs=("ReadDynamicSecret", "GenerateDynamicCredential", "RevokeLease"),
    ),
    Case(
        "Role, push: absent, with leases that can be revoked (Azure)",
        pushed(AZURE, state="absent"),
        after(AZURE),
        needs=("RevokeLease",),
    ),
    Case("Role, push: absent, a static secret", pushed(APP, state="absent"), after(APP)),
    Case(
        "Role, push: verified",
        pushed(AZURE, state="verified"),
        after(AZURE),
        optional={"ListLeases": "else a warning: orphaned leases cannot be found"},
    ),
)
OPERATOR = (
    Case("Role, External Secrets Operator: a static secret", pushed(APP, **OPERATED), needs=("ReadSecret",)),
    Case(
        "Role, External Secrets Operator: a dynamic secret",
        pushed(AZURE, **OPERATED),
        needs=("ReadDynamicSecret",),
    ),
    Case(
        "Role, External Secrets Operator: a pushed Secret becomes the operator's (Azure)",
        pushed(AZURE, **OPERATED),
        after(AZURE),
        needs=("ReadDynamicSecret", "RevokeLease"),
    ),
    Case(
        "Role, External Secrets Operator: absent, with leases that can be revoked (Azure)",
        pushed(AZURE, state="absent", **OPERATED),
        after(AZURE, **OPERATED),
        needs=("RevokeLease",),
    ),
)
OPERATORS_OWN = (
    Case(
        "The operator's own token: a static secret",
        pushed(APP, **OPERATED),
        needs=("ListFolderContents", "ReadSecret"),
    ),
    Case(
        "The operator's own token: a dynamic secret",
        pushed(AZURE, **OPERATED),
        needs=("GenerateDynamicCredential",),
    ),
)
STATES = (
    Case("Role: ``rendered``, a static secret", rendered(APP), needs=("ReadSecret",)),
    Case(
        "Role: ``rendered``, a dynamic secret",
        rendered(AZURE),
        needs=("ReadDynamicSecret",),
    ),
)


def named(case: Case) -> str:
    return case.task.replace("``", "")


@dataclass(frozen=True)
class Done:
    """What became of it: what was delivered, how many leases live more or less, and what was said."""

    work: Any
    problems: list[str]
    warnings: list[str]

    @property
    def said(self) -> str:
        """All that the user reads."""
        return " ".join([*self.problems, *self.warnings])


def living(site: Site) -> int:
    return sum(lease["state"] == "active" for lease in site.leases())


def tried(deliveries: Deliveries, site: Site, case: Case, actions: Iterable[str], *, operators: bool = False) -> Done:
    """What becomes of it where the role's token, or the operator's, may do just this below ``prod``."""
    token = site.granted_token({"prod": actions})
    own = {"operators": token} if operators else {"token": token}
    number = next(_numbers)
    folder = Path(deliveries.kubeconfig).parent / f"manifests-{number}"
    where = Attempt(deliveries, number=number, folder=str(folder), **own)
    made = case.prepare(where)
    before = living(site)
    outcome = case.act(where, made)
    delivered = [(one.get("action"), one.get("ready")) for one in outcome.report]
    done = Done((delivered, living(site) - before), outcome.problems, outcome.warnings)
    # What one attempt leaves must not stand in the way of the next.
    delivery = "external_secret" if "perator" in case.task else "push"
    entry = AZURE if site.leases() else APP
    replace(where, token="", operators="").run(entry, state="absent", delivery=delivery)
    return done


@pytest.fixture
def service(deliveries: Deliveries, site: Site) -> Deliveries:
    """Deliveries from a site that answers as the living service, without its delays.

    The operator writes Azure's credentials as they come, so they have the keys that the document says.
    """
    site.behave(living=True, read_lag=0, lease_lag=0, azure_spelling="document", azure_expiration=True)
    return deliveries


Try = Callable[..., Done]


def assert_needs(attempt: Try, case: Case) -> None:
    """These permissions are enough, and each of them is needed, and named where it lacks."""
    least = attempt(case, case.needs)
    assert least.problems == []
    for lacking in case.needs:
        found = attempt(case, frozenset(case.needs) - {lacking})
        assert found.work != least.work or found.problems, lacking
        assert lacking in found.said, (lacking, found.said)


@pytest.mark.parametrize("case", represented([*PUSH, *STATES], by=[PUSH[0], *STATES[:1]]), ids=named)
def test_the_roles_token_needs_these_permissions(service: Deliveries, site: Site, case: Case) -> None:
    all_powerful = tried(service, site, case, ALL_ACTIONS)
    useful = tried(service, site, case, case.useful)
    assert (useful.work, useful.warnings) == (all_powerful.work, all_powerful.warnings)
    assert_needs(lambda one, actions: tried(service, site, one, actions), case)
    for lacking in case.optional:
        found = tried(service, site, case, case.useful - {lacking})
        assert (found.work, found.problems) == (useful.work, [])
        assert lacking in " ".join(found.warnings)


@pytest.mark.parametrize("case", represented(OPERATOR, by=OPERATOR[:1]), ids=named)
def test_with_the_operator_the_roles_token_needs_less(
    working: Operator, service: Deliveries, site: Site, case: Case
) -> None:
    assert_needs(lambda one, actions: tried(service, site, one, actions), case)


@pytest.mark.parametrize("case", OPERATORS_OWN, ids=named)
def test_the_operators_token_needs_these_permissions(
    working: Operator, service: Deliveries, site: Site, case: Case
) -> None:
    least = tried(service, site, case, case.needs, operators=True)
    assert least.problems == []
    for lacking in case.needs:
        found = tried(service, site, case, frozenset(case.needs) - {lacking}, operators=True)
        assert "403" in found.said


def test_the_guide_has_this_table() -> None:
    assert rows((*PUSH, *OPERATOR, *OPERATORS_OWN, *STATES)) in GUIDE.read_text(encoding="utf-8")
