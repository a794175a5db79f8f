# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection options: what they are (DOCUMENTATION), and where plugins take them from (PLUGINS)."""

from __future__ import annotations


class ModuleDocFragment:
    """One option model for modules and lookups."""

    DOCUMENTATION = r"""
options:
  api_url:
    description:
      - Address of the service. A trailing V(/site) or V(/) is ignored.
      - Taken from the variable C(workload_credentials_api_url), the environment variable
        E(BEYONDTRUST_API_URL) or C(api_url) in the ini file when not set.
    type: str
    default: https://api.beyondtrust.io
  site_id:
    description:
      - The site's UUID. Required; it can come from any source.
      - Taken from the variable C(workload_credentials_site_id), the environment variable
        E(BEYONDTRUST_SITE_ID) or C(site_id) in the ini file when not set.
    type: str
  access_token:
    description:
      - The bearer token, a personal access token or a JWT of this site. It is hidden from all output.
      - O(access_token) or O(access_token_file) is required, from any source. The nearest source that sets either is
        used; it must not set both.
      - Taken from the variable C(workload_credentials_access_token), the environment variable
        E(BEYONDTRUST_ACCESS_TOKEN) or C(access_token) in the ini file when not set.
    type: str
  access_token_file:
    description:
      - File with the token. It is read at each use, because projected and OIDC tokens rotate. A byte order mark and
        white space around the token are ignored.
      - Taken from the variable C(workload_credentials_access_token_file), the environment variable
        E(BEYONDTRUST_ACCESS_TOKEN_FILE) or C(access_token_file) in the ini file when not set.
    type: path
  api_version:
    description:
      - Version of the API, sent as the headers C(bt-secrets-api-version) and C(bt-wlc-api-version).
      - Taken from the variable C(workload_credentials_api_version), the environment variable
        E(BEYONDTRUST_API_VERSION) or C(api_version) in the ini file when not set.
    type: str
    default: '2026-04-28'
  api_path_version:
    description:
      - Version segment of the path, such as V(v1), for services that require one.
      - Taken from the variable C(workload_credentials_api_path_version), the environment variable
        E(BEYONDTRUST_API_PATH_VERSION) or C(api_path_version) in the ini file when not set.
    type: str
  api_product:
    description:
      - Segment of the path after the site, which names the product. The service accepts both with the same results.
        Choose V(wlc) if a gateway allows only the newer one.
      - Taken from the variable C(workload_credentials_api_product), the environment variable
        E(BEYONDTRUST_API_PRODUCT) or C(api_product) in the ini file when not set.
    type: str
    choices: [secrets, wlc]
    default: secrets
  service_name:
    description:
      - Name of the workload's service, sent as the header C(X-BT-Service-Name) with workload identity tokens.
      - Taken from the variable C(workload_credentials_service_name), the environment variable
        E(BEYONDTRUST_SERVICE_NAME) or C(service_name) in the ini file when not set.
    type: str
  auth_role:
    description:
      - Role for tokens of a custom identity provider, sent as the header C(X-BT-Role), with C(X-BT-Auth-Type) set to
        C(CUSTOM-IDP).
      - Taken from the variable C(workload_credentials_auth_role), the environment variable
        E(BEYONDTRUST_ROLE) or C(auth_role) in the ini file when not set.
    type: str
  validate_certs:
    description:
      - Whether to verify the service's certificate. Disable this for tests only.
      - The value must be a clear yes or no from any source; anything else is an error.
      - Taken from the variable C(workload_credentials_validate_certs), the environment variable
        E(BEYONDTRUST_VALIDATE_CERTS) or C(validate_certs) in the ini file when not set, or from
        E(BEYONDTRUST_INSECURE), which means the opposite.
    type: bool
    default: true
  ca_cert:
    description:
      - The certificate authority to trust instead of the public ones, as the path of a PEM file or as PEM text.
        Comments, indentation and line endings are ignored; PEM text on one line works too.
      - Without it, E(REQUESTS_CA_BUNDLE) applies as in Python's requests. Proxy variables apply too.
      - Taken from the variable C(workload_credentials_ca_cert), the environment variable
        E(BEYONDTRUST_CA_CERT) or C(ca_cert) in the ini file when not set.
    type: str
  timeout:
    description:
      - Time limit of one request in seconds, from connecting to the last byte of the answer, from 1 to 86400.
      - Each attempt of O(retries) has its own time limit.
      - Taken from the variable C(workload_credentials_timeout), the environment variable
        E(BEYONDTRUST_TIMEOUT) or C(timeout) in the ini file when not set.
    type: int
    default: 30
  retries:
    description:
      - Maximum number of retries of a request; V(0) for none. Requests that generate or revoke are retried only if the
        service cannot have processed the first attempt.
      - Taken from the variable C(workload_credentials_retries), the environment variable
        E(BEYONDTRUST_RETRIES) or C(retries) in the ini file when not set.
    type: int
    default: 4
  admin_site_id:
    description:
      - UUID of the organization's administration site, where its policies and workload identities are managed. It is
        also the organization's ID.
      - The modules of the action group C(administration) need it. Others use it to say which policy is nearest when
        the service refuses something, and only on the controller.
      - Taken from the variable C(workload_credentials_admin_site_id), the environment variable
        E(BEYONDTRUST_ADMIN_SITE_ID) or C(admin_site_id) in the ini file when not set.
    type: str
  admin_access_token:
    description:
      - A personal access token of the administration site with the scope C(admin), or a JWT that this site accepts. It
        is hidden from all output.
      - The nearest source that sets O(admin_access_token) or O(admin_access_token_file) counts, and it must not set
        both. Only modules of the action group C(administration) pass it on to another machine.
      - Taken from the variable C(workload_credentials_admin_access_token), the environment variable
        E(BEYONDTRUST_ADMIN_ACCESS_TOKEN) or C(admin_access_token) in the ini file when not set.
    type: str
  admin_access_token_file:
    description:
      - File that holds the token of the administration site. It is read at each use.
      - Taken from the variable C(workload_credentials_admin_access_token_file), the environment variable
        E(BEYONDTRUST_ADMIN_ACCESS_TOKEN_FILE) or C(admin_access_token_file) in the ini file when not set.
    type: path
requirements:
  - python >= 3.9
  - requests >= 2.28
notes:
  - Each connection option is taken from the first of these sources that sets it, which are the task or lookup itself,
    the variable C(workload_credentials_<option>), an environment variable, the option's entry in the section
    C([workload_credentials]) of C(ansible.cfg), and the default. An empty value counts as not set.
"""

    PLUGINS = r"""
options:
  api_url:
    env:
      - name: BEYONDTRUST_API_URL
    ini:
      - section: workload_credentials
        key: api_url
    vars:
      - name: workload_credentials_api_url
  site_id:
    env:
      - name: BEYONDTRUST_SITE_ID
    ini:
      - section: workload_credentials
        key: site_id
    vars:
      - name: workload_credentials_site_id
  access_token:
    env:
      - name: BEYONDTRUST_ACCESS_TOKEN
    ini:
      - section: workload_credentials
        key: access_token
    vars:
      - name: workload_credentials_access_token
  access_token_file:
    env:
      - name: BEYONDTRUST_ACCESS_TOKEN_FILE
    ini:
      - section: workload_credentials
        key: access_token_file
    vars:
      - name: workload_credentials_access_token_file
  api_version:
    env:
      - name: BEYONDTRUST_API_VERSION
    ini:
      - section: workload_credentials
        key: api_version
    vars:
      - name: workload_credentials_api_version
  api_path_version:
    env:
      - name: BEYONDTRUST_API_PATH_VERSION
    ini:
      - section: workload_credentials
        key: api_path_version
    vars:
      - name: workload_credentials_api_path_version
  api_product:
    env:
      - name: BEYONDTRUST_API_PRODUCT
    ini:
      - section: workload_credentials
        key: api_product
    vars:
      - name: workload_credentials_api_product
  service_name:
    env:
      - name: BEYONDTRUST_SERVICE_NAME
    ini:
      - section: workload_credentials
        key: service_name
    vars:
      - name: workload_credentials_service_name
  auth_role:
    env:
      - name: BEYONDTRUST_ROLE
    ini:
      - section: workload_credentials
        key: auth_role
    vars:
      - name: workload_credentials_auth_role
  validate_certs:
    env:
      - name: BEYONDTRUST_VALIDATE_CERTS
    ini:
      - section: workload_credentials
        key: validate_certs
    vars:
      - name: workload_credentials_validate_certs
  ca_cert:
    env:
      - name: BEYONDTRUST_CA_CERT
    ini:
      - section: workload_credentials
        key: ca_cert
    vars:
      - name: workload_credentials_ca_cert
  timeout:
    env:
      - name: BEYONDTRUST_TIMEOUT
    ini:
      - section: workload_credentials
        key: timeout
    vars:
      - name: workload_credentials_timeout
  retries:
    env:
      - name: BEYONDTRUST_RETRIES
    ini:
      - section: workload_credentials
        key: retries
    vars:
      - name: workload_credentials_retries
  admin_site_id:
    env:
      - name: BEYONDTRUST_ADMIN_SITE_ID
    ini:
      - section: workload_credentials
        key: admin_site_id
    vars:
      - name: workload_credentials_admin_site_id
  admin_access_token:
    env:
      - name: BEYONDTRUST_ADMIN_ACCESS_TOKEN
    ini:
      - section: workload_credentials
        key: admin_access_token
    vars:
      - name: workload_credentials_admin_access_token
  admin_access_token_file:
    env:
      - name: BEYONDTRUST_ADMIN_ACCESS_TOKEN_FILE
    ini:
      - section: workload_credentials
        key: admin_access_token_file
    vars:
      - name: workload_credentials_admin_access_token_file
"""
