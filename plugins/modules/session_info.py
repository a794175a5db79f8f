#!/usr/bin/python
# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: session_info
short_description: Check that the token is valid for the site
version_added: 1.0.0
description:
  - Checks with the Secrets API whether the token is valid for the site.
  - If the service rejects the token, the task fails with the service's reason, so this is a good first task of a play.
  - It requires no permission on any folder. It does not check what the token may read and write.
author:
  - community.workload_credentials contributors (@ansible-collections)
extends_documentation_fragment:
  - community.workload_credentials.attributes.info
  - community.workload_credentials.attributes
  - community.workload_credentials.connection
seealso:
  - module: community.workload_credentials.folder_info
"""

EXAMPLES = r"""
- name: Check that the token is valid for this site
  community.workload_credentials.session_info:

- name: Set the connection once for all modules of the play
  hosts: localhost
  gather_facts: false
  module_defaults:
    group/community.workload_credentials.workload_credentials:
      site_id: a1b2c3d4-e5f6-4890-abcd-ef1234567890
      access_token_file: /run/secrets/workload-token
  tasks:
    - name: Check the connection
      community.workload_credentials.session_info:

- name: Explain what to do if the service rejects the token or is unreachable
  block:
    - name: Check the connection, with a short timeout
      community.workload_credentials.session_info:
        timeout: 5
        retries: 0
  rescue:
    - name: Explain
      ansible.builtin.fail:
        msg: "Log in first, then run this play again. {{ ansible_failed_result.msg }}"
"""

RETURN = r"""
session:
  description: The session, as the service reports it.
  returned: success
  type: dict
  contains:
    valid:
      description: Whether the session is valid.
      returned: success
      type: bool
      sample: true
  sample:
    valid: true
"""

from ..module_utils._resources.session_info import SESSION_INFO
from ..module_utils._run import run_module


def main() -> None:
    """Run the module."""
    run_module(SESSION_INFO)


if __name__ == "__main__":
    main()
