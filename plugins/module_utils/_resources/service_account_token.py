# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Service accounts' tokens, one lease at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._api.times import NO_TIME, seconds_left
from .._change import Change
from .._kube.client import InWorker
from .._kube.connection import kubeconfig
from .._kube.options import AUTH, SECRET_VARIABLES, SECRETS, cluster_of
from .._spec import Spec
from ._parts.accounts.minting import Token, mint, predict
from ._parts.accounts.wanted import WANTED, TokenSpec, wanted_of

# Stands for a token in check mode.
NO_TOKEN = "CHECK-MODE-NO-TOKEN"


def plan(_found: None, parameters: Mapping[str, Any]) -> Change:
    """Return the change that mints one more lease; check mode tries it with the cluster's dry run.

    :raises OptionError: the options allow no such token.
    """
    wanted = wanted_of(parameters)
    as_file = parameters["format"] == "kubeconfig"
    return Change(
        first=lambda cluster: _result(cluster, mint(cluster, wanted), as_file=as_file),
        dry_run=lambda cluster: _predicted(cluster, wanted, as_file=as_file),
    )


def values_of(cluster: InWorker, token: Token) -> dict[str, Any]:
    """Return a token's values for users."""
    return {
        "token": token.token,
        "expiration": token.expiration,
        "lease_id": token.wanted.lease_id,
        "service_account": token.wanted.service_account,
        "namespace": token.wanted.namespace,
        "audiences": list(token.audiences),
        "server": cluster.endpoint.server,
    }


def no_token(wanted: TokenSpec) -> Token:
    """Return check mode's placeholder for a token."""
    return Token(wanted, NO_TOKEN, NO_TIME, wanted.audiences or [])


def file_of(cluster: InWorker, token: Token) -> str:
    """Return a complete kubeconfig for the token."""
    wanted = token.wanted
    return kubeconfig(cluster.endpoint, wanted.service_account, token.token, wanted.namespace)


def _result(cluster: InWorker, token: Token, *, as_file: bool) -> dict[str, Any]:
    values = {**values_of(cluster, token), "seconds_left": seconds_left(token.expiration)}
    more = {"kubeconfig": file_of(cluster, token)} if as_file else {}
    return {**values, **more, "warnings": list(token.warnings)}


def _predicted(cluster: InWorker, wanted: TokenSpec, *, as_file: bool) -> dict[str, Any]:
    warnings = predict(cluster, wanted)
    return {**_result(cluster, no_token(wanted), as_file=as_file), "warnings": warnings}


SERVICE_ACCOUNT_TOKEN = Spec(
    name="service_account_token",
    options={
        **AUTH,
        "name": {"type": "str", "required": True},
        "namespace": {"type": "str", "required": True},
        **WANTED,
        "format": {"type": "str", "choices": ["raw", "kubeconfig"], "default": "raw"},
    },
    plan=plan,
    connect=cluster_of,
    guarded=SECRETS,
    secret_variables=SECRET_VARIABLES,
    returns_values=True,
)
