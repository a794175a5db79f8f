# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Clients of the library that users have; untyped, as its own annotations do not know that it takes plain dicts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kubernetes import client, config


def api_client_of(kubeconfig: Path) -> Any:
    """Return a client that acts as the kubeconfig's user."""
    load: Any = config.new_client_from_config
    return load(str(kubeconfig))


def core_of(kubeconfig: Path) -> Any:
    """Return a client for the core API that acts as the kubeconfig's user."""
    return client.CoreV1Api(api_client_of(kubeconfig))
