#!/usr/bin/python
# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: workload_identity_info
short_description: Read workload identities
version_added: 1.0.0
description:
  - Reads all workload identities of the organization, or those of a name, with the live policies that name them.
  - A name or ID that does not exist gives an empty list.
author:
  - community.workload_credentials contributors (@ansible-collections)
extends_documentation_fragment:
  - community.workload_credentials.attributes.info
  - community.workload_credentials.attributes.administration
  - community.workload_credentials.attributes
  - community.workload_credentials.connection
options:
  service_name:
    description:
      - Only identities of this service name. Its case does not matter. This is not the connection's option of the same
        name.
    type: str
  id:
    description:
      - Only the identity with this ID.
    type: str
seealso:
  - module: community.workload_credentials.workload_identity
  - module: community.workload_credentials.access_info
"""

EXAMPLES = r"""
- name: Every workload identity of the organization
  community.workload_credentials.workload_identity_info:
  register: identities

- name: One of them, and what it is granted
  community.workload_credentials.workload_identity_info:
    service_name: ci
  register: ci

- name: By its ID
  community.workload_credentials.workload_identity_info:
    id: 5f0c2f5e-5a0c-4b1e-9c1e-1f4ad9a6a001
"""

RETURN = r"""
workload_identities:
  description:
    - The identities found, by service name.
    - C(policies) has the live policies for the identity, as
      M(community.workload_credentials.iam_policy_info) returns them.
  returned: success
  type: list
  elements: dict
  sample:
  - id: 5f0c2f5e-5a0c-4b1e-9c1e-1f4ad9a6a001
    service_name: ci
    issuer_url: https://token.actions.githubusercontent.com
    idp_category: GitHubActions
    description: Deploys from the main branch
    conditions:
      sub: ['repo:example/app:ref:refs/heads/main']
    organization_id: 0f1e2d3c-4b5a-4678-9abc-def012345678
    sites:
      - site_id: a1b2c3d4-e5f6-4890-abcd-ef1234567890
        registered_scopes: [secrets]
        scope_level: site
        expected_aud: a1b2c3d4-e5f6-4890-abcd-ef1234567890
    policies:
      - name: ci-generates-app
        status: ACTIVE
"""

from ..module_utils._resources.workload_identity import WORKLOAD_IDENTITY_INFO
from ..module_utils._run import run_module


def main() -> None:
    """Run the module."""
    run_module(WORKLOAD_IDENTITY_INFO)


if __name__ == "__main__":
    main()
