# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mint tokens of service accounts on read: from a lookup's terms and options to sources at one cluster."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...module_utils._credentials.formats import SERVICE_ACCOUNTS
from ...module_utils._credentials.service_account import ServiceAccountToken, named, origin_of_cluster
from ...module_utils._kube.options import AUTH, cluster_of
from ...module_utils._resources._parts.accounts.wanted import WANTED, wanted_of
from ...module_utils._resources.service_account_token import SERVICE_ACCOUNT_TOKEN
from ...module_utils._run import validate
from ...module_utils._spec import Options
from .._core_internals import run_folder
from .generate import generate_on_read, options_for
from .sealed import key_of_run

# The lookup's options as data.
OPTIONS: Options = {**AUTH, **WANTED, **options_for(SERVICE_ACCOUNTS)}


def tokens_on_read(
    terms: Sequence[str], options: Mapping[str, Any], variables: Mapping[str, Any], warn: Callable[[str], None]
) -> list[Any]:
    """Return a token for each term, in their order.

    :arg options: as OPTIONS has them; ``check_mode`` is ``generate`` also outside of check mode.
    :arg variables: the task's, for the host's name.
    :raises WorkloadCredentialsError: one of them failed; the leases of the others stay in the store.
    """
    given = {name: options[name] for name in (*AUTH, *WANTED) if options[name] is not None}
    if not terms:
        return []
    parameters = [validate(SERVICE_ACCOUNT_TOKEN, "service_account_token", {**given, **named(term)}) for term in terms]
    wanted = [wanted_of(each) for each in parameters]
    with cluster_of(parameters[0]) as cluster:
        origin = origin_of_cluster(cluster, parameters[0], lambda: key_of_run(run_folder()))
        sources = [ServiceAccountToken(cluster, each) for each in wanted]
        return generate_on_read(sources, origin, SERVICE_ACCOUNTS, options, variables, warn)
