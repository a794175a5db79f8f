# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How programs read files with variables: systemd, docker and shells."""

from __future__ import annotations

import ctypes
import itertools
import re
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

_SPACE, _NEWLINE = " \t\n\r", "\n\r"
# What a backslash escapes in double quotes (SHELL_NEED_ESCAPE in systemd's src/basic/escape.h).
_NEEDS_ESCAPE = '"\\`$'


def by_systemd(text: str) -> dict[str, str]:
    """Read as ``EnvironmentFile=`` does: ``parse_env_file_internal`` in systemd's src/basic/env-file.c (252)."""
    return {
        key: value
        for key, value in _Systemd().read(text)
        if re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", key) and not re.search("[\x00-\x08\x0b-\x1f\x7f]", value)
    }


class _Systemd:
    """systemd's state machine: each method takes a letter in its state."""

    def __init__(self) -> None:
        self._state: Callable[[str], None] = self._pre_key
        self._key, self._value = "", ""
        # Where white space at the end of a value without quotes begins.
        self._blank: int | None = None
        self._found: list[tuple[str, str]] = []

    def read(self, text: str) -> list[tuple[str, str]]:
        for letter in text:
            self._state(letter)
        if self._state not in (self._pre_key, self._in_key, self._comment, self._comment_escape):
            self._end()
        return self._found

    def _end(self) -> None:
        is_bare = self._state == self._bare and self._blank is not None
        self._found.append((self._key.strip(_SPACE), self._value[: self._blank] if is_bare else self._value))
        self._state = self._pre_key

    def _pre_key(self, letter: str) -> None:
        if letter in "#;":
            self._state = self._comment
        elif letter not in _SPACE:
            self._state, self._key = self._in_key, letter

    def _in_key(self, letter: str) -> None:
        if letter in _NEWLINE:
            self._state = self._pre_key
        elif letter == "=":
            self._state, self._value, self._blank = self._pre_value, "", None
        else:
            self._key += letter

    def _pre_value(self, letter: str) -> None:
        if letter in _NEWLINE:
            self._end()
        elif letter in "'\"\\":
            self._state = {"'": self._single, '"': self._double, "\\": self._escape}[letter]
            self._blank = None
        elif letter not in _SPACE:
            self._state, self._value = self._bare, self._value + letter

    def _bare(self, letter: str) -> None:
        if letter in _NEWLINE:
            self._end()
        elif letter == "\\":
            self._state, self._blank = self._escape, None
        else:
            is_blank = letter in _SPACE
            self._blank = (len(self._value) if self._blank is None else self._blank) if is_blank else None
            self._value += letter

    def _escape(self, letter: str) -> None:
        self._state = self._bare
        self._value += "" if letter in _NEWLINE else letter

    def _single(self, letter: str) -> None:
        if letter == "'":
            self._state = self._pre_value
        else:
            self._value += letter

    def _double(self, letter: str) -> None:
        if letter == '"':
            self._state = self._pre_value
        elif letter == "\\":
            self._state = self._double_escape
        else:
            self._value += letter

    def _double_escape(self, letter: str) -> None:
        self._state = self._double
        if letter in _NEEDS_ESCAPE:
            self._value += letter
        elif letter != "\n":
            self._value += "\\" + letter

    def _comment(self, letter: str) -> None:
        if letter == "\\":
            self._state = self._comment_escape
        elif letter in _NEWLINE:
            self._state = self._pre_key

    def _comment_escape(self, _letter: str) -> None:
        self._state = self._comment


def library_of_systemd() -> ctypes.CDLL | None:
    """Systemd's own code, where it is installed; None: it is not."""
    for folder in ("/usr/lib/x86_64-linux-gnu/systemd", "/usr/lib/systemd", "/usr/lib64/systemd"):
        for path in sorted(Path(folder).glob("libsystemd-shared-*.so")):
            library = ctypes.CDLL(str(path))
            if hasattr(library, "load_env_file") and hasattr(library, "env_value_is_valid"):
                return library
    return None


def by_systemd_itself(library: ctypes.CDLL, path: Path) -> dict[str, str]:
    """Read the file with systemd's code."""
    found = ctypes.POINTER(ctypes.c_char_p)()
    library.load_env_file.argtypes = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)
    status = library.load_env_file(None, str(path).encode(), ctypes.byref(found))
    assert status >= 0, status
    variables: dict[str, str] = {}
    # The list ends with a null pointer; there is none of an empty file.
    entries = itertools.takewhile(bool, map(found.__getitem__, itertools.count())) if bool(found) else ()
    for entry in entries:
        key, _equals, value = entry.partition(b"=")
        library.env_value_is_valid.argtypes = (ctypes.c_char_p,)
        library.env_value_is_valid.restype = ctypes.c_bool
        # A service does not get the others.
        if library.env_value_is_valid(value):
            variables[key.decode()] = value.decode()
    return variables


def by_docker(text: str) -> dict[str, str]:
    """Read as ``docker run --env-file`` does: ``parseKeyValueFile`` in docker's cli/opts/file.go."""
    lines = [line.removesuffix(b"\r").decode() for line in text.encode().split(b"\n")]
    lines[0] = lines[0].removeprefix("\ufeff")
    variables: dict[str, str] = {}
    for line in (line.lstrip(" \t\n\v\f\r\u0085\u00a0") for line in lines):
        key, equals, value = line.partition("=")
        if line.startswith("#") or not equals:
            continue
        assert not re.search(r"\s", key), f"{key!r} has white space"
        variables[key] = value
    return variables


def by_shell(shell: str, path: Path, names: Sequence[str]) -> dict[str, str]:
    """Read as ``. file`` does in a shell."""
    printed = "".join(f"printf '%s\\0' \"${name}\"; " for name in names)
    done = subprocess.run([shell, "-c", f'. "$1"; {printed}', shell, str(path)], check=True, stdout=subprocess.PIPE)
    return dict(zip(names, done.stdout.decode().split("\0"), strict=False))
