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
      - V(host) mints one lease per term, identity and inventory host in a run.
      - V(run) shares the lease between the hosts of a run.
      - V(never) mints at each evaluation. A variable with the lookup then has other credentials at each use.
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
      - Mint a new lease if the stored one has less than this many seconds left. Credentials with a lifetime of less
        than twice this are reused for half of their lifetime.
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
      - What to do in check mode. V(placeholder) returns the right keys with obviously fake values and mints nothing.
        V(generate) mints as in a real run. V(error) fails.
      - The task's C(check_mode) applies, also if inherited from its block, role or play. With C(--check), a task with
        C(check_mode=false) gets real credentials; without it, a task with C(check_mode=true) gets none. Outside of
        tasks, such as in the name of a play, C(--check) applies.
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
      - Maximum number of terms to process at the same time, from 1 to 64.
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
      - Keep the lease when M(community.workload_credentials.lease) or
        M(community.workload_credentials.service_account_lease) revokes the leases of the run, because its credentials
        are used after the run. Requires O(reuse=never).
    type: bool
    default: false
  journal_dir:
    description:
      - Folder in which each run records its leases, in a folder of its own, encrypted as the notes below explain. In
        containers, or wherever the run's temporary folder is lost with the machine, set it to a persistent folder, so
        that a later run finds the leases of a killed one.
      - Without it, the records are in the run's temporary folder, which Ansible removes when the run ends normally.
      - Modules, the role and the callback plugin P(community.workload_credentials.leases#callback) use the same
        environment variable, ini entry and variable; the callback plugin does not support variables.
    type: path
    env:
      - name: WORKLOAD_CREDENTIALS_JOURNAL_DIR
    ini:
      - section: workload_credentials
        key: journal_dir
    vars:
      - name: workload_credentials_journal_dir
"""
