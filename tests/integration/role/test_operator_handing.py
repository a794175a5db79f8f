# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A token or a CA that does not work never takes the place of one that does."""

from __future__ import annotations

from textwrap import indent
from typing import Any

import pytest
import trustme
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.job import Reference

from tests.integration.role.test_operator_own import OPERATED, keep, left
from tests.integration.role.test_push_faults import APP, AZURE
from tests.support.deliveries import Deliveries
from tests.support.operator import Operator
from tests.support.represented import represented
from tests.support.role import Role
from tests.support.site import Site

pytestmark = pytest.mark.one_core
OTHER_CA = trustme.CA().cert_pem.bytes().decode()
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "token": ({"token": "wrong"}, "status 401"),
    "authority": ({"service": {"ca_cert": OTHER_CA}}, "is not trusted"),
    "indented": ({"service": {"ca_cert": indent(OTHER_CA, "  ")}}, "ca: the operator cannot read this PEM text"),
}


@pytest.mark.parametrize("name", represented(WRONG, by=["token"]))
def test_what_does_not_work_is_not_handed_over(
    working: Operator, deliveries: Deliveries, site: Site, name: str
) -> None:
    options, says = WRONG[name]
    for entries in ((APP, AZURE), (AZURE,), (APP,)):
        outcome = deliveries.run(*entries, **{**OPERATED, **options})
        assert says in " ".join(outcome.problems)
        assert left(deliveries.namespace) == []
    assert deliveries.run(APP, AZURE, **OPERATED).problems == []
    before = left(deliveries.namespace)
    # A healthy cluster stays healthy.
    for check_mode in (True, False):
        said = " ".join(deliveries.run(APP, AZURE, check_mode=check_mode, **{**OPERATED, **options}).problems)
        assert "The token and the CA for the operator were tested, and are not handed over." in said
        assert says in said
    assert left(deliveries.namespace) == before
    site.forget()
    assert deliveries.run(APP, AZURE, **OPERATED).before == {}
    assert site.requests().count("GET /session") == 1


def test_what_the_user_keeps_is_the_users(working: Operator, deliveries: Deliveries, site: Site) -> None:
    keep(deliveries.namespace, site)
    service = {"token": Reference("my-token", "api.token"), "access_token": None, "ca_inline": True}
    assert deliveries.run(APP, AZURE, service=service, **OPERATED).problems == []


def test_an_indented_authority_is_named_by_its_option(role: Role) -> None:
    variables = {"cluster_credentials_ca": indent(OTHER_CA, "  "), "cluster_credentials_delivery": "external_secret"}
    output = " ".join(role.play(AZURE, **variables).output.split())
    assert "ca: the operator cannot read this PEM text: its lines are indented." in output
