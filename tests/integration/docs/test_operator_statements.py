# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guide's variables make what External Secrets Operator's own pages show."""

from __future__ import annotations

import base64
import re
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import WorkloadCredentialsError
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.source import Facts
from ansible_collections.community.workload_credentials.plugins.module_utils._providers import PROVIDERS
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.entries import checked_entries
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.job import (
    Reference,
    Scope,
    Service,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._eso.manifests import manifests_of
from ansible_collections.community.workload_credentials.plugins.plugin_utils._eso.objects import operator_objects

from tests.support.deliveries import own_templates
from tests.support.examples import ROOT

pytestmark = pytest.mark.one_core
GUIDE = (ROOT / "docs" / "docsite" / "rst" / "guide_operator_statements.rst").read_text(encoding="utf-8")
MANIFESTS = yaml.safe_load(Path(__file__).with_name("operator_manifests.yml").read_text(encoding="utf-8"))
AUTHORITY = "-----BEGIN CERTIFICATE-----"
FACTS = {path: Facts(PROVIDERS["aws"].keys, 3600, PROVIDERS["aws"]) for path in ("my/dynamic", "production/aws-temp")}


def variables() -> dict[str, dict[str, Any]]:
    """The role's variables of each block, without their prefix, by the comment over them."""
    found = {}
    for block in re.findall(r"code-block:: yaml\n\n((?: {10,}.*\n|\n)+)", GUIDE):
        text = textwrap.dedent(block)
        name = text.lstrip().splitlines()[0].removeprefix("# ")
        found[name] = {key.removeprefix("cluster_credentials_"): value for key, value in yaml.safe_load(text).items()}
    return found


BLOCKS = variables()


def rendered(given: dict[str, Any]) -> list[dict[str, Any]]:
    options = dict(given)
    token, ca_source = options.pop("operator_token_secret", None), options.pop("ca_secret", None)
    service = Service(
        api_url="https://api.beyondtrust.io",
        site_id="a1b2c3d4-e5f6-4890-abcd-ef1234567890",
        api_version="2026-04-28",
        access_token="x",
        ca_cert=AUTHORITY,
        ca_source=Reference(**ca_source) if ca_source else None,
        ca_inline=options.pop("ca_inline", False),
        **({"token": Reference(**{"key": "token", **token})} if token else {}),
    )
    entries = checked_entries(options.pop("entries"), "external_secret")
    assert not options
    objects = operator_objects(entries, FACTS, service, Scope())
    return [one.content for one in manifests_of(objects, service, own_templates())]


def covers(found: Any, shown: Any) -> bool:
    """Whether everything that is shown is there as it is shown."""
    if isinstance(shown, Mapping):
        return isinstance(found, Mapping) and all(name in found and covers(found[name], shown[name]) for name in shown)
    if isinstance(shown, list):
        return len(found) == len(shown) and all(map(covers, found, shown))
    return bool(found == (base64.b64encode(AUTHORITY.encode()).decode() if shown == "THE_AUTHORITY" else shown))


def test_each_block_is_looked_at() -> None:
    assert {name for name in BLOCKS if not name.startswith("refused: ")} == MANIFESTS.keys()


@pytest.mark.parametrize("name", MANIFESTS)
def test_the_variables_make_what_the_page_shows(name: str) -> None:
    found = {(one["kind"], one["metadata"]["name"]): one for one in rendered(BLOCKS[name])}
    for shown in MANIFESTS[name]:
        assert covers(found[shown["kind"], shown["metadata"]["name"]], shown), shown


@pytest.mark.parametrize("name", [name for name in BLOCKS if name.startswith("refused: ")])
def test_what_the_guide_calls_refused_is_refused_for_that_reason(name: str) -> None:
    with pytest.raises(WorkloadCredentialsError, match=name.removeprefix("refused: ")):
        rendered(BLOCKS[name])


def test_the_site_of_the_pages_example_is_refused() -> None:
    service = Service("https://api.beyondtrust.io", "a1b2c3d4-e5f6-7890-abcd-ef1234567890", "2026-04-28", "x", None)
    entries = checked_entries(BLOCKS["folderPath"]["entries"], "external_secret")
    with pytest.raises(WorkloadCredentialsError, match="not a UUID of version 4"):
        operator_objects(entries, FACTS, service, Scope())
