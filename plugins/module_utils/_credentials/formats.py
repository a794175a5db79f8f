# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generated credentials in the forms that programs read.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import OptionError
from ansible_collections.community.workload_credentials.plugins.module_utils._api.shown import one_line
from ansible_collections.community.workload_credentials.plugins.module_utils._providers import PROVIDERS

_ENVIRONMENTS = {one.environment_format: one.environment for one in PROVIDERS.values()}
# Texts, each with the variables that it is made of.
_TEXTS = {"aws_credentials": "aws_env"}
FORMATS = ("raw", *_ENVIRONMENTS, *_TEXTS)


def is_text(name: str) -> bool:
    """Whether the format is one text instead of a dictionary."""
    return name in _TEXTS


def fields_of(name: str) -> dict[str, str]:
    """The generated key for each variable of a format that is not ``raw``."""
    return dict(_ENVIRONMENTS[_TEXTS.get(name, name)])


def profile(variables: Mapping[str, Any]) -> str:
    """The text of an AWS credentials file with the profile default."""
    return "[default]\n" + "".join(f"{key.lower()} = {value}\n" for key, value in variables.items())


def formatted(credentials: Mapping[str, Any], name: str, path: str) -> Any:
    """The credentials as a format's dictionary or, for ``aws_credentials``, text.

    :arg name: one of FORMATS.
    :arg path: the dynamic secret, for the message.
    :raises OptionError: credentials of another provider than the format's.
    """
    if name == "raw":
        return dict(credentials)
    found = {variable: credentials[key] for variable, key in fields_of(name).items() if key in credentials}
    if len(found) < 2:
        keys = one_line(", ".join(sorted(credentials)))
        raise OptionError("format", f"{name} does not fit the credentials of {path}, which have the keys {keys}.")
    return profile(found) if is_text(name) else found
