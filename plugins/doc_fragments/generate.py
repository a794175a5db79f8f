# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generating on read, said once."""

from __future__ import annotations


class ModuleDocFragment:
    """What lookups that mint share; one that has more to say of an option says it itself."""

    DOCUMENTATION = r"""
options:
  reuse:
    description:
      - V(host) mints once for each term, identity and inventory host in a run.
      - V(run) shares that between the hosts of a run.
      - V(never) mints at each evaluation. A lazy variable then gives other credentials each time it is used.
    type: str
    choices: [host, run, never]
    default: host
    env:
      - name: WORKLOAD_CREDENTIALS_REUSE
    ini:
      - section: workload_credentials
        key: reuse
    vars:
      - name: workload_credentials_reuse
  min_ttl:
    description:
      - Mint anew when what is stored has less than this left, in seconds. Credentials whose whole life is shorter than
        twice this are kept for half of it.
    type: int
    default: 300
    env:
      - name: WORKLOAD_CREDENTIALS_MIN_TTL
    ini:
      - section: workload_credentials
        key: min_ttl
    vars:
      - name: workload_credentials_min_ttl
  check_mode:
    description:
      - What to do in check mode. V(placeholder) gives the right keys with obviously fake values and mints nothing;
        V(generate) mints all the same; V(error) fails.
      - The task's own C(check_mode) counts, with what it inherits from its block, role and play. In a run with
        C(--check) a task with C(check_mode=false) gets real credentials, and in any other run a task with
        C(check_mode=true) gets none. Outside of tasks, such as in the name of a play, C(--check) counts.
    type: str
    choices: [placeholder, generate, error]
    default: placeholder
    env:
      - name: WORKLOAD_CREDENTIALS_CHECK_MODE
    ini:
      - section: workload_credentials
        key: check_mode
    vars:
      - name: workload_credentials_check_mode
  concurrency:
    description:
      - How many terms are generated at the same time at most, from 1 to 64.
    type: int
    default: 8
    env:
      - name: WORKLOAD_CREDENTIALS_CONCURRENCY
    ini:
      - section: workload_credentials
        key: concurrency
    vars:
      - name: workload_credentials_concurrency
"""

    # Of what mints leases that can be ended.
    LEASES = r"""
options:
  outlives_run:
    description:
      - Leave the lease alone when M(community.workload_credentials.lease) or
        M(community.workload_credentials.service_account_lease) ends those of the run, because its credentials are kept
        where they are used longer. Needs O(reuse=never).
    type: bool
    default: false
  journal_dir:
    description:
      - Folder in which each run keeps the notes of its leases in a folder of its own, sealed as the notes below
        say. Set it where the run's temporary folder does not outlive the machine, as in containers, to one that does,
        so that a later run finds what a killed one left.
      - Without it the notes lie in the run's temporary folder, which Ansible removes when the run ends by itself.
      - Modules, the role and the callback plugin P(community.workload_credentials.leases#callback) take it from the
        same environment variable, ini entry and variable; the callback plugin knows no variables.
    type: path
    env:
      - name: WORKLOAD_CREDENTIALS_JOURNAL_DIR
    ini:
      - section: workload_credentials
        key: journal_dir
    vars:
      - name: workload_credentials_journal_dir
"""
