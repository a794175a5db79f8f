# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The latest writes of a run to a site, since the service's reads lag behind its writes.

A read that does not show such a write yet is repeated for up to two seconds, as the vendor's own client does. A read
of anything else never waits.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import random
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Callable

from .paths import folders_above, segment
from .request import Request

# Seconds for which reads may lag behind a write, and the pauses between reads (the vendor's Terraform provider).
WINDOW = 2.0
_PAUSES = (0.025, 0.05, 0.1, 0.2, 0.4, 0.5, 0.5)
# The variable hands the latest writes to a process that runs a module; the key of its result returns its own.
VARIABLE = "WORKLOAD_CREDENTIALS_OWN_WRITES"
RESULT = "_workload_credentials_own_writes"
# Prefix of the kind of what check mode would have removed.
PREDICTED = "predicted "
_UNKNOWN = ""
_SECRET, _CONFIG, _TAGS = "secret", "config", "tags"
# The kinds in lists of folders and integrations. Leases have a record of their own.
_LISTED = ("folders", "static", "dynamic", "integrations")
# Characters of a digest: enough that no two are equal by chance.
_LENGTH = 24
# Characters in the variable; a process accepts at most 128 KiB in one.
_MOST = 32_000
# Seconds by which the times of a file system may lag.
_COARSE = 2.0


@dataclass(frozen=True)
class Written:
    """What a write leaves at a path.

    :arg kind: ``folders``, ``static``, ``dynamic``, ``integrations`` or ``leases``.
    :arg gone: nothing is there any more.
    :arg deleted: it is gone, but can be restored.
    :arg restored: it came back with all its contents.
    :arg content: the known values or configuration, None for a key that is missing; None: nothing is known.
    :arg tags: None: not known.
    :arg version: of a static secret; None: not known.
    """

    kind: str
    path: str
    gone: bool = False
    deleted: bool = False
    restored: bool = False
    content: Mapping[str, Any] | None = field(default=None, repr=False)
    tags: Mapping[str, str] | None = None
    version: int | None = None

    def is_made_by(self, request: Request) -> bool:
        """Return whether this request creates or restores it."""
        folder, _slash, name = self.path.rpartition("/")
        if self.kind == "integrations":
            return request.path == f"/integrations/{folder}/{segment(name)}"
        address = f"/{self.kind}/{segment(name)}"
        return request.path in (address, f"{address}/restore") and request.query.get("folder", "") == folder


@dataclass(frozen=True)
class Trace:
    """The record of a write, with digests instead of contents.

    :arg at: in seconds since 1970, by this machine's clock.
    :arg gone, deleted: as in ``Written``.
    :arg lease: digest of the ID of a lease that was minted; ``expiration`` is that lease's.
    :arg key: digest that identifies the token with which the other digests are made.
    :arg emptied: when a folder was removed that has been made again since.
    :arg inside: digests of the lists that should show it.
    :arg version: of a static secret, for readers that have another token.
    """

    at: float
    gone: bool = False
    deleted: bool = False
    content: Mapping[str, str | None] | None = None
    tags: str = _UNKNOWN
    lease: str = ""
    expiration: str | None = None
    key: str = ""
    emptied: float = 0.0
    inside: Sequence[str] = ()
    version: int | None = None

    @property
    def is_recent(self) -> bool:
        """Return whether a read may not show it yet."""
        return time.time() - self.at < WINDOW


