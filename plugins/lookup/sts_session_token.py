# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: sts_session_token
short_description: Short-lived AWS credentials from the Security Token Service, on read
version_added: 1.0.0
description:
  - Requests a session from AWS' Security Token Service (STS) at the moment of use. Unlike External Secrets Operator's
    generator STSSessionToken, it supports all authentication methods.
  - The options decide which call is made. With O(web_identity_token_file) or O(service_account) it is
    AssumeRoleWithWebIdentity, with only O(role_arn) AssumeRole, otherwise GetSessionToken. In a pod with
    E(AWS_ROLE_ARN) and E(AWS_WEB_IDENTITY_TOKEN_FILE) in its environment, the lookup assumes that role if none of these
    options and no credentials are set.
  - Within a run, a host gets the same session until it is about to expire, so all uses of a variable with this lookup
    get values of the same session.
author:
  - community.workload_credentials contributors (@ansible-collections)
requirements:
  - botocore on the controller
extends_documentation_fragment:
  - community.workload_credentials.generate
options:
  _terms:
    description:
      - Names of profiles in C(~/.aws/config) or C(~/.aws/credentials). A session is requested for each.
      - Without terms, credentials come from the options, or else AWS' default chain (environment, profile C(default),
        container, machine).
      - A profile with a role, single sign-on or a credential process, and a container or machine with a role, already
        have a session. Without O(role_arn), the lookup returns this session as C(aws configure export-credentials)
        does, and fails with O(duration_seconds) or O(serial_number).
    type: list
    elements: str
  key:
    description:
      - Return one field of the chosen O(format) instead of a dictionary.
      - V(seconds_left), with O(format=raw), is the number of whole seconds until the expiration by this machine's
        clock, V(0) if it has passed, and null if it is not known.
    type: str
  format:
    description:
      - V(raw) has the keys that External Secrets Operator writes.
      - V(aws_env) are the environment variables for AWS' tools.
      - V(aws_credentials) is the text of an AWS credentials file with the profile C(default).
    type: str
    choices: [raw, aws_env, aws_credentials]
    default: raw
  region:
    description:
      - Region of the STS. A profile may set it too.
    type: str
    env:
      - name: AWS_REGION
      - name: AWS_DEFAULT_REGION
    ini:
      - section: workload_credentials
        key: region
    vars:
      - name: workload_credentials_region
  profile:
    description:
      - Name of the profile to use if there are no terms.
      - The nearest source that sets this, O(access_key), O(secret_key) or O(session_token) is used for all of them. It
        may set keys or a profile. In the environment, keys have precedence over a profile, as in AWS' own tools.
    type: str
    env:
      - name: AWS_PROFILE
      - name: AWS_DEFAULT_PROFILE
    ini:
      - section: workload_credentials
        key: profile
    vars:
      - name: workload_credentials_profile
  access_key:
    description:
      - ID of the access key to authenticate with, together with O(secret_key).
    type: str
    env:
      - name: AWS_ACCESS_KEY_ID
      - name: AWS_ACCESS_KEY
    ini:
      - section: workload_credentials
        key: access_key
    vars:
      - name: workload_credentials_access_key
  secret_key:
    description:
      - The secret access key. It is never shown.
    type: str
    env:
      - name: AWS_SECRET_ACCESS_KEY
      - name: AWS_SECRET_KEY
    ini:
      - section: workload_credentials
        key: secret_key
    vars:
      - name: workload_credentials_secret_key
  session_token:
    description:
      - The session token of temporary keys. It is never shown.
      - Temporary keys can assume a role (O(role_arn)). AWS rejects GetSessionToken with them.
      - White space around the keys and the token is ignored.
    type: str
    env:
      - name: AWS_SESSION_TOKEN
    ini:
      - section: workload_credentials
        key: session_token
    vars:
      - name: workload_credentials_session_token
  endpoint_url:
    description:
      - Address of the STS. Default is AWS' own for the region.
      - E(AWS_CA_BUNDLE) is the file with its certificate authority, if it is not a public one.
    type: str
    env:
      - name: AWS_URL
    ini:
      - section: workload_credentials
        key: endpoint_url
    vars:
      - name: workload_credentials_endpoint_url
  duration_seconds:
    description:
      - Lifetime of the session in seconds. GetSessionToken accepts V(900) to V(129600), and the default is 43200.
        Assuming a role accepts V(900) to V(43200), and the default is 3600; the role's own maximum may be lower.
      - With the credentials of another role, a role can be assumed for at most V(3600).
      - RV(_raw[].expiration) is the actual expiration. It may be earlier, as for an account's root user.
    type: int
  serial_number:
    description:
      - The MFA device of O(token_code).
    type: str
  token_code:
    description:
      - A code of the MFA device, as a string of six digits (in quotes). It is sent once and never shown.
      - A code is valid once, so it works with a single term, and its request is not retried. The session is reused in
        the run like any other (see O(reuse)); another session of the same run requires another code.
    type: str
  role_arn:
    description:
      - The role to assume.
    type: str
  role_session_name:
    description:
      - Name of a role's session in AWS' logs. Default is C(workload-credentials).
    type: str
  external_id:
    description:
      - The external ID that the role's trust policy requires (AssumeRole).
    type: str
  policy:
    description:
      - An IAM policy, as a dictionary or JSON, that limits the session's permissions to less than the role's.
    type: raw
  policy_arns:
    description:
      - ARNs of IAM policies that limit the session's permissions to less than the role's.
    type: list
    elements: str
  web_identity_token_file:
    description:
      - File with a token of an OpenID Connect provider that the role trusts, such as the projected token of a service
        account or the ID token of a CI job. It is read at each use.
    type: path
  service_account:
    description:
      - A Kubernetes service account that the role trusts. The lookup requests a token from the cluster for this call
        only (TokenRequest, which requires the permission V(create) on C(serviceaccounts/token)), so that a role for
        service accounts (IRSA) works outside of a pod.
      - The connection to the cluster is that of the modules of C(kubernetes.core), from the environment variables
        C(K8S_AUTH_*), the pod's own cluster, or the usual kubeconfig.
    type: dict
    suboptions:
      namespace:
        description: Namespace of the service account.
        type: str
        required: true
      name:
        description: Name of the service account.
        type: str
        required: true
      audience:
        description: Audience of the token.
        type: str
        default: sts.amazonaws.com
      kubeconfig:
        description: Path of the cluster's kubeconfig.
        type: path
      context:
        description: Context in the kubeconfig.
        type: str
