# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two sites in one cluster: neither gets what is the other's, and what there was before keeps its names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.job import Scope, Service
from ansible_collections.community.workload_credentials.plugins.plugin_utils._eso import apply, names, objects
from kubernetes import client

from tests.integration.role.test_operator_own import OPERATED, left
from tests.integration.role.test_push_faults import APP, AWS, AZURE
from tests.support.deliveries import Deliveries
from tests.support.operator import Operator
from tests.support.operator_sources import GENERATORS, STORES
from tests.support.represented import represented
from tests.support.site import Site

# There is no second site that answers.
pytestmark = [pytest.mark.one_core, pytest.mark.usefixtures("untried")]
STAGE = "5f0c3c1e-6b7a-4c2d-9e0f-1a2b3c4d5e6f"
ELSEWHERE: dict[str, Any] = {"service": {"site_id": STAGE, "access_token": "the token of stage"}, "wait": False}


def found_in(deliveries: Deliveries, plural: str, group: tuple[str, str], *, cluster: bool) -> list[dict[str, Any]]:
    api = client.CustomObjectsApi()
    if cluster:
        return list(api.list_cluster_custom_object(*group, plural)["items"])
    return list(api.list_namespaced_custom_object(*group, deliveries.namespace, plural)["items"])


@pytest.fixture(params=represented([False, True], by=[True]), ids=["namespace", "cluster"])
def scope(request: pytest.FixtureRequest, deliveries: Deliveries) -> Scope:
    return Scope(request.param, deliveries.namespace)


@pytest.fixture
def as_before() -> Iterator[pytest.MonkeyPatch]:
    """The names that a cluster with one site had once."""

    def former(service: Service, *_more: Any) -> Service:
        return service

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(objects, "name_of", lambda _kind, _namespace, path, *_more: names.former_name(path))
        patch.setattr(apply, "with_secret_names", former)
        yield patch


def test_another_site_takes_nothing_of_the_first(
    working: Operator, deliveries: Deliveries, site: Site, scope: Scope
) -> None:
    first = (APP, AZURE)
    assert deliveries.run(*first, scope=scope, **OPERATED).problems == []
    other = ({**APP, "name": "app-stage"}, {**AZURE, "name": "azure-stage"})
    options = {**OPERATED, **ELSEWHERE, "scope": scope}
    assert deliveries.run(*other, **options).problems == []
    stores = found_in(
        deliveries, "clustersecretstores" if scope.cluster else "secretstores", STORES, cluster=scope.cluster
    )
    used = {one["spec"]["provider"]["beyondtrustworkloadcredentials"]["server"]["siteId"] for one in stores}
    assert used == {site.site_id, STAGE}
    tokens = [one for one in left(deliveries.namespace) if one.startswith("secrets/workload-credentials-token")]
    assert len(tokens) == 2
    assert deliveries.run(*first, scope=scope, **OPERATED).before == {}
    assert deliveries.run(*first, state="verified", scope=scope, delivery="external_secret").problems == []
    # Each goes with what it alone needs.
    assert deliveries.run(*first, *other, state="absent", **options).problems == []
    assert left(deliveries.namespace) == []


def test_a_generator_that_others_use_is_not_pointed_elsewhere(
    working: Operator, deliveries: Deliveries, site: Site, scope: Scope
) -> None:
    place = deliveries.namespace
    one = {**AZURE, "generator_name": "shared"}
    assert deliveries.run(one, scope=scope, **OPERATED).problems == []
    before = left(place)
    other = {**AZURE, "name": "stage", "generator_name": "shared"}
    said = " ".join(deliveries.run(other, scope=scope, **{**OPERATED, **ELSEWHERE}).problems)
    assert f"it reads prod/azure of {site.emulator.url}/site/{site.site_id} with the token in" in said
    assert f", for {place}/azure too, but would now read prod/azure of {site.emulator.url}/site/{STAGE}" in said
    assert "Choose another generator_name." in said
    assert left(place) == before
    # Its only user may.
    changed = {**one, "dynamic_secret": "prod/aws"}
    if scope.cluster:
        assert deliveries.run(changed, scope=scope, **{**OPERATED, "wait": False}).problems == []
    deliveries.run(one, state="absent", scope=scope, **OPERATED)


def test_what_there_was_keeps_its_names_without_a_lease(
    working: Operator, deliveries: Deliveries, site: Site, scope: Scope, as_before: pytest.MonkeyPatch
) -> None:
    entries = (APP, AZURE, AWS)
    assert deliveries.run(*entries, scope=scope, **OPERATED).problems == []
    assert "secrets/workload-credentials-token" in left(deliveries.namespace)
    as_before.undo()
    again = deliveries.run(*entries, scope=scope, **OPERATED)
    assert (again.problems, again.before, again.after) == ([], {}, {})
    assert len(site.leases()) == 2
    # What is new beside it shares its token.
    assert deliveries.run(*entries, {**AWS, "name": "more"}, scope=scope, **OPERATED).problems == []
    tokens = [one for one in left(deliveries.namespace) if one.startswith("secrets/workload-credentials-token")]
    assert tokens == ["secrets/workload-credentials-token"]
    assert (len(site.leases()), working.generated.count("aws")) == (3, 1)
    # Another site has names of its own beside these.
    other = {**APP, "name": "app-stage"}
    assert deliveries.run(other, scope=scope, **{**OPERATED, **ELSEWHERE}).problems == []
    assert deliveries.run(*entries, scope=scope, **OPERATED).before == {}
    deliveries.run(*entries, other, state="absent", scope=scope, **OPERATED)


def test_a_token_that_another_site_has_overwritten_is_given_up(
    working: Operator, deliveries: Deliveries, site: Site, as_before: pytest.MonkeyPatch
) -> None:
    assert deliveries.run(AZURE, **OPERATED).problems == []
    assert deliveries.run({**AZURE, "name": "stage"}, **{**OPERATED, **ELSEWHERE}).problems == []
    as_before.undo()
    outcome = deliveries.run(AZURE, **OPERATED)
    assert outcome.problems == []
    assert {f"secrets/{name}" for name in site.operators_secrets} <= set(left(deliveries.namespace))
    # The generator alone has changed, for which nothing is minted.
    assert (working.generated.count("azure"), len(site.leases())) == (1, 1)
    (found,) = (one for one in found_in(deliveries, "webhooks", GENERATORS, cluster=False) if STAGE in str(one["spec"]))
    assert found["metadata"]["name"] == "stage"


def test_files_that_lie_there_keep_their_names(
    deliveries: Deliveries, tmp_path: Path, scope: Scope, as_before: pytest.MonkeyPatch
) -> None:
    options = {"state": "rendered", "render_dir": str(tmp_path), "scope": scope, "delivery": "external_secret"}
    assert deliveries.run(APP, AZURE, **options).problems == []
    as_before.undo()
    assert deliveries.run(APP, AZURE, **options).after == {}
    assert "workload-credentials-token\n" in (tmp_path / "README.md").read_text(encoding="utf-8").replace(" ", "\n")