class OwnWrites:
    """The traces of one run at one site.

    :arg site: its address.
    :arg secret: returns the token, without which nobody can test a guess against a digest.
    :arg folder: where all processes of the run keep traces; None: this process keeps its own.
    """

    def __init__(self, site: str, secret: Callable[[], str], folder: str | None = None) -> None:
        self._site = site
        self._secret = secret
        self._folder = folder
        self._lock = threading.Lock()
        self._known: dict[str, Trace] = {}
        self._made: dict[str, Trace] = {}

    def note(self, written: Written) -> None:
        """Record a write that has succeeded."""
        content = None
        if written.content is not None:
            content = {key: None if value is None else self._digest(value) for key, value in written.content.items()}
        name = self._name(written.kind, written.path)
        trace = Trace(
            time.time(),
            written.gone,
            written.deleted,
            content,
            _UNKNOWN if written.tags is None else self._digest(written.tags),
            key=self._digest(""),
            emptied=0.0 if written.gone or written.restored else self._emptied(name),
            inside=self._lists_of(written.kind, written.path),
            version=written.version,
        )
        self._keep(name, trace)

    def _emptied(self, name: str) -> float:
        before = self._find(name)
        if before is None:
            return 0.0
        return before.at if before.gone else before.emptied

    def _lists_of(self, kind: str, path: str) -> list[str]:
        if kind not in _LISTED:
            return []
        folder = path.rpartition("/")[0]
        above = [*folders_above(path), ""]
        return [self._name(f"in {kind}", folder), *(self._name(f"below {kind}", place) for place in above)]

    def listed_in(self, kind: str, folder: str, *, recursive: bool) -> dict[str, Trace]:
        """Return the traces of what this run has just written there, by ``name_of``."""
        list_name = self._name(f"below {kind}" if recursive else f"in {kind}", folder)
        return {name: trace for name, trace in self._recent().items() if list_name in trace.inside}

    def name_of(self, kind: str, path: str) -> str:
        """Return the digest of a path in its kind."""
        return self._name(kind, path)

    def note_lease(self, path: str, lease_id: str, expiration: str | None) -> None:
        """Record a lease that was minted from the dynamic secret of this path."""
        lease = self._name("leases", lease_id)
        trace = Trace(time.time(), lease=lease, expiration=expiration)
        self._keep(lease, trace)
        self._keep(self._name("minted from", path) + lease, trace)

    def recent_leases(self, path: str) -> dict[str, Trace]:
        """Return the leases of a dynamic secret that this run has just minted and not ended, by ``name_of``.

        They have digests for names, since no ID may stand in an unencrypted file.
        """
        prefix = self._name("minted from", path)
        minted = [trace for name, trace in self._recent().items() if name.startswith(prefix)]
        return {trace.lease: trace for trace in minted if not (self._find(trace.lease) or trace).gone}

    def left_at(self, kind: str, path: str) -> Trace | None:
        """Return what this run left at this very path, whatever it did to the folders above; None: nothing."""
        return self._find(self._name(kind, path))

    def of(self, kind: str, path: str) -> Trace | None:
        """Return what this run left at the path, which goes with a folder above it; None: it wrote nothing there."""
        latest = self._find(self._name(kind, path))
        if kind in ("integrations", "leases"):
            return latest
        for folder in folders_above(path):
            removed = self._removal_of(folder)
            if removed and (latest is None or latest.at < removed):
                latest = Trace(removed, gone=True)
        return latest

    def _removal_of(self, folder: str) -> float:
        """Return when this run removed the folder, even if it has made it again; 0: it did not."""
        trace = self._find(self._name("folders", folder))
        if trace is None:
            return 0.0
        return trace.at if trace.gone else trace.emptied

    def shows(self, trace: Trace, resource: Mapping[str, Any] | None) -> bool:
        """Return whether an answer shows what was written.

        :arg resource: the resource or its metadata; None: the answer shows none.
        """
        if resource is None or trace.gone:
            return (trace.gone or trace.deleted) and resource is None
        metadata = resource.get("metadata") or {}
        if trace.key != self._digest(""):
            # The digests of another token cannot be compared.
            return _is_version_shown(trace.version, metadata.get("version"))
        tags = resource.get(_TAGS, metadata.get(_TAGS))
        if tags is not None and trace.tags not in (_UNKNOWN, self._digest(tags)):
            return False
        return self._has_content(resource.get(_SECRET, resource.get(_CONFIG)), trace.content or {})

    def _has_content(self, content: Mapping[str, Any] | None, digests: Mapping[str, str | None]) -> bool:
        if content is None:
            return True
        for key, digest in digests.items():
            value = content.get(key)
            if digest != (None if value is None else self._digest(value)):
                return False
        return True

    def taken(self) -> str:
        """Return this run's latest writes as text for another process; "": there are none."""
        recent = self._recent()
        return _as_text(recent) if recent else ""

    def made(self) -> str:
        """Return the writes of this process in the same form."""
        return _as_text(self._made) if self._made else ""

    def take(self, text: str | None) -> None:
        """Learn from another process of the run; ignore a text that cannot be read."""
        for name, trace in _from_text(text).items():
            self._keep(name, trace, own=False)

    def _keep(self, name: str, trace: Trace, *, own: bool = True) -> None:
        with self._lock:
            self._known[name] = trace
            if own:
                self._made[name] = trace
        if self._folder is None:
            return
        fresh = os.path.join(self._folder, f"{name}.{os.getpid()}-{threading.get_ident()}.new")
        try:
            os.makedirs(self._folder, mode=0o700, exist_ok=True)
            with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as stream:
                json.dump(asdict(trace), stream)
            os.replace(fresh, os.path.join(self._folder, name))
        except OSError:
            # A later task may then see the state before this write, as any other client does.
            return

    def _find(self, name: str) -> Trace | None:
        trace = self._known.get(name)
        if self._folder is None:
            return trace
        other = _read(os.path.join(self._folder, name))
        if trace is None or other is None:
            return trace or other
        # Another worker's may be newer.
        return other if other.at > trace.at else trace

    def _recent(self) -> dict[str, Trace]:
        """Return all traces that reads may not show yet."""
        traces = {name: self._find(name) for name in {*self._files(), *self._known}}
        return {name: trace for name, trace in traces.items() if trace and trace.is_recent}

    def _files(self) -> list[str]:
        """Return the names of the latest traces; a long run may have many more."""
        if self._folder is None or not os.path.isdir(self._folder):
            return []
        since = time.time() - WINDOW - _COARSE
        with os.scandir(self._folder) as entries:
            return [entry.name for entry in entries if "." not in entry.name and _changed(entry) > since]

    def _name(self, kind: str, path: str) -> str:
        return hashlib.sha256(json.dumps([self._site, kind, path]).encode()).hexdigest()[:_LENGTH]

    def _digest(self, value: Any) -> str:
        text = json.dumps(value, sort_keys=True)
        return hmac.new(self._secret().encode(), text.encode(), hashlib.sha256).hexdigest()[:_LENGTH]


