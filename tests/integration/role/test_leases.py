# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever breaks a task off: a living lease is held by a Secret or named, and no Secret holds one that was ended."""

from __future__ import annotations

import os
import re
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials import dynamic_secret
from ansible_collections.community.workload_credentials.plugins.module_utils._kube import client as in_worker
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts import leases
from ansible_collections.community.workload_credentials.plugins.plugin_utils._delivery import deliver, push
from ansible_collections.community.workload_credentials.plugins.plugin_utils._worker import raise_on_signal
from kubernetes import client

from tests.integration.role.test_push_faults import APP, AWS, AZURE, LEASE, WRITES, held, living, refuse
from tests.kubernetes.tests.waiting import wait_until
from tests.support.definitions import do
from tests.support.deliveries import Deliveries
from tests.support.faulty_cluster import Fault, Watched
from tests.support.site import TOKEN, Site

pytestmark = pytest.mark.one_core
OTHER = {**AZURE, "name": "other"}
REFUSED = '{"kind": "Status", "reason": "Forbidden", "message": "not today"}'


def run_to_its_end(deliveries: Deliveries, *entries: dict[str, Any], **options: Any) -> str:
    """All that was said, also where it was interrupted."""
    deliveries.last_words.clear()
    said: list[str] = []
    with suppress(KeyboardInterrupt):
        outcome = deliveries.run(*entries, **options)
        said = [*outcome.problems, *outcome.warnings]
    return " ".join([*said, *deliveries.last_words])


def nothing_is_lost(deliveries: Deliveries, site: Site, api: client.CoreV1Api, said: str) -> None:
    holding, states = held(api, deliveries.namespace), {lease["id"]: lease["state"] for lease in site.leases()}
    assert [one for one in holding if states.get(one) == "revoked"] == []
    assert [one for one, state in states.items() if state == "active" and one not in holding and one not in said] == []


def gateway(way: Watched, _patch: pytest.MonkeyPatch) -> None:
    refuse(way, "azure", times=99, status=504, after=True)


def lost_then_refused(way: Watched, _patch: pytest.MonkeyPatch) -> None:
    faults = iter([Fault(after=True), *[Fault(status=403, body=REFUSED)] * 9])

    def fail(request: str) -> None:
        if WRITES.match(request):
            way.faults.append(next(faults))

    way.before = fail


def gone(way: Watched, _patch: pytest.MonkeyPatch) -> None:
    def go(request: str) -> None:
        if WRITES.match(request):
            way.faults = [Fault(times=9999)]

    way.before = go


def interrupted_writing(_way: Watched, patch: pytest.MonkeyPatch) -> None:
    apply = in_worker.InWorker.apply

    def interrupted(port: Any, manifests: Any, *, dry_run: bool = False) -> Any:
        answers = apply(port, manifests if dry_run else manifests[:1], dry_run=dry_run)
        if dry_run:
            return answers
        raise KeyboardInterrupt

    patch.setattr(in_worker.InWorker, "apply", interrupted)


def interrupted_ending(_way: Watched, patch: pytest.MonkeyPatch) -> None:
    end = leases.end_leases

    def interrupted(*given: Any) -> Any:
        patch.setattr(leases, "end_leases", end)
        end(given[0], given[1][:1])
        raise KeyboardInterrupt

    patch.setattr(leases, "end_leases", interrupted)


@pytest.mark.parametrize("kinds", [(AZURE, OTHER), (AZURE,), (AWS, AZURE)])
@pytest.mark.parametrize("break_off", [gateway, lost_then_refused, gone, interrupted_writing, interrupted_ending])
def test_a_renewal_that_breaks_off(
    deliveries: Deliveries,
    way: Watched,
    site: Site,
    api: client.CoreV1Api,
    monkeypatch: pytest.MonkeyPatch,
    break_off: Callable[[Watched, pytest.MonkeyPatch], None],
    kinds: tuple[dict[str, Any], ...],
) -> None:
    deliveries.run(*kinds)
    break_off(way, monkeypatch)
    said = run_to_its_end(deliveries, *({**one, "keys": {"a": "leaseId"}} for one in kinds))
    assert len(site.leases()) == 2 * len(kinds)
    nothing_is_lost(deliveries, site, api, said)


