# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host as the controller reaches it: the module's part there, and content that goes through the stream alone.

Ansible sends a module with its arguments in one text. With pipelining that text is the standard input of the host's
Python, and neither side has it in a file: the controller keeps the modules' code in its cache, without arguments, and
the host unpacks the code alone. Without pipelining the whole text becomes a file on both sides. So this action turns
pipelining on for its own module, whatever the user's setting, and refuses connections that have none.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

from ansible import constants

from ...module_utils._api.errors import StateError
from .spec import FILE_OPTIONS

MODULE = "community.workload_credentials.credentials_file"
_EXTRAS = ("ansible_facts", "warnings", "deprecations")
# Runs a module on the host with arguments, and with content that is in no argument; returns its result.
Execute = Callable[["dict[str, Any]", "str | None"], "dict[str, Any]"]


def streaming_problem(action: Any) -> str | None:
    """Return why Ansible would write a module's arguments to a file on this action's host; None: it streams them.

    A connection without the interface counts as one that cannot stream.
    """
    connection = action._connection
    become = connection.become
    if getattr(constants, "DEFAULT_KEEP_REMOTE_FILES", False):
        return "Ansible's setting keep_remote_files is on"
    if not getattr(connection, "has_pipelining", False):
        return f"the connection {connection.transport} has no pipelining"
    # ansible-core 2.16 has no such attribute, and makes an exception of su.
    if become is not None and not getattr(become, "pipelining", become.name != "su"):
        return f"become_method {become.name} has no pipelining"
    return None


class HostRefusedError(StateError):
    """The host has refused a step, and nothing has changed."""


class UnclearError(StateError):
    """A step was sent to the host, and no clear answer came."""


class Host:
    """The place of one file.

    :arg parameters: the task's, validated.
    """

    def __init__(self, execute: Execute, parameters: Mapping[str, Any]) -> None:
        self._execute = execute
        names = (*FILE_OPTIONS, "validate")
        given = {name: parameters[name] for name in names if parameters.get(name) is not None}
        self._arguments = {"path": parameters["path"], **given}
        # What Ansible adds to a module's result, such as which Python it has found on the host.
        self.extras: dict[str, Any] = {}

    def look(self) -> dict[str, Any]:
        """Return what is known of the file.

        :raises HostRefusedError: the host refuses to look.
        """
        return self._do("look", None)

    def write(self, content: str, **step: Any) -> dict[str, Any]:
        """Write the file and its note, in the terms of the host's part.

        :raises HostRefusedError: nothing has changed.
        :raises UnclearError: the file may have been written.
        :raises AnsibleError: so may it, and Ansible reports it best, such as a host that cannot be reached.
        """
        # A text that is marked so is in no other text by chance, from which AnsibleModule would then strike it.
        return self._do("write", "base64:" + base64.b64encode(content.encode()).decode(), **step)

    def adjust(self, **step: Any) -> dict[str, Any]:
        """Set permissions, and write the note if there is one in the step."""
        return self._do("adjust", None, **step)

    def remove(self, part: str) -> None:
        """Remove the file ("file"), or its note ("note")."""
        self._do("remove", None, part=part)

    def _do(self, what: str, content: str | None, **step: Any) -> dict[str, Any]:
        result = self._execute({**self._arguments, "host_step": {"do": what, **step}}, content)
        self.extras.update({name: result[name] for name in _EXTRAS if result.get(name)})
        if not result.get("failed"):
            return result
        message = f"{self._arguments['path']}: {result.get('msg') or 'the host did not say why.'}"
        raise (HostRefusedError if result.get("refused") else UnclearError)(message)
