# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The event source: each lease once, at its time, whatever fails in between and however often it is started again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import WorkloadCredentialsError
from ansible_collections.community.workload_credentials.plugins.module_utils._marks import LEASE_MARKS
from ansible_collections.community.workload_credentials.plugins.plugin_utils._events import lease_expiry
from ansible_collections.community.workload_credentials.plugins.plugin_utils._events.lease_expiry import (
    ExpirySource,
    pause,
    run,
)

from tests.integration.eda.conftest import HOUR, ago, deliver_long_ago
from tests.support.definitions import do, populate
from tests.support.role import Role
from tests.support.site import TOKEN, Site

pytestmark = pytest.mark.one_core


@pytest.fixture
def started(site: Site, tmp_path: Path) -> Callable[..., ExpirySource]:
    """Starts a source with this state file, as often as one likes."""

    def start(**arguments: Any) -> ExpirySource:
        own = {
            "api_url": site.emulator.url,
            "site_id": site.site_id,
            "access_token": TOKEN,
            "ca_cert": str(site.emulator.ca_cert),
            "retries": 0,
            "state_file": str(tmp_path / "state" / "told.json"),
        }
        return ExpirySource({**own, **arguments})

    return start


def test_one_event_for_each_lease_at_its_time_and_none_after_a_restart(
    site: Site, started: Any, tmp_path: Path
) -> None:
    populate(site)
    with ago(site, HOUR - 300):
        first = do(site, "dynamic_credentials", path="prod/aws")
        second = do(site, "dynamic_credentials", path="prod/azure")
    do(site, "dynamic_credentials", path="prod/aws")
    site.forget()
    source = started(folder="/")
    events, problems = source.due()
    assert [event["lease_id"] for event in events] == [first["lease_id"], second["lease_id"]]
    assert (events[0]["dynamic_secret_path"], events[0]["secrets"], problems) == ("prod/aws", [], [])
    assert 0 < events[0]["seconds_left"] <= 300
    assert len(site.requests()) == 1 + 2
    for again in (source, started(folder="/")):
        assert again.due() == ([], [])
    told = (tmp_path / "state" / "told.json").read_text(encoding="utf-8")
    assert {*json.loads(told)} == {first["lease_id"], second["lease_id"]}
    values = [*first["credentials"].values(), *second["credentials"].values(), TOKEN]
    secret = [value for value in map(str, values) if len(value) > 15 and value not in told]
    assert secret
    assert not [value for value in secret if value in json.dumps(events) + told]


def test_the_event_comes_with_the_margin_and_not_before_the_last_quarter(site: Site, started: Any) -> None:
    populate(site)
    with ago(site, HOUR - 800):
        do(site, "dynamic_credentials", path="prod/aws")
    assert started(folder="prod", margin=600).due() == ([], [])
    with ago(site, HOUR - 1000):
        do(site, "dynamic_credentials", path="prod/azure")
    (event,) = started(folder="prod", margin=7200).due()[0]
    assert event["dynamic_secret_path"] == "prod/aws"


def test_a_secret_and_the_service_tell_of_one_lease_together(
    role: Role, site: Site, started: Any, cluster: Any
) -> None:
    deliver_long_ago(role, site)
    clusters = [{"name": "main", "kubeconfig": str(cluster.kubeconfig), "namespace": role.namespace}]
    (event,) = started(folder="/", clusters=clusters).due()[0]
    place = {"cluster": "main", "namespace": role.namespace, "name": "app"}
    assert (event["lease_id"], event["secrets"]) == (role.secret("app").metadata.annotations[LEASE_MARKS[0]], [place])
    assert event["dynamic_secret_path"] == "prod/azure"


def test_a_cluster_alone_is_enough(role: Role, site: Site, cluster: Any, tmp_path: Path) -> None:
    deliver_long_ago(role, site)
    site.forget()
    clusters = [{"name": "main", "kubeconfig": str(cluster.kubeconfig), "namespace": role.namespace}]
    (event,) = ExpirySource({"clusters": clusters, "state_file": str(tmp_path / "told")}).due()[0]
    assert (event["dynamic_secret_path"], [one["name"] for one in event["secrets"]]) == (None, ["app"])
    assert site.requests() == []


