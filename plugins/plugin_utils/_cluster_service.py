# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role cluster_credentials must know of the Secrets API before it lets an operator ask there.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._api.client import Client
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import OptionError, StateError
from ansible_collections.community.workload_credentials.plugins.module_utils._api.paths import ResourcePath, parse_path
from ansible_collections.community.workload_credentials.plugins.module_utils._api.request import item
from ansible_collections.community.workload_credentials.plugins.module_utils._resources.lifecycle import (
    absence,
    find_living,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._lookup_base import side_by_side


def service(client: Client, paths: list[Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """The connection that an operator needs, and the definitions that it will use.

    :arg paths: of dynamic secrets.
    :arg options: the lookup's ``static``, ``token``, ``ca`` and ``concurrency``.
    :raises StateError: a definition or static secret does not exist.
    """
    settings = client.settings
    dynamic = [parse_path(str(path), "_terms") for path in paths]
    static = [parse_path(str(path), "static") for path in options["static"]]
    found = side_by_side(lambda path: _definition(client, path), dynamic, options["concurrency"])
    side_by_side(lambda path: _require_static(client, path), static, options["concurrency"])
    return {
        "api_url": settings.api_url,
        "site_id": settings.site_id,
        "api_version": settings.api_version,
        # The operator sends what lies in the Secret; a newline of the file that it came from would break the header.
        "access_token": (options["token"] or "").strip() or settings.token(),
        "ca_cert": _pem(options["ca"] or settings.ca_cert),
        "definitions": {str(path): definition for path, definition in zip(dynamic, found)},
    }


def _definition(client: Client, path: ResourcePath) -> dict[str, Any]:
    found = find_living(client, item("GET", "dynamic", path))
    if found is None:
        raise StateError(f"{path}: {absence(client, 'dynamic', path)}")
    config = found.get("config") or {}
    return {"provider": config.get("type"), "ttl": config.get("ttl")}


def _require_static(client: Client, path: ResourcePath) -> None:
    # Its metadata is enough, and holds no value.
    if find_living(client, item("GET", "static", path, "metadata")) is None:
        raise StateError(f"{path}: {absence(client, 'static', path)}")


def _pem(ca_cert: str | None) -> str | None:
    """The certificates themselves, of a file or as they are."""
    if not ca_cert or "-----BEGIN" in ca_cert:
        return ca_cert or None
    try:
        with open(os.path.expanduser(ca_cert), encoding="utf-8") as stream:
            return stream.read()
    except OSError as error:
        raise OptionError("ca_cert", f"cannot read {ca_cert}: {error.strerror}.") from None
