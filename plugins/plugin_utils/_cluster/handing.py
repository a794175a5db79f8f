# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operator's token and CA, tried before they are handed over: what does not work would stop what works.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import re
import ssl
from dataclasses import replace

from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import (
    DeniedError,
    OptionError,
    WorkloadCredentialsError,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._api.request import Request
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.job import Job, Service

# As Go reads it: each line of it at the beginning of a line.
_BLOCK = re.compile(r"^-----BEGIN CERTIFICATE-----\r?$.*?^-----END CERTIFICATE-----\r?$", re.MULTILINE | re.DOTALL)


def check_pem(text: str, option: str) -> None:
    """:raises OptionError: there is no certificate in it that the operator could read."""
    blocks = _BLOCK.findall(text)
    if not blocks:
        indented = re.search(r"^[ \t]+-----BEGIN", text, re.MULTILINE)
        why = "its lines are indented" if indented else "there is no whole block BEGIN CERTIFICATE to END CERTIFICATE"
        raise OptionError(option, f"the operator cannot read this PEM text: {why}.")
    for number, block in enumerate(blocks, 1):
        try:
            ssl.create_default_context(cadata=block)
        except (ssl.SSLError, ValueError):
            raise OptionError(option, f"certificate {number} of {len(blocks)} in it is not valid.") from None


def tried(job: Job, service: Service) -> str | None:
    """Why the operator could not work with what the role hands over; None: it can, or the user keeps it all."""
    is_needed = any(entry.source != "sts_session_token" for entry in job.operated)
    if not is_needed or not (service.access_token or service.ca_cert):
        return None
    own = job.client().settings
    settings = replace(own, ca_cert=service.ca_cert or own.ca_cert, validate_certs=True)
    if service.access_token:
        settings = replace(settings, access_token=service.access_token, access_token_file=None)
    from ansible_collections.community.workload_credentials.plugins.module_utils._api.client import Client

    try:
        if service.ca_cert:
            check_pem(service.ca_cert, "ca")
        Client(settings).get(Request("GET", "/session"))
    except DeniedError:
        # The token is known, and may not ask this.
        return None
    except WorkloadCredentialsError as error:
        return f"The token and the CA for the operator were tried, and are not handed over. {error}"
    return None
