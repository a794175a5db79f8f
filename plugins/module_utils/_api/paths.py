# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths, names and versions of resources and their checks (API document, "Resource Names" and "Full Paths")."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from .errors import OptionError

MAX_NAME = 100
MAX_PATH = 500
_FORBIDDEN = re.compile(r"[^a-zA-Z0-9\-_@~*^%]")
# The API document names integrations "my aws" in its examples: only their names may hold a space.
_FORBIDDEN_IN_INTEGRATION = re.compile(r"[^a-zA-Z0-9\-_@~*^% ]")


@dataclass(frozen=True)
class ResourcePath:
    """``prod/aws/app``: ``folder`` is all but the last part ("" at the top), ``name`` the last."""

    folder: str
    name: str

    def __str__(self) -> str:
        return f"{self.folder}/{self.name}" if self.folder else self.name

    @property
    def parent(self) -> ResourcePath | None:
        """Return the folder as a path of its own, None at the top."""
        if not self.folder:
            return None
        folder, _slash, name = self.folder.rpartition("/")
        return ResourcePath(folder, name)


def folders_above(path: str) -> Iterator[str]:
    """Yield the folders that hold a path, the nearest first, without the top folder, ""."""
    folder = path.rpartition("/")[0]
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]


def parse_path(value: str, option: str) -> ResourcePath:
    """Split a resource's path.

    :arg value: may have slashes at either end.
    :arg option: name of the option, for the message.
    :raises OptionError: the API cannot hold such a path.
    """
    folder, _slash, name = _checked(value, option).rpartition("/")
    return ResourcePath(folder, name)


def parse_folder(value: str | None, option: str) -> str:
    """Return a folder's path without outer slashes; "" is the top.

    :raises OptionError: the API cannot hold such a path.
    """
    if not value or value == "/":
        return ""
    return _checked(value, option)


def check_integration_name(value: str, option: str) -> None:
    """Raise OptionError if an integration cannot have this name."""
    _check_name(value, option, _FORBIDDEN_IN_INTEGRATION)


def check_version(value: int | None) -> None:
    """Raise OptionError if a static secret cannot have this version; None is the newest."""
    if value is not None and value < 1:
        raise OptionError("version", "versions start at 1.")


def segment(name: str) -> str:
    """Return a name as one segment of a URL's path."""
    return quote(name, safe="")


def integration_path(*names: str) -> str:
    """Return the path of all integrations, of a provider's, or of one such as ``aws``, ``main``."""
    return "/".join(("/integrations", *map(segment, names)))


def _checked(value: str, option: str) -> str:
    path = value[1:] if value.startswith("/") else value
    path = path[:-1] if path.endswith("/") else path
    if len(path) > MAX_PATH:
        raise OptionError(option, f"the path has {len(path)} characters, the API allows {MAX_PATH}.")
    for name in path.split("/"):
        _check_name(name, option, _FORBIDDEN)
    return path


def _check_name(name: str, option: str, forbidden: re.Pattern[str]) -> None:
    if not name.strip():
        raise OptionError(option, "it contains an empty name: write it as 'folder/name', without double slashes.")
    character = forbidden.search(name)
    if character:
        raise OptionError(
            option,
            f"the character {character.group()!r} in {name!r} is not allowed; "
            "the API allows letters, digits and - _ @ ~ * ^ % in a name.",
        )
    if len(name) > MAX_NAME:
        raise OptionError(option, f"the name {name[:20]!r}... has {len(name)} characters, the API allows {MAX_NAME}.")
