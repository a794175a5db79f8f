# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The specs of all modules, for the action plugin and tests. A module imports only its own spec."""

from __future__ import annotations

import importlib

from .._spec import Spec

MODULES = (
    "access_info",
    "dynamic_credentials",
    "dynamic_secret",
    "dynamic_secret_info",
    "folder",
    "folder_info",
    "iam_policy",
    "iam_policy_info",
    "integration",
    "integration_info",
    "lease",
    "lease_info",
    "lease_report",
    "service_account_lease",
    "service_account_lease_info",
    "service_account_token",
    "session_info",
    "static_secret",
    "static_secret_info",
    "tree",
    "tree_info",
    "workload_identity",
    "workload_identity_info",
)
_PACKAGE = "ansible_collections.community.workload_credentials.plugins.module_utils._resources"


def spec_of(module: str) -> Spec:
    """Load and return the spec of a module.

    :arg module: its name, with or without the collection's.
    :raises KeyError: the collection has no such module.
    """
    name = module.rpartition(".")[2]
    if name not in MODULES:
        raise KeyError(name)
    # An info module is in the file of its resource, if there is a module for that.
    resource = name.removesuffix("_info") if name.removesuffix("_info") in MODULES else name
    spec: Spec = getattr(importlib.import_module(f"{_PACKAGE}.{resource}"), name.upper())
    return spec