def test_a_single_lease_whose_minting_is_interrupted(
    deliveries: Deliveries, site: Site, api: client.CoreV1Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    generate = dynamic_secret.generate

    def interrupted(*given: Any) -> Any:
        values = generate(*given)
        os.kill(os.getpid(), signal.SIGINT)
        return values

    monkeypatch.setattr(dynamic_secret, "generate", interrupted)
    said = run_to_its_end(deliveries, AZURE)
    assert len(site.leases()) == 1
    nothing_is_lost(deliveries, site, api, said)


@pytest.mark.parametrize("step", ["filled", "applied"])
@pytest.mark.parametrize("number", [1, 2])
def test_an_interruption_while_a_pool_starts_a_thread(
    deliveries: Deliveries,
    way: Watched,
    site: Site,
    api: client.CoreV1Api,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    number: int,
) -> None:
    start, function = threading.Thread.start, getattr(push, step)
    started: list[int] = []

    def interrupted(thread: Any) -> None:
        start(thread)
        if threading.current_thread() is threading.main_thread() and started:
            started[0] += 1
            if started[0] == number:
                os.kill(os.getpid(), signal.SIGINT)

    def armed(*given: Any, **options: Any) -> Any:
        started[:] = [] if options.get("dry_run") else [0]
        try:
            return function(*given, **options)
        finally:
            started.clear()

    def late(request: str) -> None:
        # Whoever does not wait for it has ended its lease meanwhile.
        if WRITES.match(request):
            with suppress(AssertionError):
                wait_until(lambda: len(living(site)) < len(site.leases()), "the end of a lease", 1)

    way.before = late
    monkeypatch.setattr(threading.Thread, "start", interrupted)
    monkeypatch.setattr(push, step, armed)
    monkeypatch.setattr(deliver, step, armed)
    with pytest.raises(KeyboardInterrupt), raise_on_signal():
        deliveries.run(AZURE, OTHER, {**AZURE, "name": "third"})
    monkeypatch.undo()
    for thread in threading.enumerate():
        # One that nobody waited for.
        if thread.name.startswith("ThreadPool"):
            thread.join(10)
    nothing_is_lost(deliveries, site, api, " ".join(deliveries.last_words))


@pytest.mark.parametrize("moment", ["delete", "wait", "interruption"])
def test_a_teardown_that_breaks_off(
    deliveries: Deliveries,
    way: Watched,
    site: Site,
    api: client.CoreV1Api,
    monkeypatch: pytest.MonkeyPatch,
    moment: str,
) -> None:
    deliveries.run(AZURE, OTHER)

    def lose(request: str) -> None:
        if request.startswith("DELETE"):
            way.faults = (
                [Fault(where="DELETE", times=99, after=True)] if moment == "delete" else [Fault(where="GET", times=99)]
            )

    def interrupt(*_given: Any) -> Any:
        raise KeyboardInterrupt

    if moment == "interruption":
        monkeypatch.setattr(in_worker.InWorker, "wait_gone", interrupt)
    else:
        way.before = lose
    nothing_is_lost(deliveries, site, api, run_to_its_end(deliveries, AZURE, OTHER, state="absent"))


def test_a_lease_without_a_name_keeps_none_of_the_others_alive(
    deliveries: Deliveries, site: Site, api: client.CoreV1Api
) -> None:
    deliveries.run(AZURE, OTHER)
    notes = {"metadata": {"annotations": {LEASE: "what somebody wrote"}}}
    api.patch_namespaced_secret("azure", deliveries.namespace, notes)
    outcome = deliveries.run(AZURE, OTHER, state="absent")
    assert "what somebody wrote" in " ".join(outcome.problems)
    assert sorted(lease["state"] for lease in site.leases()) == ["active", "revoked"]


def test_an_entry_that_becomes_static_gives_its_lease_up(deliveries: Deliveries, site: Site) -> None:
    deliveries.run(AZURE)
    assert deliveries.run({**APP, "name": "azure"}).problems == []
    assert living(site) == set()


@pytest.mark.parametrize("options", [{}, {"prune": True}])
def test_a_copied_secret_does_not_end_the_lease_of_its_original(
    deliveries: Deliveries, site: Site, api: client.CoreV1Api, options: dict[str, bool]
) -> None:
    deliveries.run(AZURE)
    found = api.read_namespaced_secret("azure", deliveries.namespace)
    metadata = {"name": "other", "labels": found.metadata.labels, "annotations": found.metadata.annotations}
    api.create_namespaced_secret(deliveries.namespace, {"metadata": metadata, "data": found.data})
    entries = [AZURE] if options else [AZURE, OTHER]
    assert deliveries.run(*entries, **options).problems == []
    assert len(living(site)) == len(entries)
    assert living(site) == held(api, deliveries.namespace)
    assert deliveries.run(AZURE, OTHER, state="absent").problems == []
    assert living(site) == set()


def test_what_was_generated_and_does_not_fit_fails_its_own_entry(
    deliveries: Deliveries, site: Site, api: client.CoreV1Api
) -> None:
    body = '{"secret": {"client_id": "canary-id", "leaseId": "odd", "expiration": "2099-01-01T00:00:00Z"}}'
    site.fault("body", method="POST", path="/dynamic/azure/generate", body=body)
    outcome = deliveries.run({**AZURE, "keys": {"a": "client_secret"}}, AWS)
    said = " ".join(outcome.problems)
    assert f"{deliveries.namespace}/azure.keys: prod/azure has no client_secret; it has client_id" in said
    assert "Leases that may still be active: odd (until 2099-01-01T00:00:00Z)" in said
    assert [one["action"] for one in outcome.report] == ["failed", "created"]
    assert "canary" not in said


def test_entries_whose_minting_fails_are_named_and_the_reason_is_told_once(deliveries: Deliveries, site: Site) -> None:
    site.token("reader-token", ["read"])
    outcome = deliveries.run(AZURE, OTHER, connection={"access_token": "reader-token"})
    (problem,) = outcome.problems
    assert problem.startswith(f"{deliveries.namespace}/azure, {deliveries.namespace}/other: POST ")
    outcome = deliveries.run({**APP, "static_secret": "prod/none"}, {**AZURE, "dynamic_secret": "prod/none"})
    said = " ".join(outcome.problems)
    assert f"{deliveries.namespace}/app: prod/none: there is no static secret" in said
    assert re.search(rf"{deliveries.namespace}/azure: prod/none: there is no dynamic secret", said)


def test_a_fresh_secret_whose_lease_has_ended_is_renewed_and_verified_says_so(
    deliveries: Deliveries, site: Site, api: client.CoreV1Api
) -> None:
    deliveries.run(AZURE, OTHER, AWS)
    before = held(api, deliveries.namespace)
    ended = lease_in(api, deliveries.namespace, "azure")
    do(site, "lease", lease_id=[ended])
    told = deliveries.run(AZURE, OTHER, AWS, state="verified")
    assert told.problems == [
        f"{deliveries.namespace}/azure: its lease ended early: push it again.",
    ]
    assert deliveries.run(AZURE, OTHER, AWS, check_mode=True).report[0]["action"] == "renewed"
    outcome = deliveries.run(AZURE, OTHER, AWS)
    assert (outcome.problems, outcome.warnings) == ([], [])
    assert [one["action"] for one in outcome.report] == ["renewed", "kept", "kept"]
    assert held(api, deliveries.namespace) & before == before - {ended}
    assert living(site) == held(api, deliveries.namespace)


@pytest.mark.parametrize(("token", "says"), [("generates-only", False), (TOKEN, True)])
def test_who_cannot_look_keeps_his_secrets(deliveries: Deliveries, site: Site, token: str, says: bool) -> None:
    deliveries.run(AZURE)
    site.token("generates-only", ["generate"])
    if says:
        site.fault("status", method="GET", path=".*leases", status=503, times=9)
    outcome = deliveries.run(AZURE, connection={"retries": 0, "access_token": token})
    assert outcome.report[0]["action"] == "kept"
    assert ("prod/azure: its leases could not be listed." in " ".join(outcome.warnings)) is says


def lease_in(api: client.CoreV1Api, namespace: str, name: str) -> str:
    return str(api.read_namespaced_secret(name, namespace).metadata.annotations[LEASE])
