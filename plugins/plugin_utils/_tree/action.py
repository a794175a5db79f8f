# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the actions of tree and tree_info do on the controller: read files, and write one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleError
from ansible.module_utils.parsing.convert_bool import boolean

from ...module_utils._api.errors import OptionError
from .._in_process import failure
from .._worker import plain
from .destination import TreeFile, without_values
from .sources import documents


class WithFiles:
    """Reads the files of the option ``src``, for an action plugin."""

    _task: Any
    _loader: Any

    def run(self, tmp: Any = None, task_vars: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Run the task with the content of its files in place of their names."""
        given = self._task.args
        source = given.get("src")
        if not source:
            return super().run(tmp, task_vars)  # type: ignore[misc,no-any-return]
        try:
            read = documents(self._loader, self._place(str(plain(source))))
        except Exception as error:
            # Nobody should read a traceback, which could show what a file holds.
            return failure(self._task.action, error)
        # With loop or until, the same task object runs again.
        self._task.args = {**{name: value for name, value in given.items() if name != "src"}, "documents": read}
        try:
            return super().run(tmp, task_vars)  # type: ignore[misc,no-any-return]
        finally:
            self._task.args = given

    def _place(self, source: str) -> str:
        """Return the file or folder, which may be relative to a role or to the playbook.

        :raises OptionError: there is none.
        """
        try:
            return str(self._find_needle("files", source))  # type: ignore[attr-defined]
        except AnsibleError:
            raise OptionError(
                "src", f"there is no file or folder {source!r} in the role or beside the playbook."
            ) from None


class WithDestination:
    """Writes the tree into the file of the option ``dest``, for an action plugin."""

    _task: Any
    _loader: Any

    def run(self, tmp: Any = None, task_vars: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Run the task, and write what it has read."""
        result: dict[str, Any] = super().run(tmp, task_vars)  # type: ignore[misc]
        given = self._task.args
        destination = given.get("dest")
        if result.get("failed") or not destination or "tree" not in result:
            return result
        has_values = boolean(given.get("values", False), strict=False)
        path = self._loader.path_dwim(str(plain(destination)))
        vault_id = given.get("vault_id")
        try:
            file = TreeFile(self._loader, Path(path), str(plain(vault_id)) if vault_id else None, is_vaulted=has_values)
            changed = file.write(plain(result["tree"]), check_mode=self._task.check_mode)
        except Exception as error:
            # As above, of what was read.
            return failure(self._task.action, error)
        shown = {key: value for key, value in result.items() if key != "_ansible_no_log"}
        return {**shown, "changed": changed, "dest": path, "tree": without_values(result["tree"])}
