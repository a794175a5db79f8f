# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of credentials_file that runs on the host: look at a file and its note, write both, remove both.

It needs Python's standard library and the AnsibleModule that Ansible sends with it. It decides nothing: the controller
reads the note, decides, and sends the content.

The note lies beside the file, with the same owner and mode. It holds no value and no digest of one: a file counts as
the one that was written while its size and its time of change are those in the note. The nanoseconds of that time are
computed from the path, so that a file whose note was lost is still known.

The note is in place before the file is. After a kill at any point, the note therefore names each lease that the file
may hold, and shows whether the file was replaced.
"""

from __future__ import annotations

import base64
import errno
import fcntl
import grp
import hashlib
import json
import os
import pwd
import shlex
import stat
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

_SUFFIX = ".workload-credentials"
# A file, or a note, that is being written, beside its place; a run that was killed leaves one behind.
_FRESH, _FRESH_NOTE = ".new", ".note.new"
_SECOND = 1_000_000_000
# What lies in a place.
FILE, FOLDER, OTHER = "file", "folder", "other"
# A note is some hundred bytes long; what is longer is none.
_LONGEST = 1 << 20
INFO_OPTIONS: dict[str, dict[str, Any]] = {
    "paths": {"type": "list", "elements": "path", "required": True, "aliases": ["path"]},
    "recurse": {"type": "bool", "default": False},
}
# What to say where a folder cannot take the file.
_NO_FOLDER = "there is no folder {folder} on the host. Create it first."
_NOT_A_FOLDER = "{folder} on the host is not a folder."
_NOT_WRITABLE = "the folder {folder} on the host cannot be written to by {user}. Set become, or its permissions."


class HostError(Exception):
    """The host refuses something; the text says what, and holds no value."""


def note_path(path: str) -> str:
    """Return the path of the note of a file."""
    folder, name = os.path.split(path)
    return os.path.join(folder, f".{name}{_SUFFIX}")


def noted_path(note: str) -> str | None:
    """Return the path of the file whose note this is; None: it is no note's name."""
    folder, name = os.path.split(note)
    if name.startswith(".") and name.endswith(_SUFFIX) and len(name) > len(_SUFFIX) + 1:
        return os.path.join(folder, name[1 : -len(_SUFFIX)])
    return None


def looked(path: str) -> dict[str, Any]:
    """Return what is known of a file and its note without reading the file."""
    file, text, problem = file_facts(path), None, ""
    try:
        text = _note_text(path)
    except OSError as error:
        problem = error.strerror or type(error).__name__
    return {"path": path, "file": file, "note": text, "note_problem": problem}


