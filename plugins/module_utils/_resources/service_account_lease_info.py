# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The leases of service accounts' tokens: reading their records.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._change import Found
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.in_worker import InWorker
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.options import (
    AUTH,
    SECRET_VARIABLES,
    SECRETS,
    cluster_of,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.accounts.ending import (
    check_places,
    leases,
    leases_by_id,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.accounts.objects import (
    shown,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.accounts.wanted import (
    check_names,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._spec import Spec


def read(cluster: InWorker, parameters: Mapping[str, Any]) -> Found:
    """What is there.

    :raises OptionError: a name or an ID that is none.
    """
    check_names(parameters["name"], parameters["namespace"])
    if parameters["lease_id"] is not None:
        check_places([parameters["lease_id"]], parameters["namespace"])
        found = [one for one in leases_by_id(cluster, [parameters["lease_id"]], "lease_id") if one is not None]
    else:
        found = leases(cluster, parameters["namespace"], parameters["name"])
    expired = parameters["expired"]
    return Found({"leases": [shown(one) for one in found if expired is None or one.is_expired == expired]})


SERVICE_ACCOUNT_LEASE_INFO = Spec(
    name="service_account_lease_info",
    options={
        **AUTH,
        "namespace": {"type": "str"},
        "name": {"type": "str"},
        "lease_id": {"type": "str"},
        "expired": {"type": "bool"},
    },
    read=read,
    connect=cluster_of,
    guarded=SECRETS,
    secret_variables=SECRET_VARIABLES,
    mutually_exclusive=(("lease_id", "name"),),
)
