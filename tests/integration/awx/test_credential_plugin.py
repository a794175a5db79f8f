# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The external secret source for AWX: installed as a package, found by its entry points, called as AWX calls it."""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import logging
import os
import re
import sys
import traceback
from pathlib import Path
from typing import Any

import pytest
from workload_credentials_emulator import Emulator

from tests.conftest import SITES
from tests.support.awx import credential_type
from tests.support.definitions import do, populate
from tests.support.programs import finished
from tests.support.site import TOKEN, Site

pytestmark = pytest.mark.one_core
PACKAGE = Path(__file__).parents[3] / "extensions" / "awx" / "credential_plugin"
GROUPS = ("awx_plugins.credentials", "awx.credential_plugins")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what ``pip install`` puts there."""
    folder = tmp_path_factory.mktemp("installed")
    here = ["--no-index", "--no-deps", "--no-build-isolation", "--target", str(folder)]
    done = finished([sys.executable, "-m", "pip", "install", *here, str(PACKAGE)], environment=dict(os.environ))
    assert done.returncode == 0, done.stdout
    return folder


@pytest.fixture
def plugin(installed: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What AWX's loader gets; without the pauses before a request is repeated."""
    monkeypatch.syspath_prepend(str(installed))
    (distribution,) = importlib.metadata.distributions(path=[str(installed)])
    points = {point.group: point for point in distribution.entry_points}
    assert set(points) == set(GROUPS)
    loaded = [point.load() for point in points.values()]
    assert loaded[0] is loaded[1]
    monkeypatch.setattr(importlib.import_module("workload_credentials_awx._read").time, "sleep", lambda _seconds: None)
    return loaded[0]


@pytest.fixture
def inputs(site: Site) -> dict[str, Any]:
    """The fields of a source credential."""
    populate(site)
    do(site, "static_secret", path="prod/db", secret={"user": "app", "password": "value-canary", "port": 5432})
    do(site, "static_secret", path="prod/one", secret={"only": "single-canary"})
    authority = Path(str(site.emulator.ca_cert)).read_text(encoding="utf-8")
    return {"api_url": site.emulator.url, "site_id": site.site_id, "access_token": TOKEN, "ca_cert": authority}


def failure(plugin: Any, inputs: dict[str, Any], **metadata: str) -> str:
    """The message of a failed lookup, which shows no token and no value however it is printed."""
    with pytest.raises(Exception) as caught:  # noqa: PT011  # its class is imported by the loader only
        plugin.backend(**inputs, **metadata)
    error = caught.value
    printed = "".join(traceback.format_exception(error)) + repr(error.__context__)
    assert type(error).__name__ == "SecretError", printed
    assert "canary" not in printed
    return str(error)


def test_it_is_what_awx_takes_for_a_plugin(plugin: Any) -> None:
    from awx_plugins.credentials._types import PluginInputs
    from awx_plugins.credentials.plugin import CredentialPlugin
    from pydantic import ConfigDict, TypeAdapter, with_config

    own = CredentialPlugin(*plugin)
    assert (own.name, own.backend) == (plugin.name, plugin.backend)
    assert plugin._fields == CredentialPlugin._fields
    strict = with_config(ConfigDict(extra="forbid", strict=True))(PluginInputs)
    assert TypeAdapter(strict).validate_python(plugin.inputs) == plugin.inputs
    others = {point.name for group in GROUPS for point in importlib.metadata.entry_points(group=group)}
    assert len(others) > 5
    ids = [one["id"] for one in (*plugin.inputs["fields"], *plugin.inputs["metadata"])]
    assert len(set(ids)) == len(ids)
    assert set(plugin.inputs["required"]) <= set(ids)
    json.dumps(plugin.inputs)


def test_its_fields_are_those_of_the_connection(plugin: Any) -> None:
    """But for what a lookup at launch has no use for."""
    known = {field["id"]: field for field in credential_type()["inputs"]["fields"]}
    own = {field["id"]: field for field in plugin.inputs["fields"]}
    assert set(known) - set(own) == {"insecure", "retries"}
    assert {field: one["label"] for field, one in own.items()} == {field: known[field]["label"] for field in own}
    assert {field for field, one in own.items() if one.get("secret")} == {"access_token"}


@pytest.mark.parametrize(
    ("metadata", "value"),
    [
        ({"path": "prod/db", "key": "password"}, "value-canary"),
        ({"path": "/prod/db/", "key": "user", "version": ""}, "app"),
        ({"path": "prod/db", "key": "port"}, "5432"),
        ({"path": "prod/one"}, "single-canary"),
        ({"path": "prod/one", "key": "", "version": "1"}, "single-canary"),
    ],
)
def test_a_field_gets_one_value(
    plugin: Any, inputs: dict[str, Any], site: Site, metadata: dict[str, str], value: str
) -> None:
    site.forget()
    assert plugin.backend(**inputs, **metadata) == value
    assert len(site.requests()) == 1
    assert site.writes() == []


def test_an_earlier_version_is_read(plugin: Any, inputs: dict[str, Any], site: Site) -> None:
    do(site, "static_secret", path="prod/one", secret={"only": "newer"})
    assert plugin.backend(**inputs, path="prod/one") == "newer"
    assert plugin.backend(**inputs, path="prod/one", version="1") == "single-canary"


