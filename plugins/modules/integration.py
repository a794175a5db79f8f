#!/usr/bin/python
# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: integration
short_description: Manage integrations with AWS and Azure
version_added: 1.0.0
description:
  - Creates, updates and deletes integrations, which connect the service to a cloud account.
  - An integration that a dynamic secret uses, even a deleted one, cannot be deleted.
  - The service tests a new integration. This test can fail until permissions that were just granted take effect in the
    cloud, so it is tried three times.
author:
  - community.workload_credentials contributors (@ansible-collections)
extends_documentation_fragment:
  - community.workload_credentials.attributes
  - community.workload_credentials.connection
options:
  state:
    description:
      - V(present) creates or updates, V(absent) deletes. An integration that does not exist counts as deleted.
    type: str
    choices: [present, absent]
    default: present
  type:
    description:
      - The provider.
    type: str
    choices: [aws, azure]
    required: true
  name:
    description:
      - Name of the integration, unique for its provider.
      - It may contain letters, digits, spaces and C(- _ @ ~ * ^ %), with at most 100 characters.
    type: str
    required: true
  role_arn:
    description:
      - ARN of the role that the service assumes. Required to create an integration with O(type=aws).
    type: str
  tenant_id:
    description:
      - ID of the Microsoft Entra tenant. Required to create an integration with O(type=azure).
    type: str
  client_id:
    description:
      - Client ID of the app registration that the service signs in as. Required to create an integration with
        O(type=azure).
    type: str
  client_secret:
    description:
      - The app's client secret. Required to create an integration with O(type=azure). The service never returns it.
      - For an existing integration, it is sent only with O(update_secret=always). An empty secret is not sent, with a
        warning.
    type: str
  update_secret:
    description:
      - When to send O(client_secret). V(on_create) sends it only to create the integration. V(always) sends it and
        reports a change each time, since the service does not say whether it differs.
    type: str
    choices: [on_create, always]
    default: on_create
seealso:
  - module: community.workload_credentials.integration_info
  - module: community.workload_credentials.dynamic_secret
"""

EXAMPLES = r"""
- name: Connect an AWS account through a role
  community.workload_credentials.integration:
    type: aws
    name: main
    role_arn: arn:aws:iam::123456789012:role/workload-credentials
  register: main

- name: Show the external ID for the role's trust policy
  ansible.builtin.debug:
    var: main.integration.config.external_id

- name: Connect an Azure tenant
  community.workload_credentials.integration:
    type: azure
    name: main-azure
    tenant_id: 00000000-0000-4000-8000-000000000000
    client_id: 11111111-1111-4111-8111-111111111111
    client_secret: "{{ azure_client_secret }}"

- name: Rotate the client secret
  community.workload_credentials.integration:
    type: azure
    name: main-azure
    client_secret: "{{ azure_client_secret }}"
    update_secret: always
"""

RETURN = r"""
integration:
  description:
    - The integration after the task, or as predicted in check mode.
    - For AWS, C(config.external_id) is the external ID that the service created. It is missing in check mode if the
      integration would be created.
    - For Azure, C(config) has C(tenant_id) and C(client_id), but never the secret.
  returned: state is present
  type: dict
  sample:
    name: main
    type: aws
    config:
      role_arn: arn:aws:iam::123456789012:role/workload-credentials
      external_id: fae8bacd-281c-43df-a91a-a49a2a48a07c
    metadata:
      id: fae8bacd-281c-43df-a91a-a49a2a48a07c
      version: 1
      created_at: '2026-05-12T14:00:00-06:00'
"""

from ..module_utils._resources.integration import INTEGRATION
from ..module_utils._run import run_module


def main() -> None:
    """Run the module."""
    run_module(INTEGRATION)


if __name__ == "__main__":
    main()
