# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Templates of users fail in many ways; each is one sentence about the template, without a value."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import OptionError
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.entries import checked_entries
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.job import Scope, Service
from ansible_collections.community.workload_credentials.plugins.plugin_utils._eso.manifests import manifests_of
from ansible_collections.community.workload_credentials.plugins.plugin_utils._eso.objects import operator_objects

from tests.support.deliveries import own_templates

SITE = "a1b2c3d4-e5f6-4890-abcd-ef1234567890"
SERVICE = Service("https://api.beyondtrust.io", SITE, "2026-04-28", "canary-token", None)
ENTRY = {"name": "app", "namespace": "web", "static_secret": "prod/app", "delivery": "external_secret"}


@pytest.mark.parametrize(
    "text",
    [
        "{{ 1 / 0 }}",
        "{{ nothing.at.all }}",
        "{{ service.access_token | int + 'canary' }}",
        "{{ [service.access_token][7] }}",
        "{{ service.access_token | no_such_filter }}",
        "{% if %}",
        "{{ lookup('ansible.builtin.file', '/no/canary') }}",
        "{{ undef(hint=service.access_token) }}",
        "{% include 'none.j2' %}",
        "\udcff",
        "a: b: {{ service.access_token }}",
        "at: 2026-13-45",
        "? [a]\n: b",
        "{a: b}: c",
        "!!python/object:os.system {}",
        "a: *nothing",
        "{{ '[' * 5000 }}",
        "{{ service.access_token }}",
        "[]",
        "",
        "---\na: b\n---\na: b",
        "kind: ExternalSecret",
        "kind: {{ service.access_token }}",
    ],
)
def test_a_template_that_does_not_work_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "external_secret.yml.j2").write_text(text, encoding="utf-8", errors="surrogateescape")
    objects = operator_objects(checked_entries([ENTRY], "push"), {}, SERVICE, Scope())
    with pytest.raises(
        OptionError, match=r"^templates_dir: .*external_secret\.yml\.j2 (cannot be rendered|makes|must make)"
    ) as error:
        manifests_of(objects, SERVICE, own_templates(str(tmp_path)))
    assert "canary" not in str(error.value)
