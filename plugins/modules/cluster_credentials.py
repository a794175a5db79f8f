#!/usr/bin/python
# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cluster_credentials
short_description: Deliver credentials into a Kubernetes cluster as Secrets
version_added: 1.0.0
description:
  - Each entry becomes a Secret, pushed from here or kept fresh by External Secrets Operator in the cluster. This is the
    one step of the role C(community.workload_credentials.cluster_credentials), whose variables are these options.
  - A pushed one that holds dynamic credentials gets a new lease only when no more than a quarter of its life is left,
    or when its Secret is missing, was changed by somebody else, or is defined differently now.
  - What can be refused is refused before anything is minted, with every problem of every entry in one message. What
    the cluster then refuses stops that entry alone, and the task fails at its end, naming each.
  - It works on the controller. The cluster is reached from there where the task's host is local, and through the
    modules of kubernetes.core on the host where it is not, such as a jump host.
author:
  - community.workload_credentials contributors (@ansible-collections)
extends_documentation_fragment:
  - community.workload_credentials.connection
attributes:
  action_group:
    description:
      - Use C(group/community.workload_credentials.workload_credentials) in C(module_defaults) to set the connection
        once.
    support: full
    membership:
      - community.workload_credentials.workload_credentials
  check_mode:
    description: Predicts with the cluster's own dry run, and mints nothing.
    support: full
  diff_mode:
    description: Names keys, labels and annotations, and the operator's objects in full. It never shows a value.
    support: full
  async:
    description: Supports being used with the C(async) keyword.
    support: none
