#!/usr/bin/python
# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: iam_policy_info
short_description: Read access policies
version_added: 1.0.0
description:
  - Reads the access policies of the organization, all or selected ones, each as Cedar text and with its meaning.
  - If several options are set, a policy has to fit all of them. O(path) and O(principal) leave out policies whose text
    is not understood; M(community.workload_credentials.access_info) reports these.
author:
  - community.workload_credentials contributors (@ansible-collections)
extends_documentation_fragment:
  - community.workload_credentials.attributes.info
  - community.workload_credentials.attributes.administration
  - community.workload_credentials.attributes
  - community.workload_credentials.connection
options:
  name:
    description:
      - Only the policy of this name.
    type: str
  path:
    description:
      - Only policies of the site O(site_id) that grant something at this path, those on folders above it and on the
        whole product included. It is the path of a folder or a secret, or the name of an integration.
    type: str
  principal:
    description:
      - Only policies for this principal. Exactly one of the suboptions names it.
    type: dict
    suboptions:
      workload:
        description:
          - Service name of a workload identity, registered for any site.
        type: str
      workload_id:
        description:
          - ID of a workload identity.
        type: str
      user:
        description:
          - Email address of a user.
        type: str
      group:
        description:
          - Name of a group.
        type: str
      role:
        description:
          - Name of a role.
        type: str
  deleted:
    description:
      - Include deleted policies, which the service keeps for some days.
    type: bool
    default: false
seealso:
  - module: community.workload_credentials.iam_policy
  - module: community.workload_credentials.access_info
"""

EXAMPLES = r"""
- name: Every policy of the organization
  community.workload_credentials.iam_policy_info:
  register: policies

- name: What grants something on a dynamic secret, wherever it was granted
  community.workload_credentials.iam_policy_info:
    path: prod/aws/app
  register: reaching

- name: The policies for the identity ci
  community.workload_credentials.iam_policy_info:
    principal:
      workload: ci
"""

RETURN = r"""
iam_policies:
  description:
    - The policies found, by name.
    - C(in_force) says whether it grants anything now. C(parsed) is its meaning, where C(grants) has the actions with
      roles expanded; it is null if the text is not understood, and C(problem) says why.
    - With O(path) each has C(granted), the actions that it grants there by the kind of resource that the path may
      be; C(disputed), actions of which the vendor's documents differ; and C(inherited), which is true where it is
      granted above the path.
  returned: success
  type: list
  elements: dict
  sample:
  - name: ci-generates-app
    status: ACTIVE
    in_force: true
    cedar: |
      @siteId("a1b2c3d4-e5f6-4890-abcd-ef1234567890")
      permit(
        principal == Pathfinder::Workload::Id::"5f0c2f5e-5a0c-4b1e-9c1e-1f4ad9a6a001",
        action == WorkloadCredentials::Action::"GenerateDynamicCredential",
        resource == WorkloadCredentials::DynamicSecret::"/prod/aws/app"
      );
    product: wlc
    site_id: a1b2c3d4-e5f6-4890-abcd-ef1234567890
    created_at: '2026-05-12T20:00:00Z'
    updated_at: '2026-05-12T20:00:00Z'
    parsed:
      site_id: a1b2c3d4-e5f6-4890-abcd-ef1234567890
      principal:
        kind: workload
        id: 5f0c2f5e-5a0c-4b1e-9c1e-1f4ad9a6a001
      actions: [GenerateDynamicCredential]
      grants: [GenerateDynamicCredential]
      resource:
        kind: dynamic_secret
        path: prod/aws/app
    problem: null
    granted:
      dynamic_secret: [GenerateDynamicCredential]
    disputed: []
    inherited: false
"""

from ..module_utils._resources.iam_policy import IAM_POLICY_INFO
from ..module_utils._run import run_module


def main() -> None:
    """Run the module."""
    run_module(IAM_POLICY_INFO)


if __name__ == "__main__":
    main()
