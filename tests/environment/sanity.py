# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``ansible-test sanity`` on what git knows of this checkout, without containers."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.environment.cache import cache_folder, only_user_of
from tests.environment.collection_tree import CHECKOUT
from tests.environment.environments import Environment
from tests.environment.interpreters import folders_of_interpreters
from tests.environment.problem import MissingPrerequisiteError

_BOOTSTRAP = '''"""In place of get-pip.py, which is not on the package index: the pip that comes with Python."""

import ensurepip

ensurepip.bootstrap()
'''
# What users do not install, and what of it ansible-test reads for itself.
_NOT_INSTALLED = ("emulator", "tests")
_OWN = (("tests", "config.yml"), ("tests", "sanity"))


@dataclass(frozen=True)
class Prepared:
    """A command, the folder that it wants to run in, and its variables."""

    command: list[str]
    folder: Path
    variables: dict[str, str]


@contextmanager
def sanity(environment: Environment, *, with_tests: bool) -> Iterator[Prepared]:
    """Prepare a run of ansible-test, in a copy of the checkout that goes with the context.

    :arg with_tests: look at these tests and the emulator too, which are most of its work.
    """
    interpreter = environment.interpreter
    home = cache_folder("sanity", environment.flavour.core, str(interpreter.path), interpreter.version)
    _provide_pip(environment, home / ".ansible" / "test" / "cache")
    # ansible-test looks for Pythons on PATH and finds shims there that answer for Pythons which are not chosen.
    programs = os.pathsep.join(map(str, [environment.bin, *folders_of_interpreters()]))
    variables = {**environment.variables(), "HOME": str(home), "PATH": programs}
    command = [str(environment.bin / "ansible-test"), "sanity", "--color", "no", "--truncate", "0"]
    # It makes virtual environments there, and is not prepared for another run that does the same.
    with only_user_of(home), tempfile.TemporaryDirectory(prefix="workload-credentials-") as scratch:
        copy = Path(scratch, "ansible_collections", "community", "workload_credentials")
        _copy_known_files(copy, with_tests=with_tests)
        yield Prepared(command, copy, variables)


def known_files(root: Path = CHECKOUT) -> list[Path]:
    """Return what git knows of the checkout, or would with ``git add``: paths from its root."""
    listed = _git("-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    return sorted({Path(name) for name in listed.split("\0") if name and (root / name).is_file()})


def _copy_known_files(copy: Path, *, with_tests: bool) -> None:
    """ansible-test wants the collection's own folder, and asks git what is in it."""
    for path in known_files():
        if not with_tests and path.parts[0] in _NOT_INSTALLED and path.parts[:2] not in _OWN:
            continue
        (copy / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(CHECKOUT / path, copy / path, follow_symlinks=False)
    _git("-C", str(copy), "init", "--quiet")
    _git("-C", str(copy), "add", "--all")


def _provide_pip(environment: Environment, cache: Path) -> None:
    """Put the file where ansible-test keeps its download, which many machines cannot reach."""
    (source,) = environment.bin.parent.glob("lib/python3.*/site-packages/ansible_test/_internal/python_requirements.py")
    cache.mkdir(parents=True, exist_ok=True)
    for version in set(re.findall(r"\bpip='([\d.]+)'", source.read_text(encoding="utf-8"))):
        (cache / f"get_pip_{version.replace('.', '_')}.py").write_text(_BOOTSTRAP, encoding="utf-8")


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=CHECKOUT, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise MissingPrerequisiteError("git is needed: ansible-test asks it which files there are.") from None
    if done.returncode != 0:
        raise MissingPrerequisiteError(f"{CHECKOUT} must be a git checkout: {done.stderr.strip()}")
    return done.stdout
