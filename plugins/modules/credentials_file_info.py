#!/usr/bin/python
# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: credentials_file_info
short_description: List the credentials files on a host
version_added: 1.0.0
description:
  - Reports, for each file that M(community.workload_credentials.credentials_file) has written, what it holds, when its
    lease expires, whether the lease is due, and whether the file is still as it was written.
  - It reads notes and the metadata of files. It does not read the files, sends no request to a service and returns no
    value.
  - The host needs Python 3.9 or later, and nothing else.
author:
  - community.workload_credentials contributors (@ansible-collections)
attributes:
  action_group:
    description:
      - Is part of C(group/community.workload_credentials.files).
    support: full
    membership:
      - community.workload_credentials.files
  check_mode:
    description: Can run in C(check_mode) and return the same.
    support: full
    details:
      - This action does not modify state.
  diff_mode:
    description: Shows what changes, or would change, in diff mode.
    support: N/A
    details:
      - This action does not modify state.
  async:
    description: Supports being used with the C(async) keyword.
    support: none
options:
  paths:
    description: Files on the host, and folders. Of a folder, the files with notes are listed.
    type: list
    elements: path
    required: true
    aliases: [path]
  recurse:
    description: Whether to search the folders below a folder too.
    type: bool
    default: false
seealso:
  - module: community.workload_credentials.credentials_file
  - module: community.workload_credentials.lease_report
"""

EXAMPLES = r"""
- name: List the credentials of the service
  community.workload_credentials.credentials_file_info:
    paths: /etc/web
  register: web

- name: Show which of them are due
  ansible.builtin.debug:
    msg: "{{ web.credentials_files | selectattr('due', 'equalto', true) | map(attribute='path') | list }}"

- name: One file, and all files below a folder
  community.workload_credentials.credentials_file_info:
    paths:
      - /home/deploy/.aws/credentials
      - /etc/app
    recurse: true

- name: Fail if somebody has changed a file
  community.workload_credentials.credentials_file_info:
    paths: /etc/web
  register: found
  failed_when: found.credentials_files | rejectattr('state', 'equalto', 'intact') | list | length > 0
"""

RETURN = r"""
credentials_files:
  description: The files, by their paths.
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: The file.
      type: str
      sample: /etc/web/aws.env
    host:
      description: The inventory's name of the host.
      type: str
      sample: web1
    state:
      description:
        - V(intact) is the file that was written, V(changed) one that somebody has changed since, V(missing) one that is
          not there. V(without_note) has no note, and V(unreadable_note) has one that is damaged or another file's.
      type: str
      sample: intact
    problem:
      description: Why the note cannot be used.
      type: str
      sample: null
    source:
      description: Where the credentials come from.
      type: dict
      contains:
        kind:
          description: The option of M(community.workload_credentials.credentials_file) that names the source.
          type: str
          sample: dynamic_secret
        name:
          description: Its name, such as the path of a dynamic secret.
          type: str
          sample: prod/aws/web
    format:
      description: The format of the file.
      type: str
      sample: env_file
    keys:
      description: The names of what is in the file.
      type: list
      elements: str
      sample: [AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN]
    lease_id:
      description: The lease that the file holds.
      type: str
      sample: 5f8d3c1e-6b7a-4c2d-9e0f-1a2b3c4d5e6f
    lease_kind:
      description: The kind of the lease, V(dynamic_secret), V(service_account) or V(sts_session).
      type: str
      sample: dynamic_secret
    minted:
      description: When it was minted, in UTC.
      type: str
      sample: '2026-11-23T17:00:00Z'
    expiration:
      description: When it expires, in UTC.
      type: str
      sample: '2026-11-23T18:00:00Z'
    due:
      description: Whether a run would renew the lease now, judged by its expiration.
      type: bool
      sample: false
    superseded:
      description: Leases of earlier files that are still to be revoked, or that only expire.
      type: list
      elements: dict
      contains:
        lease_id:
          description: Its ID.
          type: str
          sample: 0b1c2d3e-4f50-4172-8394-a5b6c7d8e9f0
        expiration:
          description: When it expires, in UTC.
          type: str
          sample: '2026-11-23T16:00:00Z'
        revocable:
          description: Whether it can be revoked before that.
          type: bool
          sample: true
      sample: []
    owner:
      description: Owner of the file.
      type: str
      sample: web
    group:
      description: Group of the file.
      type: str
      sample: web
    mode:
      description: Permissions of the file.
      type: str
      sample: '0600'
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._host_files import INFO_OPTIONS, run_info


def main() -> None:
    """Run the module."""
    run_info(AnsibleModule(argument_spec=INFO_OPTIONS, supports_check_mode=True))


if __name__ == "__main__":
    main()
