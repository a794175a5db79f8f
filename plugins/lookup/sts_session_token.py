# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: sts_session_token
short_description: Short-lived AWS credentials from the Security Token Service, on read
version_added: 1.0.0
description:
  - Asks AWS' Security Token Service (STS) for a session at the moment of use, as External Secrets Operator's generator
    STSSessionToken does, and in the ways in which that one fails, too.
  - Which call is made follows from the options. With O(web_identity_token_file) or O(service_account) it is
    AssumeRoleWithWebIdentity, with O(role_arn) alone AssumeRole, otherwise GetSessionToken. In a pod whose
    environment has E(AWS_ROLE_ARN) and E(AWS_WEB_IDENTITY_TOKEN_FILE), the lookup without any of these options and
    without credentials takes that role.
  - Within a run a host gets the same session each time, until it is about to expire, so that every use of a variable
    that holds this lookup gives values of one and the same session.
author:
  - community.workload_credentials contributors (@ansible-collections)
requirements:
  - botocore on the controller
extends_documentation_fragment:
  - community.workload_credentials.generate
options:
  _terms:
    description:
      - Names of profiles in C(~/.aws/config) or C(~/.aws/credentials), of each of which a session is asked for, several
        at the same time.
      - Without any, the options say who asks; where they do not, AWS' default chain finds credentials (environment,
        profile C(default), container, machine).
      - A profile that is a role, single sign-on or a program, and a container or machine with a role, have a session
        already. Without O(role_arn) that session is given as it is, as C(aws configure export-credentials) gives it,
        and O(duration_seconds) and O(serial_number) are refused.
    type: list
    elements: str
  key:
    description:
      - Return one field instead of a dictionary. The field is one of the O(format)'s.
      - V(seconds_left), with O(format=raw), gives the whole seconds until the expiration by the clock of this machine.
        It is V(0) when that is past, and none where the expiration is not known.
    type: str
  format:
    description:
      - V(raw) has the keys that External Secrets Operator writes.
      - V(aws_env) are the environment variables that AWS' tools read.
      - V(aws_credentials) is the text of an AWS credentials file with the profile C(default).
    type: str
    choices: [raw, aws_env, aws_credentials]
    default: raw
  region:
    description:
      - Region of the STS that is asked. A profile may say it, too.
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
      - Name of the profile that asks, where no term names one.
      - The nearest source that sets this, O(access_key), O(secret_key) or O(session_token) counts for all of them.
        It may set keys or a profile; in the environment keys come before a profile, as in AWS' own tools.
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
      - ID of the access key that asks, with O(secret_key).
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
      - The session token that belongs to temporary keys. It is never shown.
      - Temporary keys can assume a role (O(role_arn)). AWS refuses GetSessionToken to them.
      - Spaces and line ends around keys, secret and token are left out.
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
      - Address of the STS that is asked, instead of AWS' own of the region.
      - E(AWS_CA_BUNDLE) names the certificates of its authority, where that is no public one.
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
      - How long the session lives. GetSessionToken takes V(900) to V(129600), and gives 43200 where nothing is said.
        Assuming a role takes V(900) to V(43200) and gives 3600; the role's own maximum may be lower.
      - With the credentials of another role a role can be assumed for V(3600) at most.
      - What AWS gave is in RV(_raw[].expiration), also where that is less, as for the root user of an account.
    type: int
  serial_number:
    description:
      - The MFA device whose code O(token_code) is.
    type: str
  token_code:
    description:
      - A code of the MFA device, as a text of six digits (in quotes). It is sent once and never shown.
      - A code serves once, so it serves a single term, and a request that sends one is not repeated. The session is
        kept for the run as any other (see O(reuse)); another session of the same run needs another code.
    type: str
  role_arn:
    description:
      - The role to assume.
    type: str
  role_session_name:
    description:
      - What AWS' logs call the session of a role. It is C(workload-credentials) where nothing is said.
    type: str
  external_id:
    description:
      - The external ID that the role's trust policy asks for (AssumeRole).
    type: str
  policy:
    description:
      - An IAM policy, as a dictionary or JSON, by which the session may do less than its role.
    type: raw
  policy_arns:
    description:
      - ARNs of IAM policies by which the session may do less than its role.
    type: list
    elements: str
  web_identity_token_file:
    description:
      - File with a token of an OpenID Connect provider that the role trusts, such as the projected token of a service
        account or the ID token of a CI job. It is read at each use.
    type: path
  service_account:
    description:
      - A Kubernetes service account that the role trusts. Its token is asked of the cluster for this one use
        (TokenRequest, for which the right V(create) on C(serviceaccounts/token) is needed), so that a role for service
        accounts (IRSA) serves where there is no pod.
      - The cluster is found as by the modules of C(kubernetes.core), with the environment variables C(K8S_AUTH_*), in
        the pod's own cluster, or with the usual kubeconfig.
    type: dict
    suboptions:
      namespace:
        description: Its namespace.
        type: str
        required: true
      name:
        description: Its name.
        type: str
        required: true
      audience:
        description: For whom the token is.
        type: str
        default: sts.amazonaws.com
      kubeconfig:
        description: Path of the kubeconfig that leads to the cluster.
        type: path
      context:
        description: The context in it.
        type: str
notes:
  - STS knows no way to end a session early, and gives it no ID. So a session ends with its expiration, has no
    note among the run's leases, and nothing lists or revokes it. Ask for what the work needs with O(duration_seconds).
  - The sessions of a run are kept in its own temporary folder, readable by its user only, and go with the run. They are
    encrypted with a key made from O(secret_key) where an option, variable or the environment holds it. Otherwise (a
    profile, a web identity, the role of a machine or container) the key is random and lies in the same folder with
    mode 0600. Then the sessions are as safe as that folder is.
  - With keys, or a web identity, nothing is read that is not needed. A profile in E(AWS_PROFILE) that this machine does
    not have is ignored then. Empty variables of AWS' tools count as not set.
  - Of throttling botocore takes care, with E(AWS_MAX_ATTEMPTS) and E(AWS_RETRY_MODE).
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

- name: Use a role in another account; both halves are of one session
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

- name: Ask with a code of an MFA device, once for all hosts
  ansible.builtin.command: /usr/local/bin/report
  environment: >-
    {{ lookup('community.workload_credentials.sts_session_token', 'admin', format='aws_env', reuse='run',
              serial_number='arn:aws:iam::123456789012:mfa/me', token_code=mfa_code | string) }}
  changed_when: false

- name: Write an AWS profile for a job that has an ID token of its CI system
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
  description: For each term the session's credentials in the chosen format, or the field O(key) of them.
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
      description: The token that has to be sent with the keys.
      type: str
      returned: with O(format=raw)
      sample: example
    expiration:
      description: When the session ends, in UTC. External Secrets Operator writes it as seconds since 1970.
      type: str
      returned: with O(format=raw), unless it is not known, as for a session token that stands in a profile
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
