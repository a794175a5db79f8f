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
  - To generate credentials, use P(community.workload_credentials.dynamic_credentials#lookup) or the module of the same
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
      - Path of the dynamic secret, such as V(prod/aws/app). A leading slash is ignored.
      - Names may contain letters, digits and C(- _ @ ~ * ^ %), with at most 100 characters each and 500 in total.
    type: str
    required: true
  type:
    description:
      - The provider. Required with O(state=present).
    type: str
    choices: [aws, azure]
  integration_name:
    description:
      - Name of the integration to use, with the same O(type). Required to create a dynamic secret. It cannot be changed
        in place; see O(recreate).
    type: str
  credential_type:
    description:
      - Type of the generated credentials. Default is V(assumed_role) for AWS and V(service_principal_password) for
        Azure.
    type: str
    choices: [assumed_role, service_principal_password]
  ttl:
    description:
      - Lifetime of the credentials in seconds, from 900 to 43200 for AWS and from 3600 to 86400 for Azure. Required to
        create a dynamic secret.
    type: int
  role_arn:
    description:
      - AWS only. ARN of the role to generate credentials for. Required to create a dynamic secret.
    type: str
  external_id:
    description:
      - AWS only. External ID to assume the role with. An empty string removes it.
    type: str
  policy_arns:
    description:
      - AWS only. Managed policies that limit the credentials. The order is ignored. An empty list removes all.
    type: list
    elements: str
  policy:
    description:
      - AWS only. Session policy that limits the credentials, as JSON text or as a dictionary. It is compared as JSON.
        An empty string removes it.
    type: json
  groups:
    description:
      - AWS only. Groups, of 1 to 128 characters each. The order is ignored. An empty list removes all.
    type: list
    elements: str
  aws_tags:
    description:
      - AWS only. Session tags, with keys of 1 to 128 characters and values of at most 256.
      - They are sent to AWS with the credentials; O(tags) are tags of the dynamic secret itself.
      - Other session tags stay, unless O(purge_tags=true). V(null) removes a tag, an empty dictionary removes all.
    type: dict
  application_object_id:
    description:
      - Azure only. Object ID (not the client ID) of the app registration to generate passwords for. Required to create
        a dynamic secret.
    type: str
  revoke_leases:
    description:
      - With O(state=absent) or O(recreate=true), revoke the active leases before removing the dynamic secret.
        Otherwise, active leases fail the task.
      - AWS leases cannot be revoked, and fail the task until they expire.
    type: bool
    default: false
  recreate:
    description:
      - O(type), O(integration_name) and O(credential_type) cannot be changed in place. If they differ, delete the
        dynamic secret permanently and create it again with its present tags. Otherwise, such a difference fails the
        task.
      - The task must set all options that creating a dynamic secret requires. Other settings of the old one are lost.
      - The task checks what it can before it removes anything. If creating fails nevertheless, the message contains the
        options to recreate the old dynamic secret.
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
- name: Generate credentials of an AWS role, valid for an hour
  community.workload_credentials.dynamic_secret:
    path: prod/aws/app
    type: aws
    integration_name: main
    role_arn: arn:aws:iam::123456789012:role/app
    ttl: 3600

- name: Limit them to reading one bucket
  community.workload_credentials.dynamic_secret:
    path: prod/aws/app
    type: aws
    policy:
      Version: "2012-10-17"
      Statement:
        - Effect: Allow
          Action: s3:GetObject
          Resource: arn:aws:s3:::reports/*

- name: Generate passwords of an Azure app registration
  community.workload_credentials.dynamic_secret:
    path: prod/azure/app
    type: azure
    integration_name: main-azure
    application_object_id: 22222222-2222-4222-8222-222222222222
    ttl: 3600

- name: Move it to another integration, which recreates it
  community.workload_credentials.dynamic_secret:
    path: prod/azure/app
    type: azure
    integration_name: second-azure
    application_object_id: 22222222-2222-4222-8222-222222222222
    ttl: 3600
    recreate: true
    revoke_leases: true

- name: Delete it and revoke its leases
  community.workload_credentials.dynamic_secret:
    path: prod/azure/app
    state: absent
    revoke_leases: true
"""

RETURN = r"""
dynamic_secret:
  description:
    - The definition after the task, or as predicted in check mode.
    - C(config.integration_id) is the ID of the integration, which P(community.workload_credentials.integration#module)
      returns as C(metadata.id).
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
