# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The packages that the emulator needs, and from which version on it works with them."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, version

from .errors import StartError

# As in pyproject.toml.
MINIMUM = {
    "fastapi": "0.121",
    "httptools": "0.6.1",
    "pydantic": "2.9",
    "pyjwt": "2.10",
    "pyyaml": "6.0.1",
    "requests": "2.28",
    "starlette": "0.49.1",
    "trustme": "1.1",
    "typing-extensions": "4.12",
    "uvicorn": "0.30",
}


def require_packages() -> None:
    """Refuse packages that are too old; those that are missing are named where they are imported.

    :raises StartError: one is.
    """
    for name, least in MINIMUM.items():
        try:
            found = version(name)
        except PackageNotFoundError:
            continue
        if _numbers(found) < _numbers(least):
            raise StartError(f"the Python package {name} {found} is too old: install {name}>={least}.")


def _numbers(text: str) -> list[int]:
    """The release, without what may follow it."""
    release = re.match(r"[0-9.]*", text)
    return [int(number) for number in (release[0] if release else "").split(".") if number]