options:
  entries:
    description: What to deliver, one Secret an entry.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the Secret.
        type: str
        required: true
      namespace:
        description: Its namespace.
        type: str
        required: true
      dynamic_secret:
        description: Path of the dynamic secret whose credentials it holds. Exactly one source is needed.
        type: str
      static_secret:
        description: Path of the static secret whose values it holds.
        type: str
      sts_session_token:
        description:
          - A session of AWS' Security Token Service. With the delivery push every mechanism works, and the options of
            the lookup sts_session_token and of the operator's manifests may be used. External Secrets Operator itself
            knows long-term keys of an IAM user only, and just the options from secret_ref on.
        type: dict
        suboptions:
          region:
            description: AWS' region. External Secrets Operator cannot do without.
            type: str
          profile:
            description: Profile in the AWS configuration of the controller that asks.
            type: str
          access_key:
            description: ID of the access key that asks. Default is what AWS' tools find on the controller.
            type: str
          secret_key:
            description: The secret access key to it.
            type: str
          session_token:
            description: The session token to it, where the keys are temporary ones.
            type: str
          endpoint_url:
            description: Address of the STS, if not AWS' own.
            type: str
          duration_seconds:
            description: Life of the session in seconds, from 900 to 129600, and to 43200 for a role.
            type: int
          serial_number:
            description: The MFA device of which there is a code.
            type: str
          token_code:
            description:
              - A code of the MFA device, six digits in quotes. It serves for one session, so each rotation needs
                another.
            type: str
          role_arn:
            description: The role to assume.
            type: str
          role_session_name:
            description: What AWS' logs call the session of a role. Default is C(workload-credentials).
            type: str
          external_id:
            description: The external ID that the role asks for.
            type: str
          policy:
            description:
              - An IAM policy that takes rights from the session of a role, as JSON or a dictionary.
            type: raw
          policy_arns:
            description: ARNs of IAM policies that do the same.
            type: list
            elements: str
          web_identity_token_file:
            description: File on the controller with the token that the role trusts.
            type: path
          service_account:
            description:
              - A service account whose token the role trusts. The cluster that gets the Secret makes it for this alone.
            type: dict
            suboptions:
              namespace:
                description: Its namespace. Default is that of the entry.
                type: str
              name:
                description: Its name.
                type: str
                required: true
              audience:
                description: For whom its token is. Default is C(sts.amazonaws.com).
                type: str
          secret_ref:
            description: Where the long-term keys of the IAM user lie. Default are the controller's own credentials.
            type: dict
            aliases: [secretRef]
            suboptions: &secret_ref
              access_key_id:
                description: The Secret of the entry's namespace, and its key, with the access key ID.
                type: dict
                required: true
                aliases: [accessKeyIDSecretRef]
                suboptions: &reference
                  name:
                    description: Name of the Secret.
                    type: str
                    required: true
                  key:
                    description: Key in it.
                    type: str
                    required: true
              secret_access_key:
                description: The same for the secret access key.
                type: dict
                required: true
                aliases: [secretAccessKeySecretRef]
                suboptions: *reference
              session_token:
                description: The session token to them. The operator takes none.
                type: dict
                aliases: [sessionTokenSecretRef]
                suboptions: *reference
          jwt:
            description: A web identity for the role, with push. The operator accepts it and fails at run time.
            type: dict
            suboptions: &jwt
              service_account_ref:
                description: A service account.
                type: dict
                aliases: [serviceAccountRef]
                suboptions:
                  name:
                    description: Its name.
                    type: str
                    required: true
                  namespace:
                    description: Its namespace.
                    type: str
                  audiences:
                    description: For whom its token is.
                    type: list
                    elements: str
          auth:
            description: The same as the two options above it, as manifests write them.
            type: dict
            suboptions:
              secret_ref:
                description: Where the long-term keys of the IAM user lie.
                type: dict
                aliases: [secretRef]
                suboptions: *secret_ref
              jwt:
                description: A web identity for the role, with push. The operator accepts it and fails at run time.
                type: dict
                suboptions: *jwt
          role:
            description: The role to assume. The operator accepts it and AWS then does not, so it needs push.
            type: str
          request_parameters:
            description: What is asked of AWS.
            type: dict
            aliases: [requestParameters]
            suboptions:
              session_duration:
                description: Life of a session, from 900 to 129600 seconds. AWS' own default is 12 hours.
                type: int
                aliases: [sessionDuration]
              serial_number:
                description: The MFA device of the IAM user, with a code of it.
                type: str
                aliases: [serialNumber]
              token_code:
                description:
                  - A code of the MFA device, six digits in quotes. It serves once, so that it needs
                    O(entries[].refresh_policy=CreatedOnce).
                type: str
                aliases: [tokenCode]
      service_account_token:
        description:
          - A short-lived token of a Kubernetes service account, with the delivery push. Its lease is ended when it is
            superseded or removed.
        type: dict
        suboptions:
          name:
            description: What the lease is for. Default is the name of the entry.
            type: str
          namespace:
            description: Where the service account and the lease's record are. Default is the namespace of the entry.
            type: str
          credential_type:
            description: V(static) is a token of a service account that is there, V(dynamic) of a temporary one.
            type: str
            choices: [static, dynamic]
            default: static
          service_account:
            description: The service account, with the type static. Default is the name.
            type: str
          role:
            description: The role that a temporary service account gets.
            type: dict
            suboptions:
              kind:
                description: Kind of the role.
                type: str
                choices: [ClusterRole, Role]
                default: ClusterRole
              name:
                description: Name of the role.
                type: str
                required: true
          rules:
            description: What a temporary service account may do, for which a role is made.
            type: list
            elements: dict
            suboptions:
              api_groups:
                description: API groups of the resources; an empty text is the core group.
                type: list
                elements: str
                aliases: [apiGroups]
              resources:
                description: Resources that may be worked with.
                type: list
                elements: str
              resource_names:
                description: Names of those that may be worked with. Default is any.
                type: list
                elements: str
                aliases: [resourceNames]
              non_resource_urls:
                description: Paths of the API server that are no resources.
                type: list
                elements: str
                aliases: [nonResourceURLs]
              verbs:
                description: What may be done.
                type: list
                elements: str
                required: true
          namespaces:
            description: Where a temporary service account may do that. Default is its own namespace.
            type: list
            elements: str
          cluster_wide:
            description: Whether it may do that everywhere.
            type: bool
            default: false
          name_template:
            description: Name of a temporary service account, with C({name}), C({namespace}) and C({random}) in it.
            type: str
          ttl:
            description:
              - Life of the token, such as C(15m), or in seconds. The API server may give less, and takes no less than
                10 minutes.
            type: str
            default: 1h
          max_ttl:
            description: The longest life that may be asked for.
            type: str
          audiences:
            description: For whom the token is. Default is the API server itself.
            type: list
            elements: str
          labels:
            description: Labels of what is made for the lease.
            type: dict
          annotations:
            description: Annotations of what is made for the lease.
            type: dict
          kubeconfig:
            description:
              - Kubeconfig of another cluster that makes the token, as a path or a dictionary. Default is the cluster
                that gets the Secret.
            type: raw
          context:
            description: Context in it.
            type: str
          host:
            description: Address of the other cluster's API server.
            type: str
          api_key:
            description: Token with which to work there.
            type: str
          ca_cert:
            description: File with the certificate authority of it.
            type: path
          validate_certs:
            description: Whether its certificate is verified.
            type: bool
          proxy:
            description: Proxy in between.
            type: str
      delivery:
        description:
          - How it gets there. Default is O(delivery).
          - Options that say how the operator works are ignored with V(push), which a warning says.
        type: str
        choices: [push, external_secret]
      keys:
        description:
          - Keys of the Secret, each with the key of the source that it takes its value from. Default is all keys.
        type: dict
      format:
        description: Shape of the credentials as lookups have it, instead of O(entries[].keys).
        type: str
        choices: [raw, aws_env, azure_env, azcollection_env, arm_env, aws_credentials, token, kubeconfig]
      template:
        description:
          - The Secret's data as the operator's template, instead of keys and format. What generates may only use
            templates that cannot fail.
        type: dict
      type:
        description: Type of the Secret.
        type: str
        default: Opaque
      labels:
        description: Labels of the Secret, and of its ExternalSecret, besides the one that says who manages it.
        type: dict
      annotations:
        description: Annotations of the Secret, and of its ExternalSecret, besides the role's own.
        type: dict
      external_secret_name:
        description: Name of the ExternalSecret. Default is the name of the Secret.
        type: str
      generator_name:
        description:
          - Name of the generator. Default is the name of the Secret, and with O(scope=cluster) one for each source.
            Entries of one source may name the same one; each gets a lease of its own.
        type: str
      refresh_policy:
        description:
          - When the operator writes the Secret anew. V(Periodic) when nothing is said, after
            O(entries[].refresh_interval). V(OnChange) only when its ExternalSecret changes, and V(CreatedOnce) never;
            both leave credentials to expire.
        type: str
        choices: [Periodic, CreatedOnce, OnChange]
      refresh_interval:
        description:
          - When the operator generates or reads anew, such as V(45m). Default is V(auto), three quarters of the
            credentials' life, and V(1h) for static secrets.
        type: str
      creation_policy:
        description: What the operator does about the Secret, V(Owner) when nothing is said.
        type: str
        choices: [Owner, Orphan, Merge, CreateOrMerge]
      deletion_policy:
        description: What the operator does when the source is gone, V(Retain) when nothing is said.
        type: str
        choices: [Retain, Delete, Merge]
  state:
    description:
      - V(present) delivers. V(absent) removes everything of O(owner) with the role's label in the namespaces of the
        entries, and ends the leases of pushed Secrets where that is possible.
      - V(rendered) writes the operator's manifests into O(render_dir), without any contact to a cluster.
      - V(verified) fails where an entry is not ready, is not what lies in the cluster, or its lease has expired, and
        says why.
      - V(refreshed) is V(present) with O(renew=true) and without O(prune), for entries of your choice.
    type: str
    choices: [present, absent, rendered, verified, refreshed]
    default: present
  delivery:
    description: Delivery of entries that name none.
    type: str
    choices: [push, external_secret]
    default: push
  create_namespaces:
    description: Create namespaces that do not exist. Without it, a missing namespace fails before anything is minted.
    type: bool
    default: false
  prune:
    description:
      - Remove what was made anywhere in the cluster for O(owner) and no entry names any more, and end its leases. Only
        where one list of entries is all that this owner has in the cluster.
    type: bool
    default: false
  renew:
    description:
      - Mint new credentials for every entry, whether they are due or not, such as after a leak. The operator is made to
        generate, and the leases that are superseded are ended where that is possible.
    type: bool
    default: false
  wait:
    description: Wait until the operator has synchronised every entry.
    type: bool
    default: true
  wait_timeout:
    description: How long to wait, in seconds, for the operator and for what is removed to be gone.
    type: int
    default: 120
  render_dir:
    description:
      - A folder of the controller into which to write the operator's manifests too, one file a namespace and without
        any secret value. Default is to write none.
    type: str
  operator_token:
    description:
      - The token that the operator uses, which lies in a Secret of each namespace. Default is the connection's own; one
        that may only read and generate is better.
    type: str
  operator_token_secret:
    description:
      - The Secret with the operator's token, where you keep it yourself, instead of O(operator_token). The role makes
        none and touches none. Azure's generators read it only with the label C(external-secrets.io/type=webhook).
    type: dict
    default: {}
    suboptions:
      name:
        description: Name of the Secret.
        type: str
      key:
        description: Key in it.
        type: str
        default: token
      namespace:
        description:
          - For a ClusterSecretStore, with O(scope=cluster) only. Default is O(operator_namespace). Everything else
            reads it in the namespace of the entry.
        type: str
  ca:
    description:
      - The certificate authority of the Secrets API for the operator, as file or PEM text. Default is O(ca_cert).
    type: str
  ca_secret:
    description:
      - Where you keep the certificate authority in the cluster yourself, instead of O(ca). The role makes none and
        touches none.
    type: dict
    default: {}
    suboptions:
      kind:
        description: What it is.
        type: str
        choices: [Secret, ConfigMap]
        default: Secret
      name:
        description: Name of the Secret or ConfigMap.
        type: str
      key:
        description: Key in it.
        type: str
        default: ca.crt
      namespace:
        description:
          - For a ClusterSecretStore, with O(scope=cluster) only. Default is O(operator_namespace). Everything else
            reads it in the namespace of the entry.
        type: str
  ca_inline:
    description: Write the certificate authority into the manifests (C(caBundle)) instead of a Secret.
    type: bool
    default: false
  scope:
    description:
      - Whether the operator's generators and stores are made in each namespace, or once for the V(cluster) as
        ClusterGenerator and ClusterSecretStore. A ClusterSecretStore serves the namespaces of its entries alone.
    type: str
    choices: [namespace, cluster]
    default: namespace
  operator_namespace:
    description: Where the token and the CA for a ClusterSecretStore lie; the operator's own namespace is the place.
    type: str
    default: external-secrets
  operator_controller:
    description:
      - The class of the operator that is to work with the stores and with the generators for AWS, where several run in
        the cluster (their option C(--controller-class)). Default is whichever there is.
      - Generators of STS and webhooks have no such field, so that every operator which watches the namespace works with
        them.
    type: str
  templates_dir:
    description: A folder with templates that replace the role's own of the same name.
    type: str
  owner:
    description:
      - Whose list of entries this is, as the label C(workload-credentials.ansible.com/owner) of everything that is made
        for it. What another owner has is never changed or removed. Objects of the owner V(default) have no such label.
    type: str
    default: default
  concurrency:
    description: How many requests are under way at the same time at most, from 1 to 64.
    type: int
    default: 8
