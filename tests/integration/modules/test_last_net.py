# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The last net: what nobody foresaw leaves a module or lookup as one line without a value, in real runs."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.community.workload_credentials.plugins.module_utils._api.client import Client
from ansible_collections.community.workload_credentials.plugins.module_utils._api.request import Request
from ansible_collections.community.workload_credentials.plugins.module_utils._change import ReadResult
from ansible_collections.community.workload_credentials.plugins.module_utils._spec import CONNECTION, Spec
from ansible_collections.community.workload_credentials.plugins.plugin_utils._in_process import run_in_process

from tests.support.plays import Plays
from tests.support.site import Site

LOOKUPS = Path(__file__).parents[3] / "plugins" / "lookup"
PLUGINS = "ansible_collections.community.workload_credentials.plugins"
SHARED = f"{PLUGINS}.module_utils"
# A logic with a fault that shows after a request, and whose error repeats a value.
FAULTY = """
def faulty(client, *_more):
    client.get(Request("GET", "/session"))
    return {}["value-canary"]
"""
MODULE = f"""
from __future__ import annotations
from {SHARED}._api.request import Request
from {SHARED}._run import run_module
from {SHARED}._spec import CONNECTION, Spec
{FAULTY}
run_module(Spec("broken", CONNECTION, read=faulty))
"""
SAYS = " after GET /session: a fault of this collection, KeyError ("


def test_a_fault_in_a_module_or_lookup_is_one_line_without_a_traceback(plays: Plays) -> None:
    for folder in ("library", "lookup_plugins"):
        (plays.folder / folder).mkdir()
    (plays.folder / "library" / "broken.py").write_text(MODULE)
    lookup = (LOOKUPS / "static_secret.py").read_text()
    # Outside the collection, its files have their whole names.
    head, _class = lookup.replace("from ..", f"from {PLUGINS}.").split("\nclass LookupModule")
    (plays.folder / "lookup_plugins" / "broken.py").write_text(
        f"{head.replace('name: static_secret', 'name: broken')}\nfrom {SHARED}._api.request import Request\n{FAULTY}\n"
        "class LookupModule(WorkloadCredentialsLookup):\n    own = {}\n    read = lambda self, *given: faulty(*given)\n"
    )
    outcome = plays.tasks(
        [{"broken": {}}, {"ansible.builtin.debug": {"msg": "{{ lookup('broken', 'x') }}"}}], arguments=("-vvv",)
    )
    module, lookup_result = (result["msg"] for result in outcome.results)
    assert module.startswith(f"broken{SAYS}")
    assert f"broken{SAYS}" in lookup_result
    assert "value-canary" not in outcome.output
    assert "report this line" in module


def test_a_fault_in_the_worker_is_the_same_line(site: Site) -> None:
    def faulty(client: Client, _parameters: object) -> ReadResult:
        client.get(Request("GET", "/session"))
        raise KeyError("value-canary")

    result = run_in_process(
        Spec("broken", CONNECTION, read=faulty), "broken", {}, site.environment, check_mode=False, diff=False
    )
    assert result["failed"]
    assert result["msg"].startswith(f"broken{SAYS}")
    assert "value-canary" not in str(result)
