#!/usr/bin/python
# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dynamic_secret
short_description: Manage dynamic secrets
version_added: 1.0.0
description:
  - Creates, updates, deletes and restores dynamic secrets, the definitions from which credentials are generated.
  - To generate credentials use P(community.workload_credentials.dynamic_credentials#lookup) or the module of that
    name.
author:
  - community.workload_credentials contributors (@ansible-collections)
extends_documentation_fragment:
  - community.workload_credentials.attributes
  - community.workload_credentials.connection
  - community.workload_credentials.lifecycle
  - community.workload_credentials.tags
options:
  path:
    description:
      - Path of the dynamic secret, such as V(prod/aws/app). A leading slash makes no difference.
      - Names hold letters, digits and C(- _ @ ~ * ^ %), at most 100 characters each and 500 in all.
    type: str
    required: true
  type:
    description:
      - The provider. Required with O(state=present).
    type: str
    choices: [aws, azure]
  integration_name:
    description:
      - Name of the integration to use, one of the same O(type). Needed to create one; it cannot change in place.
    type: str
  credential_type:
    description:
      - What is generated. It follows from O(type), V(assumed_role) for AWS and V(service_principal_password) for
        Azure.
    type: str
    choices: [assumed_role, service_principal_password]
  ttl:
    description:
      - How long credentials live, in seconds. From 900 to 43200 for AWS, from 3600 to 86400 for Azure. Needed to
        create one.
    type: int
  role_arn:
    description:
      - AWS only. ARN of the role whose credentials are generated. Needed to create one.
    type: str
  external_id:
    description:
      - AWS only. External ID to assume the role with. An empty string removes it.
    type: str
  policy_arns:
    description:
      - AWS only. Managed policies that narrow the credentials. Compared without order; an empty list removes them.
    type: list
    elements: str
  policy:
    description:
      - AWS only. Session policy that narrows the credentials, as JSON text or as a dictionary. Compared by its
        meaning; an empty string removes it.
    type: json
  groups:
    description:
      - AWS only. Groups, with 1 to 128 characters each. Compared without order; an empty list removes them.
    type: list
    elements: str
  aws_tags:
    description:
      - AWS only. Session tags, with keys of 1 to 128 and values of at most 256 characters.
      - They go to AWS with the credentials; O(tags) are those of the definition itself.
      - Session tags that are not named stay, unless O(purge_tags=true). V(null) removes one, an empty dictionary
        removes all.
    type: dict
  application_object_id:
    description:
      - Azure only. Object ID of the app registration for which passwords are generated, which is not its client
        ID. Needed to create one.
    type: str
  revoke_leases:
    description:
      - When the definition has to go, with O(state=absent) or O(recreate=true), revoke its leases first. Without it,
        living leases fail the task.
      - AWS leases cannot be revoked; they fail the task until they have expired.
    type: bool
    default: false
  recreate:
    description:
      - Where O(type), O(integration_name) or O(credential_type) differ, which cannot change in place, remove the
        definition for good and create it anew with its present tags. Without it, such a difference fails the task.
      - The task must name all that creating one needs. What it does not name of the old configuration is gone.
      - What can be known is checked before anything is removed. Where creating fails all the same, the message holds
        the options that make the old definition again.
    type: bool
    default: false
seealso:
  - module: community.workload_credentials.dynamic_secret_info
  - module: community.workload_credentials.dynamic_credentials
  - module: community.workload_credentials.integration
  - plugin: community.workload_credentials.dynamic_credentials
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Credentials of an AWS role, for an hour at a time
  community.workload_credentials.dynamic_secret:
    path: prod/aws/app
    type: aws
    integration_name: main
    role_arn: arn:aws:iam::123456789012:role/app
    ttl: 3600

- name: Narrow them to reading one bucket
  community.workload_credentials.dynamic_secret:
    path: prod/aws/app
    type: aws
    policy:
      Version: "2012-10-17"
      Statement:
        - Effect: Allow
          Action: s3:GetObject
          Resource: arn:aws:s3:::reports/*

- name: Passwords of an Azure app registration
  community.workload_credentials.dynamic_secret:
    path: prod/azure/app
    type: azure
    integration_name: main-azure
    application_object_id: 22222222-2222-4222-8222-222222222222
    ttl: 3600

- name: Move it to another integration, which cannot be done in place
  community.workload_credentials.dynamic_secret:
    path: prod/azure/app
    type: azure
    integration_name: second-azure
    application_object_id: 22222222-2222-4222-8222-222222222222
    ttl: 3600
    recreate: true
    revoke_leases: true

- name: Delete the definition and end what it generated
  community.workload_credentials.dynamic_secret:
    path: prod/azure/app
    state: absent
    revoke_leases: true
"""

RETURN = r"""
dynamic_secret:
  description:
    - The definition as it is at the end, or as it would be in check mode.
    - The integration is shown by its ID, C(config.integration_id); P(community.workload_credentials.integration#module)
      returns it as C(metadata.id).
  returned: state is present
  type: dict
  sample:
    path: prod/aws/app
    config:
      type: aws
      credential_type: assumed_role
      ttl: 3600
      integration_id: 87f59af6-894d-43ea-8821-a8dde45eb4fa
      role_arn: arn:aws:iam::123456789012:role/app
    metadata:
      id: fae8bacd-281c-43df-a91a-a49a2a48a07c
      tags: {}
      version: 1
      created_at: '2026-05-12T14:00:00-06:00'
"""

from ..module_utils._resources.dynamic_secret import DYNAMIC_SECRET
from ..module_utils._run import run_module


def main() -> None:
    """Run the module."""
    run_module(DYNAMIC_SECRET)


if __name__ == "__main__":
    main()