def test_a_cluster_that_is_there_several_times_is_looked_at_each_time(tmp_path: Path) -> None:
    gone = {"name": "gone", "kubeconfig": str(tmp_path / "nothing")}
    clusters = [{**gone, "namespace": "a"}, {**gone, "namespace": "b"}, gone, gone]
    problems = ExpirySource({"clusters": clusters, "state_file": str(tmp_path / "told")}).due()[1]
    assert [one.partition(": ")[0] for one in problems] == [
        "the cluster gone (a)",
        "the cluster gone (b)",
        "the cluster gone",
        "the cluster gone, 4",
    ]


def test_what_cannot_be_looked_at_is_said_and_the_rest_is_told(site: Site, started: Any, tmp_path: Path) -> None:
    populate(site)
    with ago(site, HOUR - 300):
        do(site, "dynamic_credentials", path="prod/aws")
    (tmp_path / "nothing").write_text("", encoding="utf-8")
    source = started(folder="/", clusters=[{"name": "gone", "kubeconfig": str(tmp_path / "nothing")}])
    events, problems = source.due()
    assert (len(events), len(problems)) == (1, 1)
    assert problems[0].startswith("the cluster gone: ")


def test_it_backs_off_on_errors_and_goes_on_after_them(
    site: Site, started: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    populate(site)
    with ago(site, HOUR - 300):
        minted = do(site, "dynamic_credentials", path="prod/aws")
    site.fault("status", status=500, times=2)
    pauses: list[tuple[float, int]] = []
    monkeypatch.setattr(lease_expiry, "ExpirySource", lambda _arguments: started(folder="/"))
    monkeypatch.setattr(lease_expiry, "pause", lambda seconds, failures: pauses.append((seconds, failures)) or 0.01)

    async def first() -> Any:
        queue: asyncio.Queue[Any] = asyncio.Queue()
        task = asyncio.create_task(run(queue, {}))
        event = await asyncio.wait_for(queue.get(), 60)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        return event

    assert asyncio.run(first())["lease_id"] == minted["lease_id"]
    assert [failures for _seconds, failures in pauses[:3]] == [1, 2, 0][: len(pauses[:3])]
    assert [failures for _seconds, failures in pauses[:2]] == [1, 2]
    assert "could not check the service below /" in caplog.text
    assert TOKEN not in caplog.text


def test_each_failure_doubles_the_pause_up_to_a_quarter_of_an_hour() -> None:
    assert pause(60, 0) == 60
    for failures in range(1, 2000, 37):
        wanted = min(900, 60 * 2 ** min(failures, 10))
        assert 0.75 * wanted <= pause(60, failures) <= 1.25 * wanted


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({}, "folder or clusters is needed"),
        ({"folder": "/", "intervall": 3}, "interval"),
        ({"folder": "/", "margin": 0}, "margin: it must be at least 1"),
        ({"folder": "/", "interval": "soon"}, "interval: "),
        ({"clusters": [{}]}, "clusters: entry 0 has no name"),
        ({"clusters": [{"name": "a", "token": "canary"}]}, "clusters: a: unknown: token"),
        ({"folder": "//"}, "folder: "),
    ],
)
def test_wrong_arguments_are_named(started: Any, arguments: dict[str, Any], says: str) -> None:
    with pytest.raises(WorkloadCredentialsError) as caught:
        started(**arguments)
    assert says in str(caught.value)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("content", ["", "{", '{"6ae0', "\0\0\0"])
def test_a_damaged_state_is_put_aside_and_told(started: Any, site: Site, tmp_path: Path, content: str) -> None:
    state = tmp_path / "state" / "told.json"
    state.parent.mkdir()
    state.write_text(content, encoding="utf-8")
    source = started(folder="/")
    assert f"state_file: {state} was damaged" in str(source.warning)
    assert state.with_name("told.json.damaged").read_text(encoding="utf-8") == content
    assert source.due()[1] == []
    assert started(folder="/").warning is None


@pytest.mark.parametrize("content", ["[]", "\\x00"])
def test_a_file_that_is_no_state_is_left_alone(started: Any, tmp_path: Path, content: str) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "told.json").write_text(content, encoding="utf-8")
    with pytest.raises(WorkloadCredentialsError, match="state_file: "):
        started(folder="/")
    assert (tmp_path / "state" / "told.json").read_text(encoding="utf-8") == content
