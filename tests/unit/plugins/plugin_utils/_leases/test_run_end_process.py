# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ansible_collections.community.workload_credentials.plugins.plugin_utils._leases.journal import claim, own_journal
from ansible_collections.community.workload_credentials.plugins.plugin_utils._leases.notes import Notes
from ansible_collections.community.workload_credentials.plugins.plugin_utils._leases.run_end_process import _left

from tests.support.sources import origin


def test_what_no_connection_leads_to_is_named_in_every_journal(tmp_path: Path) -> None:
    run = tmp_path / "ansible-local-1"
    run.mkdir()
    for journal, others in ((own_journal(run, None), 2), (own_journal(run, str(tmp_path / "journals")), 1)):
        claim(journal, run)
        Notes(journal, origin(secret="known")).ask("source", "use")
        for number in range(others):
            Notes(journal, origin(secret=f"other {number}")).ask("source", "use")
    connections: Any = [SimpleNamespace(origin=origin(site, "known")) for site in ("site", "another")]
    assert _left(run, connections) == []
    said = _left(run, connections[1:])
    assert [one.count("one that was requested of source") for one in said] == [3, 2]
    assert all("can reach leases that it minted: site: " in one for one in said)
    (note, *_others) = (own_journal(run, None) / "minted").iterdir()
    note.write_text("")
    assert _left(run, connections) == [f"A note of a lease of this run is damaged: {note}.damaged."]
