#!/usr/bin/python
# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: access_info
short_description: Report who may do what at a site
version_added: 1.0.0
description:
  - Computes access from the site's policies, the organization's workload identities and the site's folders, secrets
    and integrations. Only policies in force count.
  - Without O(path) and O(principal) it returns all access at the site. It takes two requests to the administration
    site and, where O(site_id) and its token are set, four to the site. If that token may not list the site, the
    answer is computed from the policies alone, and C(not_shown) says so.
author:
  - community.workload_credentials contributors (@ansible-collections)
extends_documentation_fragment:
  - community.workload_credentials.attributes.info
  - community.workload_credentials.attributes.administration
  - community.workload_credentials.attributes
  - community.workload_credentials.connection
options:
  path:
    description:
      - Every principal that reaches this path, which is that of a folder or a secret, or the name of an integration.
    type: str
  principal:
    description:
      - Everything that this principal reaches. Exactly one of the suboptions names it.
    type: dict
    suboptions:
      workload:
        description:
          - Service name of a workload identity.
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
seealso:
  - module: community.workload_credentials.iam_policy
  - module: community.workload_credentials.iam_policy_info
  - module: community.workload_credentials.workload_identity_info
"""

EXAMPLES = r"""
- name: Who reaches a dynamic secret?
  community.workload_credentials.access_info:
    path: prod/aws/app
  register: reaching

- name: The principals that may generate from it
  ansible.builtin.debug:
    msg: "{{ reaching.access | selectattr('may', 'contains', 'generate') | map(attribute='principal.name') | unique }}"

- name: What does the identity ci reach?
  community.workload_credentials.access_info:
    principal:
      workload: ci

- name: What is probably not intended?
  community.workload_credentials.access_info:
  register: site

- name: Stop if a policy is for an identity that does not exist
  ansible.builtin.assert:
    that: site.findings | selectattr('kind', 'eq', 'unknown_identity') | length == 0
"""

RETURN = r"""
access:
  description:
    - One entry for each principal and each resource that it reaches.
    - C(may) sums up the actions as V(read), V(generate), V(browse) and V(write). C(disputed) has actions of which the
      vendor's documents differ; they do not count.
    - C(policies) names what grants it, and the resource that each is granted on.
  returned: success
  type: list
  elements: dict
  sample:
    - principal:
        kind: workload
        id: 5f0c2f5e-5a0c-4b1e-9c1e-1f4ad9a6a001
        name: ci
      resource:
        kind: dynamic_secret
        path: prod/aws/app
      may: [generate, write]
      actions: [GenerateDynamicCredential, RevokeLease]
      disputed: []
      policies:
        - name: ci-generates-app
          granted_on:
            kind: dynamic_secret
            path: prod/aws/app
          inherited: false
findings:
  description:
    - What is probably not intended. With O(path) or O(principal) only what concerns it, or may concern it because the
      text of a policy is not understood.
    - C(kind) is one of V(unknown_identity) (a policy or O(principal) names an identity that does not exist),
      V(identity_of_another_site), V(product_admin) (Admin on the whole product), V(not_in_force), V(missing_path) (a
      policy on something that is not there), V(read_without_browse) (may read something and not find it in a list),
      V(identity_without_grant) and V(not_understood) (the text of a policy).
  returned: success
  type: list
  elements: dict
  sample:
    - kind: not_in_force
      message: 'ci-generates-app: its status is WAITING_FOR_RESOURCE.'
      policy: ci-generates-app
      principal:
        kind: workload
        id: 5f0c2f5e-5a0c-4b1e-9c1e-1f4ad9a6a001
        name: ci
      resource:
        kind: dynamic_secret
        path: prod/aws/app
not_shown:
  description:
    - The limits of this answer, which are due to what the service does not show.
  returned: success
  type: list
  elements: str
  sample:
    - The members of group developers are not listed.
"""

from ..module_utils._resources.access_info import ACCESS_INFO
from ..module_utils._run import run_module


def main() -> None:
    """Run the module."""
    run_module(ACCESS_INFO)


if __name__ == "__main__":
    main()
