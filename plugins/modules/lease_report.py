#!/usr/bin/python
# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: lease_report
short_description: Report active leases, the Secrets that use them, and ended leases
version_added: 1.0.0
description:
  - Reports all active leases, the identities that minted them, the Secrets that use them, and the leases that were
    revoked or expired since an earlier report. It contains no secret value.
  - It marks leases that expire soon, orphaned leases, and Secrets whose lease has ended, and has totals by dynamic
    secret and by identity.
  - It sends one request for the dynamic secrets of the folder, and one for the leases of each.
  - The role P(community.workload_credentials.lease_report#role) lists the Secrets of your clusters for this module, and
    writes the report as JSON, as a page and as metrics.
author:
  - community.workload_credentials contributors (@ansible-collections)
extends_documentation_fragment:
  - community.workload_credentials.attributes.info
  - community.workload_credentials.attributes
  - community.workload_credentials.connection
options:
  folder:
    description:
      - The folder of the dynamic secrets to report on, with everything below it. V(/) is the whole site.
    type: str
    default: /
  secrets:
    description:
      - The Secrets of each cluster, by a name of your choice for the cluster, as C(kubernetes.core.k8s_info) returns
        them in C(resources). Their metadata is enough.
      - The annotations that M(community.workload_credentials.cluster_credentials) writes show which lease a Secret
        uses.
      - Without this option and O(files), orphaned leases cannot be found, and no lease is marked as orphaned.
    type: dict
  files:
    description:
      - The files on hosts, as M(community.workload_credentials.credentials_file_info) returns them in
        C(credentials_files), of all hosts in one list.
    type: list
    elements: dict
  held_elsewhere:
    description:
      - Dynamic secrets, or folders of them, whose leases are used elsewhere, such as by plays, pipelines and External
        Secrets Operator. Their leases are not marked as orphaned.
    type: list
    elements: str
    default: []
  previous:
    description:
      - RV(report) of an earlier run, or the text of a file with it. The service lists active leases only, so the
        earlier report is what shows which leases have ended since, and whether they were revoked early.
      - A report on another site or folder, or a damaged one, is ignored with a warning.
    type: raw
  margin:
    description:
      - Leases with at most this many seconds left are marked as expiring soon.
    type: int
    default: 300
  keep_days:
    description:
      - Number of days to keep ended leases in the report.
    type: int
    default: 7
  names:
    description:
      - Names for the identities that mint leases, by the ID that the service reports.
    type: dict
    default: {}
  metrics_limit:
    description:
      - The number of dynamic secrets, and of identities, with samples of their own in RV(metrics), those with most
        active leases first. The others are added up under the label C((other\)).
    type: int
    default: 100
seealso:
  - module: community.workload_credentials.lease_info
  - module: community.workload_credentials.lease
  - ref: Lease report <ansible_collections.community.workload_credentials.docsite.guide_lease_report>
    description: The page, its marks, the metrics, and how to create a report on a schedule.
"""

EXAMPLES = r"""
- name: Report on all leases of the site
  community.workload_credentials.lease_report:
  register: leases

- name: Show the number of active leases, and of those that expire soon
  ansible.builtin.debug:
    var: leases.report.summary

- name: Report on the leases below a folder, and on those that have ended since the last report
  community.workload_credentials.lease_report:
    folder: prod
    margin: 900
    previous: "{{ lookup('ansible.builtin.file', file) if file is file else {} }}"
  vars:
    file: /var/lib/reports/leases-of-prod.json

- name: Fail if there are orphaned leases, except those of the pipelines
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
metrics:
  description:
    - The totals of the report in Prometheus' text format. They contain no lease ID and no Secret.
  returned: success
  type: str
  sample: |
    # HELP workload_credentials_leases_active Active leases.
    # TYPE workload_credentials_leases_active gauge
    workload_credentials_leases_active{site_id="a1b2c3d4",folder="/",dynamic_secret="prod/aws/app"} 1
report:
  description:
    - The report. All times are UTC.
    - C(state) of a lease is V(living) (active), V(expired), V(ended_early) (revoked between C(ended_after) and
      C(ended_before)), or V(not_listed), if a Secret contains a lease that the site does not have, because it was
      revoked early or belongs to another site.
    - C(marks) are V(ends_soon), V(unheld) (orphaned) and V(held_though_ended) (ended, but still in a Secret).
    - C(holders) are the Secrets that use the lease, as cluster, namespace and name.
    - C(from_now) is the start and end of the lease in seconds from C(generated), negative in the past.
    - C(created_by) is set if the service reports it; C(created_by_name) is its name in O(names).
    - Leases with the same C(group) have the same dynamic secret, identity, state and marks.
    - C(by_dynamic_secret) and C(by_identity) have the same totals as C(summary), those with most active leases first.
      C(leases) counts all leases in the report, active and ended.
    - C(since_previous) has the IDs of the leases that are new, expired or were revoked since O(previous). It is null
      without an earlier report.
    - C(may_generate) has the principals that may generate from each dynamic secret, with the policies, if
      O(admin_site_id) and a token for it are set and the task runs on the controller; otherwise it is null.
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
    since_previous:
      generated: '2026-05-12T19:45:00Z'
      new: [1846c4e3-7c6b-4bfa-8f9e-a55a4b678d54]
      expired: []
      ended_early: []
    by_dynamic_secret:
      - dynamic_secret_path: prod/aws/app
        dynamic_secret_type: aws
        leases: 1
        living: 1
        expired: 0
        ended_early: 0
        not_listed: 0
        ends_soon: 0
        unheld: 0
        held_though_ended: 0
        next_expiration: '2026-05-12T21:00:00Z'
    by_identity:
      - created_by: 3b940186-58ea-4d20-9133-3da572256d2b
        created_by_name: the role in AWX
        leases: 1
        living: 1
        expired: 0
        ended_early: 0
        not_listed: 0
        ends_soon: 0
        unheld: 0
        held_though_ended: 0
        next_expiration: '2026-05-12T21:00:00Z'
    leases:
      - id: 1846c4e3-7c6b-4bfa-8f9e-a55a4b678d54
        dynamic_secret_path: prod/aws/app
        dynamic_secret_type: aws
        revocable: false
        created_by: 3b940186-58ea-4d20-9133-3da572256d2b
        created_by_name: the role in AWX
        state: living
        marks: []
        holders: [main/web/aws]
        minted: '2026-05-12T20:00:00Z'
        expiration: '2026-05-12T21:00:00Z'
        from_now:
          start: -1
          end: 3599
        group: 0
    may_generate:
      prod/aws/app:
        - kind: workload
          id: 5f0c2f5e-5a0c-4b1e-9c1e-1f4ad9a6a001
          name: ci
          disputed: false
          policies: [ci-generates-app]
"""

from ..module_utils._resources.lease_report import LEASE_REPORT
from ..module_utils._run import run_module


def main() -> None:
    """Run the module."""
    run_module(LEASE_REPORT)


if __name__ == "__main__":
    main()