def test_a_token_in_a_file_is_read_at_each_use(plugin: Any, inputs: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("stale-canary\n", encoding="utf-8")
    given = {**inputs, "access_token": "", "access_token_file": str(file)}
    assert "401" in failure(plugin, given, path="prod/one")
    file.write_text(f"{TOKEN}\n", encoding="utf-8")
    assert plugin.backend(**given, path="prod/one") == "single-canary"


@pytest.mark.parametrize(
    ("changes", "metadata", "message"),
    [
        ({}, {"path": "prod/db"}, "needs a key to be named; its keys: password, port, user"),
        ({}, {"path": "prod/db", "key": "absent"}, "has no key 'absent'; its keys: password, port, user"),
        ({}, {"path": "prod/absent", "key": "x"}, r"(403|404).*there is no such secret|403.*ReadSecret"),
        ({}, {"path": "prod/one", "version": "9"}, "40[34]"),
        ({}, {"path": "prod/one", "version": "1x"}, "version must be a number"),
        ({}, {"path": "/"}, "path must be"),
        ({}, {"path": "prod/../one"}, "path must be"),
        ({}, {}, "path must be"),
        ({"access_token": "other-canary"}, {"path": "prod/one"}, "401.*access token"),
        ({"access_token": "odd-canary\u00e9 \n x"}, {"path": "prod/one"}, "header Authorization"),
        ({"access_token": ""}, {"path": "prod/one"}, "Set access_token or access_token_file"),
        ({"access_token_file": "/nothing"}, {"path": "prod/one"}, "and not both"),
        ({"access_token": "", "access_token_file": "/nothing"}, {"path": "prod/one"}, "No such file"),
        ({"access_token": "", "access_token_file": "/dev/null"}, {"path": "prod/one"}, "is empty"),
        ({"ca_cert": ""}, {"path": "prod/one"}, "certificate is not trusted"),
        ({"ca_cert": "value-canary"}, {"path": "prod/one"}, "ca_cert is not"),
        ({"api_url": "http://127.0.0.1"}, {"path": "prod/one"}, "api_url must be"),
        ({"api_url": "https://user:pass-canary@x"}, {"path": "prod/one"}, "api_url must be"),
        ({"api_url": "https://127.0.0.1:1"}, {"path": "prod/one"}, "was not answered: Connection refused"),
        ({"timeout": "soon"}, {"path": "prod/one"}, "timeout must be"),
        ({"site_id": ""}, {"path": "prod/one"}, "40[134]"),
        ({"api_product": "../x"}, {"path": "prod/one"}, "40[034]"),
    ],
)
def test_a_failure_says_what_to_do_and_no_secret(
    plugin: Any, inputs: dict[str, Any], changes: dict[str, Any], metadata: dict[str, str], message: str
) -> None:
    assert re.search(message, failure(plugin, {**inputs, **changes}, **metadata))


@pytest.mark.parametrize(
    ("fault", "more", "message"),
    [
        ("redirect", {}, "a redirect is not followed"),
        ("html", {}, "something other than a secret"),
        ("malformed", {}, "something other than a secret"),
        ("wrong_shape", {}, "something other than a secret"),
        ("status", {"status": 500}, "refused with 500"),
    ],
)
def test_a_wrong_answer_is_an_error_at_once(
    plugin: Any, inputs: dict[str, Any], site: Site, fault: str, more: dict[str, Any], message: str
) -> None:
    site.fault(fault, **more)
    site.forget()
    assert message in failure(plugin, inputs, path="prod/one")
    assert len(site.requests()) == 1


@pytest.mark.parametrize("fault", [("status", {"status": 429}), ("status", {"status": 503}), ("drop_before", {})])
def test_a_busy_service_is_asked_again_but_not_for_ever(
    plugin: Any, inputs: dict[str, Any], site: Site, fault: tuple[str, dict[str, Any]]
) -> None:
    kind, more = fault
    site.fault(kind, times=2, **more)
    assert plugin.backend(**inputs, path="prod/one") == "single-canary"
    site.fault(kind, times=3, **more)
    site.forget()
    assert "GET /site/" in failure(plugin, inputs, path="prod/one")
    assert len(site.requests()) == 3


def test_it_waits_as_long_as_the_service_says_within_reason(
    plugin: Any, inputs: dict[str, Any], site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(importlib.import_module("workload_credentials_awx._read").time, "sleep", waited.append)
    site.fault("status", status=429, retry_after=7, times=1)
    plugin.backend(**inputs, path="prod/one")
    site.fault("status", status=429, retry_after=3000, times=1)
    plugin.backend(**inputs, path="prod/one")
    assert waited == [7.0, 30.0]


def test_it_reads_static_secrets_only(plugin: Any, inputs: dict[str, Any], site: Site) -> None:
    assert re.search("40[34]", failure(plugin, inputs, path="prod/aws"))
    assert site.leases() == []


def test_it_presents_a_workload_identity(plugin: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with Emulator([SITES[0]], [TOKEN], services=["controller"], roles=["reader"]) as emulator:
        emulator.control.reset()
        authority = Path(str(emulator.ca_cert)).read_text(encoding="utf-8")
        given = {"api_url": f"{emulator.url}/site/", "site_id": SITES[0], "access_token": TOKEN, "ca_cert": authority}
        for names in ({"service_name": "controller"}, {"auth_role": "reader"}):
            assert re.search("40[34]", failure(plugin, {**given, **names}, path="absent"))
        for names in ({"service_name": "other"}, {"auth_role": "other"}):
            assert "401" in failure(plugin, {**given, **names}, path="absent")
    assert "canary" not in caplog.text