def file_facts(path: str) -> dict[str, Any] | None:
    """Return what a file's metadata says; None: there is no such file."""
    try:
        found = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return {
        "kind": _kind_of(found.st_mode),
        "size": found.st_size,
        "mtime_ns": found.st_mtime_ns,
        "is_marked": found.st_mtime_ns % _SECOND == _mark(path, found.st_mtime_ns // _SECOND, found.st_size),
        "owner": _name_of(pwd.getpwuid, found.st_uid),
        "group": _name_of(grp.getgrgid, found.st_gid),
        "mode": f"{stat.S_IMODE(found.st_mode):04o}",
    }


def problem_of_place(path: str, parameters: Mapping[str, Any]) -> str:
    """Return why nothing can be written there, as far as that shows without writing; "": nothing is known of it."""
    folder = os.path.dirname(path)
    if not os.path.isdir(folder):
        return (_NOT_A_FOLDER if os.path.lexists(folder) else _NO_FOLDER).format(folder=folder)
    if not os.access(folder, os.W_OK | os.X_OK):
        return _NOT_WRITABLE.format(folder=folder, user=_name_of(pwd.getpwuid, os.geteuid()))
    for option, find in (("owner", pwd.getpwnam), ("group", grp.getgrnam)):
        name = parameters.get(option)
        if name and not str(name).isdigit():
            try:
                find(str(name))
            except KeyError:
                return f"{option}: the host knows no {option} {name!r}."
    return ""


def _kind_of(mode: int) -> str:
    if stat.S_ISREG(mode):
        return FILE
    return FOLDER if stat.S_ISDIR(mode) else OTHER


def _note_text(path: str) -> str | None:
    """Return the note as it is; None: there is none.

    :raises OSError: it cannot be read.
    """
    try:
        descriptor = os.open(note_path(path), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    with os.fdopen(descriptor, "rb") as stream:
        return stream.read(_LONGEST).decode("utf-8", "replace")


def _mark(path: str, seconds: int, size: int) -> int:
    """Return the nanoseconds that mark a file as one that this collection has written at this second."""
    digest = hashlib.sha256(f"{os.path.basename(path)}\n{seconds}\n{size}\n{_SUFFIX}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % _SECOND


def _name_of(find: Any, number: int) -> str:
    try:
        return str(find(number)[0])
    except KeyError:
        return str(number)


class HostFile:
    """A file on this host, written as the module's options say.

    :arg module: the AnsibleModule, which knows how to set owner, mode, attributes and SELinux' context.
    """

    def __init__(self, module: Any, path: str) -> None:
        self._module = module
        self._path = path
        self._folder = os.path.dirname(path)

    def look(self) -> dict[str, Any]:
        """Return what is known of the file, what keeps it from being written, and what its permissions lack."""
        if not self._module.check_mode:
            self._clear()
        found = looked(self._path)
        found["problem"] = problem_of_place(self._path, self._module.params)
        is_file = bool(found["file"] and found["file"]["kind"] == FILE)
        found["lacks"] = self._lacking() if is_file and not found["problem"] else []
        return found

    def write(self, step: Mapping[str, Any], content: bytes) -> dict[str, Any]:
        """Write note and file, or what of them differs; return whether the content changed, and the file's facts.

        :arg step: ``note``, to which the file's facts are added; ``seen``: the note as the controller has read it;
            ``compares``: leave a file with this content alone.
        :raises HostError: the host refuses it, and nothing has changed.
        """
        is_same = bool(step.get("compares")) and self._holds(content)
        if self._module.check_mode or is_same:
            return {"is_same": is_same, **self._adjusted(step, is_same=is_same)}
        with self._locked_fresh(step) as (descriptor, fresh):
            self._fill(descriptor, fresh, content)
            facts = file_facts(fresh)
            before = file_facts(self._path)
            self._write_note({**step["note"], "file": _signature(facts), "former": _signature(before)}, like=fresh)
            self._put_in_place(fresh, step.get("seen"))
        self._synchronise()
        # A file with the attribute "immutable" could not have been renamed.
        self._set_attributes(self._path)
        return {"is_same": False, "lacks": [], "file": file_facts(self._path)}

    def adjust(self, step: Mapping[str, Any]) -> dict[str, Any]:
        """Give file and note the permissions of the options, and the note its new text, if it gets one.

        :arg step: ``seen`` and ``note``, as for ``write``; no ``note``: it stays.
        """
        if self._module.check_mode:
            return {"lacks": self._lacking(), "file": file_facts(self._path)}
        if step.get("note") is not None:
            self._check_unchanged(step)
        lacks = self._lacking()
        self._set_attributes(self._path)
        if step.get("note") is not None:
            self._write_note(step["note"], like=self._path)
        elif os.path.lexists(note_path(self._path)):
            self._set_attributes(note_path(self._path))
        return {"lacks": lacks, "file": file_facts(self._path)}

    def remove(self, step: Mapping[str, Any]) -> dict[str, Any]:
        """Remove the file and its note, or one of them.

        :arg step: ``part``: "file" or "note".
        """
        if not self._module.check_mode:
            with suppress(FileNotFoundError):
                os.unlink(self._path if step["part"] == "file" else note_path(self._path))
            self._synchronise()
        return {}

    def _adjusted(self, step: Mapping[str, Any], *, is_same: bool) -> dict[str, Any]:
        """Return the result of a write that leaves the content as it is."""
        if not is_same:
            return {"lacks": [], "file": file_facts(self._path)}
        note = {**step["note"], "file": _signature(file_facts(self._path)), "former": None}
        is_noted = _parsed(_text_or_none(self._path)) == note
        return self.adjust({**step, "note": None if is_noted else note})

    def _holds(self, content: bytes) -> bool:
        facts = file_facts(self._path)
        if facts is None or facts["kind"] != FILE or facts["size"] != len(content):
            return False
        try:
            with open(self._path, "rb") as stream:
                return stream.read() == content
        except OSError:
            return False

    def _locked_fresh(self, step: Mapping[str, Any]) -> _Fresh:
        fresh = _Fresh(note_path(self._path) + _FRESH)
        try:
            self._check_unchanged(step)
        except BaseException:
            fresh.close()
            raise
        return fresh

    def _check_unchanged(self, step: Mapping[str, Any]) -> None:
        """Raise HostError if the note is no longer the one that the controller has decided by."""
        if _text_or_none(self._path) != step.get("seen"):
            raise HostError("another run has written this file in the meantime. Run again.")

    def _put_in_place(self, fresh: str, former_note: str | None) -> None:
        try:
            os.rename(fresh, self._path)
        except OSError:
            # Such as a file with the attribute "immutable". The note must not name what the file never held.
            if former_note is None:
                os.unlink(note_path(self._path))
            else:
                self._write_note_text(former_note, like=self._path)
            raise

    def _fill(self, descriptor: int, fresh: str, content: bytes) -> None:
        with os.fdopen(os.dup(descriptor), "wb") as stream:
            stream.write(content)
            stream.flush()
            seconds = time.time_ns() // _SECOND
            moment = seconds * _SECOND + _mark(self._path, seconds, len(content))
            os.utime(descriptor, ns=(moment, moment))
            os.fsync(descriptor)
        self._set_attributes(fresh)
        self._validate(fresh)

    def _validate(self, fresh: str) -> None:
        """Run the user's check on the file before it gets its place.

        :raises HostError: it fails. What it says is not shown, since it may quote a value.
        """
        command = self._module.params.get("validate")
        if not command:
            return
        try:
            command = command.replace("%s", shlex.quote(fresh))
            status = self._module.run_command(command, handle_exceptions=False)[0]
        except (OSError, ValueError) as error:
            raise HostError(f"validate: the command cannot be run ({type(error).__name__}).") from None
        if status != 0:
            raise HostError(
                f"validate: the command refused the new file (status {status}), so the file stays as it was. What the "
                "command says is not shown, since it may quote a value."
            )

    def _write_note(self, note: Mapping[str, Any], *, like: str) -> None:
        """Put the note in its place, with the permissions of a file."""
        self._write_note_text(json.dumps(note, sort_keys=True, indent=1) + "\n", like=like)

    def _write_note_text(self, text: str, *, like: str) -> None:
        place = note_path(self._path)
        fresh = f"{place}{_FRESH_NOTE}"
        try:
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())
            model = os.stat(like)
            with suppress(PermissionError):
                os.chown(fresh, model.st_uid, model.st_gid)
            os.chmod(fresh, stat.S_IMODE(model.st_mode))
            self._set_attributes(fresh)
            os.rename(fresh, place)
        except BaseException:
            with suppress(OSError):
                os.unlink(fresh)
            raise

    def _set_attributes(self, path: str) -> bool:
        """Give the file what the options of Ansible's files say; return whether that changed anything."""
        arguments = self._module.load_file_common_arguments(self._module.params, path=path)
        is_final = path == self._path
        if not is_final:
            # These would keep the file from being renamed; the file itself gets them in its place.
            arguments["attributes"] = None
        changed = self._module.set_fs_attributes_if_different(arguments, False)
        if not is_final and self._module.selinux_enabled():
            context = self._module.selinux_default_context(self._path)
            own = [self._module.params.get(name) for name in ("seuser", "serole", "setype", "selevel")]
            wanted = [mine or usual for mine, usual in zip(own, context)] + list(context[len(own) :])
            changed = self._module.set_context_if_different(path, wanted, changed)
        return bool(changed)

    def _lacking(self) -> list[str]:
        """Return the names of the permissions that differ from the options."""
        diff: dict[str, Any] = {}
        arguments = self._module.load_file_common_arguments(self._module.params, path=self._path)
        is_check, self._module.check_mode = self._module.check_mode, True
        try:
            is_different = self._module.set_fs_attributes_if_different(arguments, False, diff=diff)
        finally:
            self._module.check_mode = is_check
        named = sorted(name for name in diff.get("after", {}) if name != "path")
        return named or (["attributes"] if is_different else [])

    def _clear(self) -> None:
        """Remove what killed runs have left beside the file."""
        place = note_path(self._path)
        with suppress(OSError, HostError):
            if os.path.lexists(place + _FRESH) or os.path.lexists(place + _FRESH_NOTE):
                _Fresh(place + _FRESH).close()
                os.unlink(place + _FRESH_NOTE)

    def _synchronise(self) -> None:
        """Make the folder's names outlast a power cut, on file systems that can."""
        with suppress(OSError):
            descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


class _Fresh:
    """A new file beside its place, readable by its owner alone and locked; it is removed unless it was renamed.

    :raises HostError: another run is writing the same file.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._descriptor = self._opened()
        self._identity = os.fstat(self._descriptor).st_ino

    def __enter__(self) -> tuple[int, str]:
        return self._descriptor, self._path

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove the file, if it is still here."""
        with suppress(OSError):
            if os.lstat(self._path).st_ino == self._identity:
                os.unlink(self._path)
        os.close(self._descriptor)

    def _opened(self) -> int:
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        for _attempt in range(3):
            try:
                descriptor = os.open(self._path, flags, 0o600)
            except FileExistsError:
                self._remove_left()
                continue
            with suppress(OSError):
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return descriptor
        raise HostError("another run is writing this file at this moment. Run again.")

    def _remove_left(self) -> None:
        """Remove the file of a run that was killed."""
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            return
        except OSError as error:
            if error.errno != errno.ELOOP:
                raise
            # Somebody has put a link there; nothing is written through it.
            os.unlink(self._path)
            return
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.unlink(self._path)
        except BlockingIOError:
            raise HostError("another run is writing this file at this moment. Run again.") from None
        finally:
            os.close(descriptor)


def _signature(facts: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if facts is None else {"size": facts["size"], "mtime_ns": facts["mtime_ns"]}


def _text_or_none(path: str) -> str | None:
    with suppress(OSError):
        return _note_text(path)
    return None


def _parsed(text: str | None) -> Any:
    try:
        return json.loads(text or "")
    except ValueError:
        return None


def part_options() -> dict[str, dict[str, Any]]:
    """Return the options of the host's part, which the action plugin sets, beside those of Ansible's files."""
    return {
        "path": {"type": "path", "required": True},
        "validate": {"type": "str"},
        "host_step": {"type": "dict"},
        "host_content": {"type": "str", "no_log": True},
    }


def run_part(module: Any) -> None:
    """Run one step on the host, as the action plugin asks for it, and end the module."""
    path = os.path.abspath(module.params["path"])
    try:
        result = _step_done(HostFile(module, path), module.params["host_step"] or {}, module.params["host_content"])
    except HostError as error:
        module.fail_json(msg=str(error), refused=True)
    except OSError as error:
        module.fail_json(msg=f"the host could not do it: {error.strerror or type(error).__name__}.", refused=True)
    module.exit_json(changed=False, path=path, **{key: value for key, value in result.items() if key != "path"})


def _step_done(host_file: HostFile, step: Mapping[str, Any], content: str | None) -> dict[str, Any]:
    """Do one step and return its result.

    :raises HostError: the host refuses it.
    """
    what = step.get("do")
    if what == "look":
        return host_file.look()
    if what == "write":
        return host_file.write(step, base64.b64decode((content or "").partition(":")[2]))
    if what == "adjust":
        return host_file.adjust(step)
    if what == "remove":
        return host_file.remove(step)
    raise HostError("this module works on the controller, through its action plugin.")


def run_info(module: Any) -> None:
    """Find files with notes on the host, and end the module with what is known of each."""
    found: dict[str, dict[str, Any]] = {}
    for given in module.params["paths"]:
        path = os.path.abspath(given)
        if os.path.isdir(path):
            for inner in _noted_in(path, recurse=module.params["recurse"]):
                found.setdefault(inner, looked(inner))
        else:
            found.setdefault(path, looked(path))
    module.exit_json(changed=False, found=[found[path] for path in sorted(found)])


def _noted_in(folder: str, *, recurse: bool) -> list[str]:
    """Return the paths of the files in a folder that have notes."""
    paths: list[str] = []
    for place, folders, names in os.walk(folder):
        candidates = [noted_path(os.path.join(place, name)) for name in names]
        paths += [path for path in candidates if path]
        if not recurse:
            folders.clear()
    return paths
