#!/usr/bin/python
# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: workload_identity
short_description: Manage workload identities
version_added: 1.0.0
description:
  - Registers a workload identity, so that tokens of an OIDC issuer whose claims meet its conditions count at a site.
    CI jobs, Kubernetes service accounts and cloud machines then need no stored token.
  - An identity alone grants nothing. M(community.workload_credentials.iam_policy) says what it may do.
  - This works on the administration site (O(admin_site_id)); O(site_id) is the site where the tokens are to count.
  - An identity can be bound to several sites. O(registered_scopes) and O(scope_level) belong to the binding to
    O(site_id), and bindings to other sites stay as they are. Everything else counts at all its sites, and a warning
    names them if it changes whose tokens count.
  - An identity of another site is bound to this one too if its service name, issuer and conditions are the same.
    Otherwise a new identity is registered.
author:
  - community.workload_credentials contributors (@ansible-collections)
extends_documentation_fragment:
  - community.workload_credentials.attributes.administration
  - community.workload_credentials.attributes
  - community.workload_credentials.connection
options:
  state:
    description:
      - V(present) registers or updates, V(absent) removes. An identity that is bound to other sites too only loses its
        binding to this one.
      - A warning names the policies that grant nothing without the identity.
    type: str
    choices: [present, absent]
    default: present
  service_name:
    description:
      - Name of the identity. Tokens are sent with this name in the header C(X-BT-Service-Name).
      - It is stored in lower case. This is not the connection's option of the same name.
    type: str
    required: true
  issuer_url:
    description:
      - The issuer exactly as its tokens carry it in the claim C(iss). It is sent as it is, and compared without case,
        because some services store it in lower case.
      - Needed to register an identity. The service never changes it; see O(recreate).
    type: str
  idp_category:
    description:
      - Kind of the issuer. Needed to register an identity. The service never changes it; see O(recreate).
    type: str
    choices: [GitHubActions, AzureEntra, Custom]
  conditions:
    description:
      - Claims that a token must have, each with a list of values, one of which must match. All claims must match.
      - A value may end in V(*), which stands for anything. It has at most 256 characters.
      - With O(idp_category=GitHubActions) the claims are V(sub), V(repository), V(repository_owner), V(ref),
        V(job_workflow_ref), V(workflow_ref), V(environment), V(event_name) and V(actor), and a value of V(sub) begins
        with V(repo:<owner>/<repository>).
      - When set, it replaces all conditions. Without conditions every token of the issuer counts, and there is a
        warning.
    type: dict
  registered_scopes:
    description:
      - Scopes of the identity at the site. V(secrets) is this product.
    type: list
    elements: str
    default: [secrets]
  scope_level:
    description:
      - Whether the binding is for the site or for the organization. When not set, V(site) for a new binding.
    type: str
    choices: [site, org]
  description:
    description:
      - A description for people. When not set, the present one stays.
    type: str
  recreate:
    description:
      - Remove the identity and register a new one where O(issuer_url) or O(idp_category) differ. The new one has
        another ID, so policies that name the old ID grant nothing until they name the new one. Without it such a
        difference is an error.
    type: bool
    default: false
seealso:
  - module: community.workload_credentials.workload_identity_info
  - module: community.workload_credentials.iam_policy
"""

EXAMPLES = r"""
- name: A job of GitHub Actions on the main branch is the identity ci
  community.workload_credentials.workload_identity:
    service_name: ci
    issuer_url: https://token.actions.githubusercontent.com
    idp_category: GitHubActions
    conditions:
      sub: ['repo:example/app:ref:refs/heads/main']
    description: Deploys from the main branch
  register: ci

- name: The ID that policies name
  ansible.builtin.debug:
    var: ci.workload_identity.id

- name: A service account of a Kubernetes cluster
  community.workload_credentials.workload_identity:
    service_name: app
    issuer_url: https://oidc.example.com/id/CLUSTER
    idp_category: Custom
    conditions:
      sub: ['system:serviceaccount:prod:app']

- name: No job may use the site as ci any more
  community.workload_credentials.workload_identity:
    service_name: ci
    state: absent
"""

RETURN = r"""
workload_identity:
  description:
    - The identity as it is at the end, or as it would be in check mode, where C(id) is missing for a new one.
    - C(sites) has all sites to which it is bound. C(expected_aud) is the audience that its tokens need there.
  returned: state is present
  type: dict
  sample:
    id: 5f0c2f5e-5a0c-4b1e-9c1e-1f4ad9a6a001
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
"""

from ..module_utils._resources.workload_identity import WORKLOAD_IDENTITY
from ..module_utils._run import run_module


def main() -> None:
    """Run the module."""
    run_module(WORKLOAD_IDENTITY)


if __name__ == "__main__":
    main()
