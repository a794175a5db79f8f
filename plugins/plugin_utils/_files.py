# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replace files as a whole: a reader, also after a power cut, sees the old file or the new one.

Keep the imports few: Ansible's main process loads this too.
"""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path


def replace_file(path: Path, data: bytes, *, mode: int = 0o600, is_durable: bool = True, keeps: bool = False) -> None:
    """Write a file beside its place, and then put it there. Leave nothing half-written behind.

    :arg is_durable: whether the file has to outlast a power cut; one that serves a single run does not.
    :arg keeps: whether a file that is there already stays.
    :raises OSError: nothing can be written; its ``filename`` says where.
    """
    # Several threads and processes may write the file at the same time.
    fresh = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}.new")
    try:
        _write(fresh, data, mode, is_durable=is_durable)
        if keeps:
            with suppress(FileExistsError):
                os.link(fresh, path)
            fresh.unlink()
        else:
            os.replace(fresh, path)
        if is_durable:
            _synchronise(path.parent)
    except BaseException as error:
        with suppress(OSError):
            fresh.unlink()
        if isinstance(error, OSError) and error.filename is None:
            error.filename = str(path)
        raise


def set_aside(path: Path) -> Path:
    """Move a damaged file out of the way, and keep it for examination; return its new place.

    :raises OSError: it cannot be moved.
    """
    aside = path.with_name(f"{path.name}.damaged")
    os.replace(path, aside)
    return aside


def _write(path: Path, data: bytes, mode: int, *, is_durable: bool) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "wb") as stream:
        # The process' umask may have removed some permissions.
        os.fchmod(stream.fileno(), mode)
        stream.write(data)
        stream.flush()
        if is_durable:
            # Otherwise the name may survive a power cut, and the content may not.
            os.fsync(stream.fileno())


def _synchronise(folder: Path) -> None:
    """Make the folder's names outlast a power cut, on file systems that can."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
