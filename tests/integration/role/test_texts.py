# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever Kubernetes takes as a name or a text arrives as that text, through the role's own templates."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.entries import checked_entries
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.job import Scope, Service
from ansible_collections.community.workload_credentials.plugins.plugin_utils._eso.manifests import manifests_of
from ansible_collections.community.workload_credentials.plugins.plugin_utils._eso.objects import operator_objects
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.deliveries import own_templates

pytestmark = pytest.mark.one_core
SERVICE = Service("https://api.example.com", "a1b2c3d4-e5f6-4890-abcd-ef1234567890", "2026-04-28", "x", "-----BEGIN")
# What YAML takes for something else.
NAMES = st.sampled_from(["123", "1e3", "on", "no", "null", "true", "0x1f", "1.5", "y", "a", "012", "1-2"])
NAMESPACES = NAMES.filter(lambda name: "." not in name)
TEXTS = st.one_of(
    NAMES,
    st.sampled_from(["", "~", "!x", "- a", "a: b", "#", "'", '"', "\\", "\n", "{{ x }}", "{% x %}", "\x7f\x85\ufeff"]),
    st.text(st.characters(exclude_categories=["Cs"])),
)
KEYS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@settings(deadline=None, max_examples=60)
@given(NAMES, NAMESPACES, TEXTS, NAMES, KEYS, st.booleans())
def test_a_text_arrives_as_it_is(name: str, namespace: str, text: str, label: str, key: str, is_shared: bool) -> None:
    entry: dict[str, Any] = {"name": name, "namespace": namespace, "static_secret": f"prod/{name.replace('.', '-')}"}
    entry |= {"annotations": {"a": text}, "labels": {"a": label}, "keys": {name: key}}
    scope = Scope(cluster=is_shared, namespace=namespace)
    objects = operator_objects(checked_entries([entry], "external_secret"), {}, SERVICE, scope)
    (found,) = (one for one in manifests_of(objects, SERVICE, own_templates()) if one.wanted.kind == "ExternalSecret")
    assert yaml.safe_load(found.text) == found.content
    metadata, spec = found.content["metadata"], found.content["spec"]
    assert (metadata["name"], metadata["namespace"]) == (name, namespace)
    assert metadata.get("annotations", {}).get("a", "") == text
    assert metadata["labels"]["a"] == label
    assert spec["target"]["name"] == name
    assert list(spec["target"]["template"]["data"]) == [name]
    assert spec["target"]["template"]["metadata"]["annotations"]["a"] == text