def _is_version_shown(written: int | None, shown: int | None) -> bool:
    return written is None or shown is None or shown >= written


def left_by(current: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a change of content leaves, for ``Written.content``, with None for each removed key."""
    return {**dict.fromkeys(current), **after}


def pauses(since: float) -> Iterator[float]:
    """Yield the seconds to wait before each further read, while reads may lag behind a write of that time.

    :arg since: in seconds since 1970.
    """
    end = min(since, time.time()) + WINDOW
    for pause in _PAUSES:
        wanted = pause * random.uniform(0.75, 1.25)
        left = end - time.time()
        if left <= 0:
            return
        yield min(wanted, left)
    left = end - time.time()
    if left > 0:
        yield left


def wait_for_next(waits: Iterator[float]) -> bool:
    """Wait for the next of these ``pauses`` and return whether there was one."""
    pause = next(waits, None)
    if pause is None:
        return False
    time.sleep(pause)
    return True


def _as_text(traces: Mapping[str, Trace]) -> str:
    """Return the latest traces as JSON, as many as fit, with ages since the other process may have another clock."""
    now, entries, size = time.time(), {}, 0
    for name, trace in sorted(traces.items(), key=lambda item: item[1].at, reverse=True):
        entry = {key: value for key, value in asdict(_turned(trace, now)).items() if value or key == "at"}
        size += len(json.dumps({name: entry}))
        if size > _MOST:
            break
        entries[name] = entry
    return json.dumps(entries)


def _turned(trace: Trace, now: float) -> Trace:
    """Return the trace with ages instead of times, or the other way round."""
    return replace(trace, at=now - trace.at, emptied=now - trace.emptied if trace.emptied else 0.0)


def _from_text(text: str | None) -> dict[str, Trace]:
    now = time.time()
    try:
        entries = json.loads(text or "{}").items()
        return {str(name): _turned(Trace(**entry), now) for name, entry in entries}
    except (ValueError, TypeError, AttributeError, KeyError):
        return {}


def _changed(entry: os.DirEntry[str]) -> float:
    try:
        return entry.stat().st_mtime
    except OSError:
        return 0.0


def _read(path: str) -> Trace | None:
    try:
        with open(path, encoding="utf-8") as stream:
            return Trace(**json.load(stream))
    except (OSError, ValueError, TypeError):
        return None
