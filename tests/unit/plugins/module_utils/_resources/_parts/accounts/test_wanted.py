# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a token is asked for is checked whole before anything is sent."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import OptionError
from ansible_collections.community.workload_credentials.plugins.module_utils._marks import DOMAIN
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.accounts.wanted import (
    TokenSpec,
    wanted_of,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._resources.service_account_token import (
    SERVICE_ACCOUNT_TOKEN,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._run import validate

RULE = {"api_groups": [""], "resources": ["pods"], "verbs": ["get"]}


def wanted(**given: Any) -> TokenSpec:
    return wanted_of(validate(SERVICE_ACCOUNT_TOKEN, "test", {"name": "ci", "namespace": "apps", **given}))


def dynamic(**given: Any) -> dict[str, Any]:
    return {"credential_type": "dynamic", "role": {"name": "view"}, **given}


def ruled(**changed: Any) -> dict[str, Any]:
    return dynamic(role=None, rules=[{**RULE, **changed}])


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"ttl": "2h", "max_ttl": "1h"}, "ttl: 2h is longer than max_ttl, which is 1h."),
        ({"ttl": "soon"}, "ttl: 'soon'"),
        ({"ttl": "0"}, "ttl: '0' is not a whole number of seconds above zero."),
        ({"role": {"name": "view"}}, "role: it needs credential_type=dynamic."),
        ({"cluster_wide": True}, "cluster_wide: it needs credential_type=dynamic."),
        ({"credential_type": "dynamic"}, "role: credential_type=dynamic needs a role or rules, and not both."),
        (dynamic(rules=[RULE]), "role: credential_type=dynamic needs a role or rules, and not both."),
        (dynamic(service_account="app"), "service_account: it needs credential_type=static."),
        (dynamic(cluster_wide=True, namespaces=["a"]), "namespaces: cluster_wide=true is for all of them"),
        (dynamic(cluster_wide=True, role={"kind": "Role", "name": "a"}), "role: a Role belongs to one namespace"),
        (dynamic(namespaces=["A"]), "namespaces: 'A' is not a name"),
        (dynamic(name_template="{name}_{random}"), "name_template: '{name}_{random}' makes 'ci_"),
        (ruled(api_groups=None), 'rules[0]: it needs api_groups, which is [""] for the core group.'),
        (ruled(resources=None), "rules[0]: it needs resources or non_resource_urls, and not both."),
        (ruled(verbs=[]), "rules[0]: it needs verbs."),
        (
            ruled(resources=None, api_groups=None, non_resource_urls=["/metrics"]),
            "rules[0]: non_resource_urls belong to",
        ),
        ({"name": "No Name"}, "name: 'No Name' cannot be the name of a lease"),
        ({"namespace": "a/b"}, "namespace: 'a/b' is not a name"),
        ({"labels": {f"{DOMAIN}/kind": "x"}}, f"labels: only this collection sets {DOMAIN}/kind."),
        ({"annotations": {"a": ["x"]}}, "annotations: a must be text."),
        ({"ttl": "599"}, "ttl: 599 is out of range: a token lives for 600 (10m) to 4294967296 seconds."),
        ({"ttl": "9m59s"}, "ttl: 9m59s is out of range"),
        ({"ttl": "1193047h"}, "ttl: 1193047h is out of range"),
        ({"ttl": 3600.5}, "ttl: '3600.5'"),
        ({"labels": {"team": "a b"}}, "labels: team must have letters, digits, -, _ and . only"),
        ({"labels": {"team": "x" * 64}}, "labels: team must have"),
        ({"labels": {"te am": "x"}}, "labels: 'te am' is not a name that Kubernetes accepts."),
        ({"annotations": {"a/b/c": "x"}}, "annotations: 'a/b/c' is not a name that Kubernetes accepts."),
        ({"audiences": [""]}, "audiences: one of them is empty."),
    ],
)
def test_what_cannot_be_is_refused_by_the_name_of_its_option(given: Any, words: str) -> None:
    with pytest.raises(OptionError) as caught:
        wanted(**given)
    assert str(caught.value).startswith(words)


@pytest.mark.parametrize("ttl", [3600, 3600.0, "3600", "3600.0", "1h", "60m", " 3600 "])
def test_an_hour_is_an_hour_however_it_is_written(ttl: Any) -> None:
    assert wanted(ttl=ttl).ttl == 3600


def test_what_is_not_said_is_the_least() -> None:
    one, other = wanted(), wanted(**dynamic())
    assert (one.service_account, one.ttl, one.audiences, one.namespaces) == ("ci", 3600, None, [])
    assert (other.role, other.namespaces, other.cluster_wide) == (("ClusterRole", "view"), ["apps"], False)
    assert other.service_account == other.lease != wanted(**dynamic()).lease
    assert wanted(name="x" * 63).lease.startswith("x" * 50)
    assert len(wanted(name="x" * 63).lease) <= 63
