# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where packages come from: what the person has set for pip counts for uv too, as it may reach nothing without."""

from __future__ import annotations

import ast
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.environment.cache import cache_root

# What would lead an installer out of the environment, or away from the lock file.
_PIP_ASTRAY = ("PIP_CONSTRAINT", "PIP_PREFIX", "PIP_REQUIRE_HASHES", "PIP_ROOT", "PIP_TARGET", "PIP_USER")
_UV_ASTRAY = (
    "UV_BREAK_SYSTEM_PACKAGES",
    "UV_BUILD_CONSTRAINT",
    "UV_CONSTRAINT",
    "UV_EXCLUDE_NEWER",
    "UV_NO_BINARY",
    "UV_NO_VERIFY_HASHES",
    "UV_OVERRIDE",
    "UV_PROJECT",
    "UV_PYTHON",
    "UV_SYSTEM_PYTHON",
    "UV_WORKING_DIR",
)
# pip's sections, of which the later count more, and what uv and what it is made of call the same.
_SECTIONS = ("global", "install", ":env:")
_ONE = {
    "index-url": ("UV_DEFAULT_INDEX",),
    "no-index": ("UV_NO_INDEX",),
    "timeout": ("UV_HTTP_TIMEOUT",),
    "default-timeout": ("UV_HTTP_TIMEOUT",),
    "cert": ("SSL_CERT_FILE",),
    "client-cert": ("SSL_CLIENT_CERT",),
    "proxy": ("HTTP_PROXY", "HTTPS_PROXY"),
}
_SEVERAL = {
    "extra-index-url": ("UV_INDEX", " "),
    "trusted-host": ("UV_INSECURE_HOST", " "),
    "find-links": ("UV_FIND_LINKS", ","),
}


def for_pip() -> dict[str, str]:
    """Return the variables for a pip that installs where it stands."""
    return {
        name: value
        for name, value in os.environ.items()
        if name not in (*_PIP_ASTRAY, *_UV_ASTRAY) and not name.startswith(("PYTHON", "VIRTUAL_ENV"))
    }


def for_uv(pip: Sequence[str]) -> dict[str, str]:
    """Return the variables for a uv that fetches from where this pip does."""
    own = for_pip()
    # Beside what is made with it, so that files are linked and not copied, and go with it.
    kept = {"UV_CACHE_DIR": str(cache_root() / "uv-cache"), "UV_NO_CONFIG": "1"}
    bundle = own.get("REQUESTS_CA_BUNDLE") or own.get("CURL_CA_BUNDLE")
    # pip trusts what the machine trusts unless it is told otherwise.
    trust = {"SSL_CERT_FILE": bundle} if bundle else {"UV_SYSTEM_CERTS": "1"}
    done = subprocess.run(
        [*pip, "config", "list"], env=own, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    chosen = {name: value for name, value in own.items() if name.startswith("UV_")}
    return {**trust, **own, **kept, **as_uv_has_it(done.stdout), **chosen}


def as_uv_has_it(listed: str) -> Mapping[str, str]:
    """Return the variables that tell uv what ``pip config list`` printed."""
    settings: dict[str, str] = {}
    for section in _SECTIONS:
        for line in listed.splitlines():
            name, found, value = line.partition("=")
            if found and name.startswith(f"{section}."):
                settings[name[len(section) + 1 :]] = str(ast.literal_eval(value))
    variables = {variable: value for name, value in settings.items() for variable in _ONE.get(name, ())}
    for name, (variable, separator) in _SEVERAL.items():
        if name in settings:
            variables[variable] = separator.join(filter(_can_be_asked, settings[name].split()))
    if "UV_INDEX" in variables:
        # As pip looks: for the pinned version, on whichever index has it.
        variables["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    return variables


def _can_be_asked(place: str) -> bool:
    """Tell a folder that is not there, which pip passes over and uv does not."""
    return not place.startswith(("/", ".", "~")) or Path(place).expanduser().exists()