notes:
  - The connection to the cluster is the one of kubernetes.core, from C(K8S_AUTH_*), C(module_defaults) for its modules
    or their group, or the play's environment.
  - On a host that is not local the values lie in the files of kubernetes.core's modules while these run, readable by
    the user who runs them.
seealso:
  - module: community.workload_credentials.lease
"""

EXAMPLES = r"""
- name: Push credentials, and renew them in the last quarter of their life
  community.workload_credentials.cluster_credentials:
    create_namespaces: true
    entries:
      - name: aws
        namespace: web
        dynamic_secret: prod/aws/app
        format: aws_env
      - name: database
        namespace: web
        static_secret: prod/db/app

- name: Let External Secrets Operator keep them fresh
  community.workload_credentials.cluster_credentials:
    delivery: external_secret
    entries:
      - name: azure
        namespace: batch
        dynamic_secret: prod/azure/app

- name: Take everything away again
  community.workload_credentials.cluster_credentials:
    state: absent
    entries:
      - name: aws
        namespace: web
        dynamic_secret: prod/aws/app
"""

RETURN = r"""
report:
  description:
    - An item for each entry, and for each Secret that was removed, without any value. With O(state=verified) it says
      C(ready), C(problem) and C(line) instead of action, reason and keys.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: Name of the Secret.
      type: str
      sample: aws
    namespace:
      description: Its namespace.
      type: str
      sample: web
    delivery:
      description: How it gets there.
      type: str
      sample: push
    action:
      description: V(created), V(renewed), V(updated), V(kept), V(removed), or V(failed).
      type: str
      sample: created
    reason:
      description: Why.
      type: str
      sample: there is no Secret
    keys:
      description: The keys of the Secret.
      type: list
      elements: str
      sample: [AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN]
    lease_id:
      description:
        - The lease that the Secret holds; null where there is none, and in check mode where one would be minted.
      type: str
      sample: 5f8d3c1e-6b7a-4c2d-9e0f-1a2b3c4d5e6f
    expiration:
      description: When the lease ends, in UTC.
      type: str
      sample: '2026-11-23T18:00:00Z'
"""
