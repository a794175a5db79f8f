# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read by each Python that a test's run starts, which then needs a third less of the processor.

It looks for garbage seldom, which Ansible makes little of. And what Ansible makes anew in each process of what never
changes, it makes once: the code of collections and modules (Python keeps only that of files which it finds itself), and
the data of Ansible's own two large YAML files.
"""

from __future__ import annotations

import builtins
import gc
import hashlib
import marshal
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

gc.set_threshold(100_000)

_FOLDER = os.environ["TESTS_MADE_ONCE"]
_LARGE = 20_000
_compile: Any = builtins.compile


def _kept(source: str | bytes, kind: str, make: Callable[[], Any]) -> Any:
    """What ``make`` makes of a source, or made earlier: code or plain data."""
    whole = source if isinstance(source, bytes) else source.encode()
    # A host of a test may have another Python, which could not read this one's code.
    path = os.path.join(_FOLDER, f"{sys.implementation.cache_tag}-{kind}-{hashlib.sha256(whole).hexdigest()}")
    with suppress(OSError, EOFError), open(path, "rb") as stream:
        return marshal.load(stream)  # noqa: S302  # the folder is this test run's own
    made = make()
    own = f"{path}.{os.getpid()}"
    with open(own, "wb") as stream:
        marshal.dump(made, stream)
    os.replace(own, path)
    return made


def _compile_once(source: Any, filename: Any, mode: str, flags: int = 0, **options: Any) -> Any:
    def make() -> Any:
        return _compile(source, filename, mode, flags, **options)

    is_file = mode == "exec" and not flags and options == {"dont_inherit": True}
    return _kept(source, "code", make) if is_file and "ansible" in str(filename) else make()


builtins.compile = _compile_once  # type: ignore[assignment]


if any(os.path.basename(word).startswith("ansible") for word in sys.orig_argv[1:2]):
    import yaml

    _load = yaml.load

    def _load_once(stream: Any, Loader: Any) -> Any:  # noqa: N803  # it is called by this name
        source = stream.read() if hasattr(stream, "read") else stream
        # Other loaders make more of it than plain data.
        is_plain = Loader in (yaml.CBaseLoader, yaml.CSafeLoader) and len(source) > _LARGE
        return _kept(source, Loader.__name__, lambda: _load(source, Loader)) if is_plain else _load(source, Loader)

    yaml.load = _load_once
