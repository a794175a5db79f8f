# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Load the files that plugins share as Python loads all others: from their bytecode, which it keeps.

Ansible has Python load a plugin's own file, so that its bytecode is kept. But Ansible's finder of collections compiles
``module_utils`` and ``plugin_utils`` anew in each process that imports them, which is each worker that evaluates a
lookup. Importing this file puts a finder right before that one, for these two folders of this collection alone. It
relies on the name of Ansible's finder, without which it does nothing, and on its packages having a ``__path__``. It
leaves packages and missing files to Ansible's finder. Where Python may not write bytecode, it compiles as Ansible does.
Each entry point imports this file first.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from types import ModuleType

_PLUGINS = __name__.rpartition(".plugin_utils.")[0]
_SHARED = (f"{_PLUGINS}.module_utils.", f"{_PLUGINS}.plugin_utils.")


class _SharedFiles(MetaPathFinder):
    """Finds the shared files in the folders of their packages."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return what Python needs to load the file; None: it is for another finder."""
        if not fullname.startswith(_SHARED):
            return None
        name = f"{fullname.rpartition('.')[2]}.py"
        for folder in path or ():
            file = os.path.join(folder, name)
            if os.path.isfile(file):
                return spec_from_file_location(fullname, file)
        return None


def _come_before(name: str) -> None:
    """Put the finder right before the one of this name, if there is one."""
    names = [type(finder).__name__ for finder in sys.meta_path]
    if name in names:
        sys.meta_path.insert(names.index(name), _SharedFiles())


_come_before("_AnsibleCollectionFinder")
