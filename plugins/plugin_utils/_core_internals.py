# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every use of something in ansible-core that it does not promise to keep, each with what happens without it.

To try a new ansible-core, read this file. These uses cannot be here, for the reasons given:

- ``_bytecode.py`` puts a finder before ``_AnsibleCollectionFinder``, before any other file is loaded. Without that name
  it does nothing, and Ansible compiles the files.
- ``_leases/run_end.py`` fakes the tree of packages for ``python -c``, which no lookup needs to load; without it the
  report names open leases. ``_hosts/host.py`` and ``action/credentials_file.py`` have a module streamed.
- ``module_utils`` imports nothing from here. ``_api/option_values.py`` knows ``omit`` by its names
  (``__omit_place_holder__``, ``_OmitType``); another name is a value like any other, and refused as one.
  ``_kube/connection.py`` uses ``_create_auth_spec``, ``_create_configuration``, ``_create_headers`` and ``_set_header``
  of kubernetes.core, and ``_temp_files`` of the library kubernetes. ``_api/transport.py`` derives from the connection
  and pool classes of urllib3, and ``_api/session.py`` from the adapter of requests.
"""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path
from typing import Any


def action_groups(task: Any, module: str) -> tuple[str, ...]:
    """Return the groups of module_defaults that a module belongs to; without the interface, none."""
    play = getattr(getattr(task, "_parent", None), "_play", None)
    groups = getattr(play, "_action_groups", None) or {}
    return tuple(groups.get(module, ()))


def check_mode_of_worker() -> Any:
    """Return the check mode of the task for which this worker was forked; None: it is not known, as outside of tasks.

    Without the interface a lookup goes by the check mode of the whole run.
    """
    task = getattr(multiprocessing.current_process(), "_task", None)
    return getattr(task, "check_mode", None)


def controller_stderr() -> int | None:
    """Open the standard error of Ansible's main process for a worker, whose own leads nowhere since ansible-core 2.19.

    Without it, as on systems that have no /proc, return None: warnings go Ansible's usual way.
    """
    try:
        return os.open(f"/proc/{os.getppid()}/fd/2", os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
    except OSError:
        return None


def is_worker(process: Any) -> bool:
    """Return whether a child of Ansible's main process is a worker.

    Without the name none is, and nobody waits for workers at the end: the locks on their notes still do.
    """
    return type(process).__name__ == "WorkerProcess"


def asks_for_omission(error: Exception) -> bool:
    """Return whether a template failed since its value is ``omit``; without the name the failure is reported."""
    return type(error).__name__ == "AnsibleValueOmittedError"


def run_folder() -> Path:
    """Return the folder that all processes of a run share, that no other run has, and that Ansible removes at its end.

    Without the interface it is one that is named after Ansible's main process, and that nobody removes.
    """
    # A process that ends leases outside of Ansible has no such folder.
    from ansible import constants

    temporary = getattr(constants, "DEFAULT_LOCAL_TMP", None)
    if temporary:
        return Path(temporary)
    parent = multiprocessing.parent_process()
    pid = os.getpid() if parent is None else parent.pid
    folder = Path(f"~/.ansible/tmp/ansible-local-{pid}").expanduser()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def text_of_file(loader: Any, path: str) -> str:
    """Return the text of a file, decrypted if it is vaulted, and without a decrypted file on disk.

    ansible-core 2.19 has a public method for it. Before that it is private; without it the file is decrypted here.
    """
    read = getattr(loader, "get_text_file_contents", None)
    if read is not None:
        return str(read(path))
    private = getattr(loader, "_get_file_contents", None)
    if private is not None:
        return str(private(path)[0].decode("utf-8"))
    data = Path(path).read_bytes()
    return str((loader._vault.decrypt(data) if data.startswith(b"$ANSIBLE_VAULT") else data).decode("utf-8"))


def vault_secrets(loader: Any) -> list[tuple[str, Any]]:
    """Return the vault's passwords of this run by their IDs; without the interface there are none."""
    vault = getattr(loader, "_vault", None)
    return list(getattr(vault, "secrets", None) or ())
