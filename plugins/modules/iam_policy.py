#!/usr/bin/python
# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: iam_policy
short_description: Manage access policies
version_added: 1.0.0
description:
  - Writes and deletes access policies. A policy permits one principal some actions on one resource of a site, and on
    everything below it.
  - This works on the administration site (O(admin_site_id)); O(site_id) is the site that the policy applies to.
  - Policies are compared by meaning (site, principal, actions, resource) and not by text, so a policy that another
    tool wrote stays as it is when it means the same.
  - Names are unique in the whole organization, and the service replaces a policy without a question. This module
    replaces the policy of another site or for another principal only with O(replace=true).
  - It warns about mistakes that the service accepts. Whether the principal is registered and the path exists is checked
    only when the policy is written.
author:
  - community.workload_credentials contributors (@ansible-collections)
extends_documentation_fragment:
  - community.workload_credentials.attributes.administration
  - community.workload_credentials.attributes
  - community.workload_credentials.connection
options:
  state:
    description:
      - V(present) writes the policy, V(absent) deletes it. The service keeps the record of a deleted policy for some
        days; it counts as absent, and its name can be used again.
    type: str
    choices: [present, absent]
    default: present
  name:
    description:
      - Name of the policy, unique in the organization. It has 1 to 100 letters, digits, C(-) and C(_), with a letter or
        digit at both ends.
    type: str
    required: true
  cedar:
    description:
      - The policy as Cedar text, with one C(permit) and the annotation C(@siteId). It is sent as it is.
      - Needed with O(state=present), or else O(principal).
    type: str
  principal:
    description:
      - Who is permitted. Exactly one of the suboptions names it.
    type: dict
    suboptions:
      workload:
        description:
          - Service name of a workload identity, which has to be registered for the site.
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
  grant:
    description:
      - A role that the principal gets. O(grant) or O(actions) is needed with O(principal).
      - V(Owner) may do everything except listing and creating integrations; whether it may generate is disputed, so
        this warns. V(Viewer) lists and reads, V(Lister) lists and reads metadata. V(Admin), V(StandardUser) and
        V(Auditor) are roles of the whole product.
    type: str
    choices: [Owner, Viewer, Lister, Admin, StandardUser, Auditor]
  actions:
    description:
      - The actions that the principal may do, such as V(GenerateDynamicCredential). Roles may be among them.
    type: list
    elements: str
  resource:
    description:
      - What the principal may use. Exactly one of the suboptions names it. Needed with O(principal).
    type: dict
    suboptions:
      folder:
        description:
          - Path of a folder; the policy counts for everything below it too. V(/) is the top.
        type: str
      static_secret:
        description:
          - Path of a static secret.
        type: str
      dynamic_secret:
        description:
          - Path of a dynamic secret.
        type: str
      integration:
        description:
          - Name of an integration, without its provider.
        type: str
      product:
        description:
          - V(true) for the whole product at the site.
        type: bool
  replace:
    description:
      - Replace, or with O(state=absent) delete, the policy of this name even if it is for another site, and replace it
        if it is for another principal or its text is not understood.
    type: bool
    default: false
  wait:
    description:
      - Wait until a written policy is in force or known to wait for its resource, and until a deleted one is unbound.
        After that the site obeys within about a minute.
      - Without waiting, the next task may still see the policy as it was before.
    type: bool
    default: true
  wait_timeout:
    description:
      - How long to wait at most, in seconds.
    type: int
    default: 600
seealso:
  - module: community.workload_credentials.iam_policy_info
  - module: community.workload_credentials.access_info
  - module: community.workload_credentials.workload_identity
"""

EXAMPLES = r"""
- name: The identity ci may generate from one dynamic secret
  community.workload_credentials.iam_policy:
    name: ci-generates-app
    principal:
      workload: ci
    actions: [GenerateDynamicCredential, RevokeLease]
    resource:
      dynamic_secret: prod/aws/app

- name: A group may read everything in a folder
  community.workload_credentials.iam_policy:
    name: developers-read-prod
    principal:
      group: developers
    grant: Viewer
    resource:
      folder: prod

- name: The same as Cedar
  community.workload_credentials.iam_policy:
    name: developers-read-prod
    cedar: |
      @siteId("a1b2c3d4-e5f6-4890-abcd-ef1234567890")
      permit(
        principal == Pathfinder::Group::"developers",
        action == WorkloadCredentials::Action::"Viewer",
        resource == WorkloadCredentials::Folder::"/prod"
      );

- name: This policy no longer lets anyone generate
  community.workload_credentials.iam_policy:
    name: ci-generates-app
    state: absent
"""

RETURN = r"""
iam_policy:
  description:
    - The policy as it is at the end. In check mode a policy that would be written has no C(status) and no times.
    - C(in_force) says whether it grants anything now. C(parsed) is its meaning, where C(grants) has the actions with
      roles expanded; it is null if the text is not understood, and C(problem) says why.
  returned: state is present
  type: dict
  sample:
    name: ci-generates-app
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
"""

from ..module_utils._resources.iam_policy import IAM_POLICY
from ..module_utils._run import run_module


def main() -> None:
    """Run the module."""
    run_module(IAM_POLICY)


if __name__ == "__main__":
    main()
