# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names and paths: the characters and lengths of the API document, and how they fit together."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

from .errors import InvalidRequest

_CHARACTERS = r"[a-zA-Z0-9\-_@~*^%]"
_SPACED = r"[a-zA-Z0-9\-_@~*^% ]"
MAX_NAME = 100
MAX_PATH = 500
NAME_PATTERN = rf"^{_CHARACTERS}{{1,{MAX_NAME}}}$"
# Slashes are allowed at either end, because clients send them.
FOLDER_PATTERN = rf"^/*({_CHARACTERS}{{1,{MAX_NAME}}}(/{_CHARACTERS}{{1,{MAX_NAME}}})*)?/*$"
# The document's own example is called "my aws": for integrations a space is a character, though not an outer one.
INTEGRATION_PATTERN = rf"^{_CHARACTERS}({_SPACED}{{0,{MAX_NAME - 2}}}{_CHARACTERS})?$"

Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]
FolderPath = Annotated[str, StringConstraints(pattern=FOLDER_PATTERN)]
IntegrationName = Annotated[str, StringConstraints(pattern=INTEGRATION_PATTERN)]


def folder_path(folder: str) -> str:
    """A folder as the store knows it: without outer slashes, "" at the top."""
    return _checked(folder.strip("/"))


def item_path(folder: str, name: str) -> str:
    """The full path of what is called ``name`` in the folder."""
    parent = folder.strip("/")
    return _checked(f"{parent}/{name}" if parent else name)


def parent_of(path: str) -> str:
    """The folder that holds the path, "" at the top."""
    return path.rpartition("/")[0]


def is_inside(path: str, folder: str) -> bool:
    """Whether the path lies somewhere below the folder; everything lies below the top."""
    return not folder or path.startswith(f"{folder}/")


def _checked(path: str) -> str:
    if len(path) > MAX_PATH:
        raise InvalidRequest(
            f"the full path has {len(path)} characters, and at most {MAX_PATH} are allowed.", "path_too_long"
        )
    return path
