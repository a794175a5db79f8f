#!/usr/bin/python
# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: integration_info
short_description: Read integrations
version_added: 1.0.0
description:
  - Reads one integration with its configuration, or lists all integrations or those of one provider.
  - Returns an empty list if there is no integration with the name.
author:
  - community.workload_credentials contributors (@ansible-collections)
extends_documentation_fragment:
  - community.workload_credentials.attributes.info
  - community.workload_credentials.attributes
  - community.workload_credentials.connection
options:
  type:
    description:
      - List only integrations of this provider. Required with O(name).
    type: str
    choices: [aws, azure]
  name:
    description:
      - Read this integration with its configuration, which lists do not include.
    type: str
  dynamic_secrets:
    description:
      - Add the dynamic secrets that use each integration, with the number of their active leases. This sends one more
        request for each integration.
    type: bool
    default: false
seealso:
  - module: community.workload_credentials.integration
  - module: community.workload_credentials.dynamic_secret_info
"""

EXAMPLES = r"""
- name: List all integrations
  community.workload_credentials.integration_info:
  register: integrations

- name: List those for Azure
  community.workload_credentials.integration_info:
    type: azure
  register: azure

- name: List the dynamic secrets that use an integration
  community.workload_credentials.integration_info:
    type: aws
    name: main
    dynamic_secrets: true
  register: main
"""

RETURN = r"""
integrations:
  description:
    - The integrations.
    - With O(name), an item has C(config) and C(metadata), as in the sample. Otherwise, each has C(id), C(name), C(type)
      and C(created_at).
    - C(dynamic_secrets) is set with O(dynamic_secrets=true).
  returned: success
  type: list
  elements: dict
  sample:
    - name: main
      type: aws
      config:
        role_arn: arn:aws:iam::123456789012:role/workload-credentials
        external_id: fae8bacd-281c-43df-a91a-a49a2a48a07c
      metadata:
        id: fae8bacd-281c-43df-a91a-a49a2a48a07c
        version: 1
        created_at: '2026-05-12T14:00:00-06:00'
      dynamic_secrets:
        - path: prod/aws/app
          type: dynamic-aws
          metadata:
            id: 2fb88d4e-86c6-4002-af6d-e04f9dc647aa
            created_at: '2026-05-12T14:00:00-06:00'
          active_lease_count: 2
"""

from ..module_utils._resources.integration import INTEGRATION_INFO
from ..module_utils._run import run_module


def main() -> None:
    """Run the module."""
    run_module(INTEGRATION_INFO)


if __name__ == "__main__":
    main()