notes:
  - STS cannot revoke a session, and assigns no ID. A session is therefore valid until it expires, is not recorded among
    the run's leases, and cannot be listed or revoked. Request the shortest lifetime that your tasks need with
    O(duration_seconds).
  - The sessions of a run are stored in its own temporary folder, readable by its user only, and removed at the end of
    the run. They are encrypted with a key derived from O(secret_key), if an option, variable or the environment sets
    it. Otherwise (a profile, a web identity, the role of a machine or container) the key is random and stored in the
    same folder with mode 0600. Then only the permissions of the folder protect the sessions.
  - With keys or a web identity, the lookup reads only what it needs, and ignores an E(AWS_PROFILE) that does not exist
    on this machine. Empty variables of AWS' tools count as not set.
  - botocore handles throttling, with E(AWS_MAX_ATTEMPTS) and E(AWS_RETRY_MODE).
seealso:
  - plugin: community.workload_credentials.dynamic_credentials
    plugin_type: lookup
  - module: community.workload_credentials.cluster_credentials
"""

EXAMPLES = r"""
- name: Run a command with a session of the user whose keys are in the environment
  ansible.builtin.command: aws s3 ls
  environment: >-
    {{ lookup('community.workload_credentials.sts_session_token', format='aws_env', duration_seconds=900) }}
  changed_when: false

- name: Use a role in another account; all values are of the same session
  ansible.builtin.command: /usr/local/bin/report
  vars:
    session: >-
      {{ lookup('community.workload_credentials.sts_session_token', region='eu-west-1',
                role_arn='arn:aws:iam::123456789012:role/report', external_id='partner-7') }}
  environment:
    KEY_ID: "{{ session.access_key_id }}"
    SECRET: "{{ session.secret_access_key }}"
    TOKEN: "{{ session.session_token }}"
  changed_when: false

- name: Use a code of an MFA device, once for all hosts
  ansible.builtin.command: /usr/local/bin/report
  environment: >-
    {{ lookup('community.workload_credentials.sts_session_token', 'admin', format='aws_env', reuse='run',
              serial_number='arn:aws:iam::123456789012:mfa/me', token_code=mfa_code | string) }}
  changed_when: false

- name: Write an AWS profile with the ID token of a CI job
  ansible.builtin.copy:
    content: >-
      {{ lookup('community.workload_credentials.sts_session_token', format='aws_credentials', region='eu-west-1',
                role_arn='arn:aws:iam::123456789012:role/deploy', role_session_name='ci-' ~ job,
                web_identity_token_file='/run/secrets/id-token') }}
    dest: ~/.aws/credentials
    mode: "0600"
  vars:
    job: 4711
"""

RETURN = r"""
_raw:
  description: The session's credentials for each term in the chosen format, or their field O(key).
  type: list
  elements: dict
  contains:
    access_key_id:
      description: ID of the temporary access key.
      type: str
      returned: with O(format=raw)
      sample: ASIAIOSFODNN7EXAMPLE
    secret_access_key:
      description: The secret access key that signs requests.
      type: str
      returned: with O(format=raw)
      sample: example
    session_token:
      description: The session token to send with the keys.
      type: str
      returned: with O(format=raw)
      sample: example
    expiration:
      description: When the session expires, in UTC. External Secrets Operator writes it as seconds since 1970.
      type: str
      returned: with O(format=raw), unless it is not known, as for a session token in a profile
      sample: '2026-05-10T21:00:00Z'
"""

from collections.abc import Mapping
from typing import Any

import ansible_collections.community.workload_credentials.plugins.plugin_utils._bytecode  # noqa: F401  # pylint: disable=unused-import

from ..plugin_utils._leases.sts_sessions import OPTIONS, sessions_on_read
from ..plugin_utils._lookup_base import CollectionLookup


class LookupModule(CollectionLookup):
    """The lookup's entry point."""

    own = OPTIONS

    def answer(self, terms: list[str], variables: Mapping[str, Any]) -> list[Any]:
        """Sessions for the terms, in their order."""
        return sessions_on_read(terms, self.generating(variables), self.origins, variables, self.warn)
