# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens that prove to the Security Token Service who asks: web identities.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
import time
from dataclasses import dataclass
from typing import Any, Callable

from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import OptionError
from ansible_collections.community.workload_credentials.plugins.module_utils._api.sources import stripped
from ansible_collections.community.workload_credentials.plugins.module_utils._api.texts import decoded

_OPTION = "web_identity_token_file"
_TOKEN = re.compile(r"[\x21-\x7e]{4,20000}")


@dataclass(frozen=True)
class Proof:
    """A token that proves who asks.

    :arg name: where it comes from.
    :arg token: gives it, anew at each use, since projected and OIDC tokens rotate.
    """

    name: str
    token: Callable[[], str]


def token_in(path: str) -> str:
    """The token in a file, which is read at each use.

    :raises OptionError: there is no file, no token in it, or one that has expired; the text holds nothing of it.
    """
    path = os.path.expanduser(os.path.expandvars(path))
    try:
        with open(path, "rb") as stream:
            token = stripped(decoded(stream.read()))
    except OSError as error:
        raise OptionError(_OPTION, f"cannot read {path}: {error.strerror}.") from None
    except ValueError:
        raise OptionError(_OPTION, f"{path} is not a text file.") from None
    if not _TOKEN.fullmatch(token):
        raise OptionError(_OPTION, f"there is no token in {path}, or it has spaces or line ends in it.")
    expiration = _claims(token).get("exp")
    if isinstance(expiration, (int, float)) and expiration <= time.time():
        raise OptionError(_OPTION, f"the token in {path} has expired: see that a fresh one is there.")
    return token


def _claims(token: str) -> dict[str, Any]:
    """What a JSON Web Token says of itself; nothing where it is none, which is for AWS to judge."""
    parts = token.split(".")
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (IndexError, ValueError, binascii.Error, RecursionError):
        return {}
    return claims if isinstance(claims, dict) else {}
