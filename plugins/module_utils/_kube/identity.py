# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an identity at a cluster has that nobody else has, to seal with it what is kept for it.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

# What makes another token each time.
_PROGRAMS = ("exec", "auth-provider")


def secret_of(options: Mapping[str, Any], configuration: Any) -> str | None:
    """A token, or a client certificate's key; None: it has none that stays the same for a run.

    :arg options: kubernetes.core's own, of which the configuration was made.
    :arg configuration: of the library kubernetes.
    """
    given = _option(options, "api_key") or _option(options, "password")
    if given:
        return str(given)
    user = _user(options)
    if user is None or user.keys() & {*_PROGRAMS}:
        return None
    try:
        headers = [str(one["value"]) for one in configuration.auth_settings().values() if one.get("value")]
    except Exception:  # pylint: disable=broad-exception-caught
        # What the library cannot find for a request is told then.
        return None
    if headers:
        # The library writes "Bearer" in several ways.
        return " ".join(sorted(one.partition(" ")[2] or one for one in headers))
    try:
        return Path(configuration.key_file).read_text(encoding="utf-8") if configuration.key_file else None
    except (OSError, UnicodeDecodeError):
        return None


def environment_of_options() -> dict[str, str]:
    """The environment variables that stand for options now, as whoever connects later in the same way needs them."""
    return {name: value for name, value in os.environ.items() if name.startswith("K8S_AUTH_") or name == "KUBECONFIG"}


def _option(options: Mapping[str, Any], name: str) -> Any:
    return options.get(name) or os.environ.get(f"K8S_AUTH_{name.upper()}")


def _user(options: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What the kubeconfig says of its user; empty: there is no kubeconfig, as in a pod; None: it cannot be told."""
    from kubernetes.config import kube_config

    given = _option(options, "kubeconfig") or kube_config.KUBE_CONFIG_DEFAULT_LOCATION
    try:
        files = [given] if isinstance(given, Mapping) else _read(str(given).split(os.pathsep))
        names = [one["current-context"] for one in files if one.get("current-context")]
        context = _named("context", files, _option(options, "context") or (names or [None])[-1])
        user = _named("user", files, context.get("user"))
    except Exception:  # pylint: disable=broad-exception-caught
        # The library has read the same, or was not asked to.
        return None
    return user


def _read(paths: Sequence[str]) -> list[Any]:
    # The library kubernetes, which connects, brings it along.
    import yaml

    there = [path for path in map(os.path.expanduser, filter(None, paths)) if os.path.exists(path)]
    return [yaml.safe_load(Path(path).read_text(encoding="utf-8")) or {} for path in there]


def _named(kind: str, files: Sequence[Mapping[str, Any]], name: Any) -> Mapping[str, Any]:
    """The context or user of this name; of several the first counts."""
    for file in files:
        for one in file.get(f"{kind}s") or ():
            if one["name"] == name:
                found: Mapping[str, Any] = one.get(kind) or {}
                return found
    return {}
