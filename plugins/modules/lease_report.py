#!/usr/bin/python
# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: lease_report
short_description: Report on leases, on who holds them, and on what became of them
version_added: 1.0.0
description:
  - Puts together which leases live, which Secrets of which clusters hold them, and what became of those that an earlier
    report has. It holds no secret value.
  - Leases that are about to end are marked, and those that nobody holds, and Secrets whose lease has ended.
  - It sends one request for the dynamic secrets of the folder, and one for the leases of each.
  - The role P(community.workload_credentials.lease_report#role) looks at the clusters for it, and writes the report as
    JSON and as a page.
author:
  - community.workload_credentials contributors (@ansible-collections)
extends_documentation_fragment:
  - community.workload_credentials.attributes.info
  - community.workload_credentials.attributes
  - community.workload_credentials.connection
options:
  folder:
    description:
      - The folder whose dynamic secrets count, with all below it. V(/) is the top of the site.
    type: str
    default: /
  secrets:
    description:
      - The Secrets of each cluster, by a name of your choice for the cluster, as C(kubernetes.core.k8s_info) returns
        them in C(resources). Their metadata is enough.
      - Which lease a Secret holds is read from the annotations that
        M(community.workload_credentials.cluster_credentials) puts on what it pushes.
      - Without this option and O(files) it is not known who holds leases, and none is marked for it.
    type: dict
  files:
    description:
      - The files on hosts, as M(community.workload_credentials.credentials_file_info) returns them in
        C(credentials_files), of all hosts in one list.
    type: list
    elements: dict
  held_elsewhere:
    description:
      - Dynamic secrets, or folders of them, whose leases others hold, such as plays, pipelines and External Secrets
        Operator. Their leases are not marked when no Secret holds them.
    type: list
    elements: str
    default: []
  previous:
    description:
      - RV(report) of an earlier run. The service lists living leases only, so this is how it is known what has ended
        since, and whether that was early.
      - One on another site or folder is not used, and there is a warning.
      - The text of a file with it does too. One that is damaged is not used, and there is a warning.
    type: raw
  margin:
    description:
      - Seconds. A lease that has no more left is marked.
    type: int
    default: 300
  keep_days:
    description:
      - For how many days the report tells of leases that have ended.
    type: int
    default: 7
seealso:
  - module: community.workload_credentials.lease_info
  - module: community.workload_credentials.lease
  - ref: Lease report <ansible_collections.community.workload_credentials.docsite.guide_lease_report>
    description: The page, what its marks mean, and how to make it on a schedule.
"""

EXAMPLES = r"""
- name: Which leases of the site are there?
  community.workload_credentials.lease_report:
  register: leases

- name: How many live, and how many end soon?
  ansible.builtin.debug:
    var: leases.report.summary

- name: Only those below a folder, with what has ended since
  community.workload_credentials.lease_report:
    folder: prod
    margin: 900
    previous: "{{ lookup('ansible.builtin.file', file) if file is file else {} }}"
  vars:
    file: /var/lib/reports/leases-of-prod.json

- name: A lease that no Secret holds is a mistake here, except for those of the pipelines
  community.workload_credentials.lease_report:
    secrets:
      main: "{{ secrets_of_main | default([]) }}"
    held_elsewhere:
      - prod/ci
      - prod/aws
      - prod/azure
  register: leases
  failed_when: leases.report.summary.unheld > 0
"""

RETURN = r"""
previous_is_damaged:
  description:
    - Whether O(previous) was no report, as after a power cut.
  returned: success
  type: bool
  sample: false
report:
  description:
    - The report. All times are UTC.
    - C(state) of a lease is V(living), V(expired), V(ended_early) (C(ended_after) and C(ended_before) say when), or
      V(not_listed), where a Secret holds a lease that the site does not have, so that it has ended early or is of
      another site.
    - C(marks) are V(ends_soon), V(unheld) and V(held_though_ended).
    - C(from_now) has begin and end of the lease in seconds from C(generated), negative in the past.
    - C(created_by) is there where the service knows it.
  returned: success
  type: dict
  sample:
    site_id: a1b2c3d4-e5f6-4890-abcd-ef1234567890
    folder: /
    generated: '2026-05-12T20:00:01Z'
    margin: 300
    looked_for_holders: true
    summary:
      living: 1
      expired: 0
      ended_early: 0
      not_listed: 0
      ends_soon: 0
      unheld: 0
      held_though_ended: 0
      dynamic_secrets: 1
    leases:
      - id: 1846c4e3-7c6b-4bfa-8f9e-a55a4b678d54
        dynamic_secret_path: prod/aws/app
        dynamic_secret_type: aws
        revocable: false
        created_by: 3b940186-58ea-4d20-9133-3da572256d2b
        state: living
        marks: []
        holders: [main/web/aws]
        minted: '2026-05-12T20:00:00Z'
        expiration: '2026-05-12T21:00:00Z'
        from_now:
          start: -1
          end: 3599
"""

from ..module_utils._resources.lease_report import LEASE_REPORT
from ..module_utils._run import run_module


def main() -> None:
    """Run the module."""
    run_module(LEASE_REPORT)


if __name__ == "__main__":
    main()
