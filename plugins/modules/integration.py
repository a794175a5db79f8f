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
  - Creates, updates and deletes integrations, which say how the service reaches a cloud account.
  - An integration that a dynamic secret uses, a deleted one included, cannot be deleted.
  - While a cloud's permissions spread after they were granted, the service's own test of a new integration can
    fail; it is tried three times.
author:
  - community.workload_credentials contributors (@ansible-collections)
extends_documentation_fragment:
  - community.workload_credentials.attributes
  - community.workload_credentials.connection
options:
  state:
    description:
      - V(present) creates or updates, V(absent) deletes. What is gone already counts as deleted.
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
      - It holds letters, digits, spaces and C(- _ @ ~ * ^ %), at most 100 characters.
    type: str
    required: true
  role_arn:
    description:
      - ARN of the role that the service assumes. Needed to create one with O(type=aws).
    type: str
  tenant_id:
    description:
      - The Microsoft Entra tenant. Needed to create one with O(type=azure).
    type: str
  client_id:
    description:
      - The app registration that the service signs in as. Needed to create one with O(type=azure).
    type: str
  client_secret:
    description:
      - The app's secret. Needed to create one with O(type=azure). The service never gives it back.
      - For an integration that exists it is sent with O(update_secret=always) only. An empty one is not sent, and there
        is a warning.
    type: str
  update_secret:
    description:
      - When to send O(client_secret). V(on_create) sends it to create the integration only; V(always) sends it
        each time, and the task is changed each time, because nothing tells whether it differs.
    type: str
    choices: [on_create, always]
    default: on_create
seealso:
  - module: community.workload_credentials.integration_info
  - module: community.workload_credentials.dynamic_secret
"""

EXAMPLES = r"""
- name: Reach an AWS account through a role
  community.workload_credentials.integration:
    type: aws
    name: main
    role_arn: arn:aws:iam::123456789012:role/workload-credentials
  register: main

- name: What the role's trust policy must name
  ansible.builtin.debug:
    var: main.integration.config.external_id

- name: Reach an Azure tenant
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
    - The integration as it is at the end, or as it would be in check mode.
    - For AWS C(config.external_id) is the external ID that the service made. In check mode it is missing where the
      integration would be created.
    - For Azure C(config) holds C(tenant_id) and C(client_id), never the secret.
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
