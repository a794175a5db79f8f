# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the password of a vault ID for Ansible's client scripts ("Storing passwords in third-party tools")."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from typing import BinaryIO, NoReturn

from ..module_utils._api.client import Client
from ..module_utils._api.errors import MissingError, OptionError, StateError, WorkloadCredentialsError, internal_error
from ..module_utils._api.paths import parse_folder, parse_path
from ..module_utils._api.text import one_line
from ..module_utils._credentials.static_secret import StaticSecret
from ..module_utils._spec import CONNECTION, Options
from ._options import Resolved, environment, ini, resolve, settings_of

OPTIONS: Options = {
    **CONNECTION,
    "vault_folder": {"type": "str", "env": ("WORKLOAD_CREDENTIALS_VAULT_FOLDER",)},
    "vault_key": {"type": "str", "env": ("WORKLOAD_CREDENTIALS_VAULT_KEY",)},
}
_DEFAULT_KEY = "password"
_FAILED = 1
# With this code Ansible reports that this vault ID has no password, and not that the script is broken.
_UNKNOWN = 2


def run(given: Sequence[str], out: BinaryIO) -> int:
    """Write the password, or one line about what is wrong to standard error; return the exit code.

    :arg given: the command line's arguments.
    :arg out: the stream for the password.
    """
    # The play's variables are not known yet: some may be in the very files that the password opens.
    resolved = Resolved({}, {})
    try:
        label = _parser().parse_args(given).vault_id
        resolved = resolve(OPTIONS, [environment(os.environ), ini])
        password = _password(resolved, label)
    except WorkloadCredentialsError as error:
        print(one_line(resolved.located(str(error))), file=sys.stderr)
        return _UNKNOWN if isinstance(error, _UnknownError) else _FAILED
    except Exception as error:  # pylint: disable=broad-exception-caught
        print(one_line(str(internal_error("vault client", error))), file=sys.stderr)
        return _FAILED
    out.write(f"{password}\n".encode())
    out.flush()
    return 0


class _UnknownError(WorkloadCredentialsError):
    """There is no password of this vault ID."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        # Ansible gives argparse's own exit code another meaning.
        raise OptionError("arguments", f"{message}. Ansible calls this with --vault-id NAME.")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="workload-credentials-client", allow_abbrev=False)
    parser.add_argument("--vault-id", default="default", help="name of the static secret below vault_folder")
    return parser


def _password(resolved: Resolved, label: str) -> str:
    folder = parse_folder(resolved.values.get("vault_folder"), "vault_folder")
    path = parse_path(f"{folder}/{parse_path(label, '--vault-id')}", "--vault-id")
    client = Client(settings_of(resolved))
    try:
        values = StaticSecret(client, path).mint().values
    except MissingError as error:
        raise _UnknownError(str(error)) from None
    return _text(values, resolved.values.get("vault_key"), str(path))


def _text(values: Mapping[str, object], key: str | None, path: str) -> str:
    """Return the value that is the password.

    :arg key: the key that the user names; None: the only one, or ``password`` among several.
    """
    chosen = key or _DEFAULT_KEY
    if not key and len(values) == 1:
        (chosen,) = values
    if chosen not in values:
        names = one_line(", ".join(sorted(values))) or "none"
        raise _UnknownError(
            f"The static secret {path} has no key {chosen!r}; its keys: {names}. Name one as vault_key."
        )
    password = values[chosen]
    if not isinstance(password, str) or not password.strip("\r\n"):
        raise StateError(f"The value of {chosen!r} in the static secret {path} is empty or not text.")
    return password
