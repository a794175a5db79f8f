# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ready means ready, a failure is said with its cause, and what was repaired works again."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.job import Scope
from kubernetes import client

from tests.integration.role.test_push_faults import APP, AWS, AZURE
from tests.support.deliveries import Deliveries
from tests.support.operator import Operator
from tests.support.operator_sources import STORES
from tests.support.represented import represented
from tests.support.site import Site

pytestmark = [pytest.mark.one_core, pytest.mark.usefixtures("untried")]
WAITING = {"delivery": "external_secret", "wait_timeout": 30}
FAILING = {"delivery": "external_secret", "wait_timeout": 3}


def problems(outcome: Any) -> str:
    return " ".join(outcome.problems)


def verified(deliveries: Deliveries, *entries: dict[str, Any]) -> str:
    return problems(deliveries.run(*entries, state="verified", delivery="external_secret"))


@pytest.mark.parametrize("everywhere", represented([False, True], by=[False]))
def test_a_wrong_token_is_named_for_static_secrets_too(
    working: Operator, deliveries: Deliveries, everywhere: bool
) -> None:
    client.CoreV1Api().create_namespace({"metadata": {"name": f"{deliveries.namespace}-home"}})
    scope = Scope(everywhere, f"{deliveries.namespace}-home")
    said = problems(deliveries.run(APP, AZURE, token="wrong", scope=scope, **FAILING))
    store = "ClusterSecretStore" if everywhere else "SecretStore"
    assert f"{deliveries.namespace}/app: SecretSyncedError" in said
    assert f"{store} workload-credentials-" in said
    assert "InvalidProviderConfig at 20" in said
    assert said.count("401 Client Error") >= 2
    assert verified(deliveries, APP).count("401 Client Error") == 1
    # A store of the cluster would be other tests' too.
    assert deliveries.run(APP, AZURE, state="absent", scope=scope, delivery="external_secret").problems == []


def test_a_wrong_authority_is_named(working: Operator, deliveries: Deliveries) -> None:
    said = problems(deliveries.run(APP, service={"ca_cert": "-----BEGIN another"}, **FAILING))
    assert "InvalidProviderConfig" in said
    assert "x509: certificate signed by unknown authority" in said


def test_a_repaired_token_works_again_and_what_worked_mints_nothing(
    working: Operator, deliveries: Deliveries, site: Site
) -> None:
    deliveries.run(AWS, **WAITING)
    assert "401 Client Error" in problems(deliveries.run(AWS, APP, AZURE, token="wrong", **FAILING))
    outcome = deliveries.run(AWS, APP, AZURE, **WAITING)
    assert outcome.problems == []
    assert {one.split("/")[0] for one in outcome.after} == {"ExternalSecret", "SecretStore", "Secret"}
    assert (working.generated.count("aws"), len(site.leases())) == (1, 2)
    assert verified(deliveries, AWS, APP, AZURE) == ""
    again = deliveries.run(AWS, APP, AZURE, **WAITING)
    assert (again.before, again.problems) == ({}, [])
    assert len(site.leases()) == 2


def test_a_changed_reader_of_a_repaired_store_is_looked_at_again(working: Operator, deliveries: Deliveries) -> None:
    deliveries.run(APP, token="wrong", **FAILING)
    assert deliveries.run({**APP, "refresh_interval": "2h"}, **WAITING).problems == []


def test_without_waiting_too_what_had_failed_is_tried_again(
    working: Operator, deliveries: Deliveries, site: Site
) -> None:
    deliveries.run(AZURE, token="wrong", **FAILING)
    outcome = deliveries.run(AZURE, delivery="external_secret", wait=False)
    assert (outcome.problems, list(outcome.after)) == (
        [],
        [
            f"{kind}/{deliveries.namespace}/{name}"
            for kind, name in (("Secret", site.operators_secrets[1]), ("ExternalSecret", "azure"))
        ],
    )


def test_what_is_written_once_is_ready_in_another_form_too(working: Operator, deliveries: Deliveries) -> None:
    once = {**AZURE, "refresh_policy": "CreatedOnce"}
    assert deliveries.run(once, **WAITING).problems == []
    assert deliveries.run({**once, "labels": {"a": "b"}, "deletion_policy": "Retain"}, **WAITING).problems == []
    assert "it does not refresh, so this changes nothing in the Secret: metadata.labels.a" in deliveries.lines[0]
    said = problems(deliveries.run({**once, "keys": {"ID": "client_id"}}, **FAILING))
    assert "its Secret lacks ID" in said
    assert working.generated == ["azure"]


def test_what_the_operator_said_before_a_change_is_not_its_answer(working: Operator, deliveries: Deliveries) -> None:
    deliveries.run(AZURE, token="wrong", **FAILING)
    working.leave()
    said = problems(deliveries.run(AZURE, **FAILING))
    assert "the operator has not tried again since the last change, and may wait up to 7 minutes" in said
    assert "before it said UpdateFailed at 20" in said


def test_a_ready_condition_outlives_controller_secret_and_credentials(
    working: Operator, deliveries: Deliveries, site: Site
) -> None:
    deliveries.run(AZURE, AWS, APP, **WAITING)
    assert verified(deliveries, AZURE, AWS, APP) == ""
    working.leave()
    api, custom, place = client.CoreV1Api(), client.CustomObjectsApi(), deliveries.namespace
    status = {"status": {"refreshTime": "2026-01-01T00:00:00Z"}}
    custom.patch_namespaced_custom_object_status(*STORES, place, "externalsecrets", "azure", status)
    api.delete_namespaced_secret("app", place)
    past = {"workload-credentials.ansible.com/operated-expiration": "2026-01-01T00:00:00Z"}
    api.patch_namespaced_secret("aws", place, {"metadata": {"annotations": past}})
    said = verified(deliveries, AZURE, AWS, APP)
    assert f"{place}/azure: the operator has not refreshed it since 2026-01-01T00:00:00Z" in said
    assert f"{place}/aws: its credentials expired at 2026-01-01T00:00:00Z" in said
    assert f"{place}/app: the operator calls it ready, but its Secret does not exist" in said
    gone = {"metadata": {"annotations": dict.fromkeys(past)}, "data": {"expiration": None}}
    api.patch_namespaced_secret("aws", place, gone)
    assert f"{place}/aws: the operator calls it ready, but its Secret lacks expiration" in verified(deliveries, AWS)


def test_the_plan_says_what_makes_the_operator_generate(working: Operator, deliveries: Deliveries) -> None:
    deliveries.run(AZURE, APP, **WAITING)
    changed = ({**AZURE, "labels": {"a": "b"}, "keys": {"ID": "client_id"}}, {**APP, "refresh_interval": "2h"})
    deliveries.run(*changed, check_mode=True, **WAITING)
    place = deliveries.namespace
    reads, generates = deliveries.lines
    assert reads == (
        f"{place}/app: the operator's, every 2h; it reads it again now, because this changes: spec.refreshInterval"
    )
    assert generates == (
        f"{place}/azure: the operator's, every 45m; it generates a new lease now, because this changes: "
        "metadata.labels.a, spec.target.template.data, spec.target.template.metadata.labels.a, "
        "spec.target.template.type"
    )
    assert working.generated == ["azure"]
    deliveries.run(*changed, **WAITING)
    assert working.generated == ["azure", "azure"]
    outcome = deliveries.run({**AWS, "refresh_interval": "1m"}, **WAITING)
    assert "refresh_interval: each refresh is a new lease, and 1m is less than a tenth" in " ".join(outcome.warnings)
