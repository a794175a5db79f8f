# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run has written to a site a moment ago: the service's reads lag behind its writes.

A read that does not show an own write yet is repeated for up to two seconds, as the vendor's own client does. Where the
run has written nothing, no read waits.
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
# What a process that runs a module is told by who starts it, and what its result tells in return.
VARIABLE = "WORKLOAD_CREDENTIALS_OWN_WRITES"
RESULT = "_workload_credentials_own_writes"
# Before the kind of what check mode would have removed.
FORESEEN = "foreseen "
_UNKNOWN = ""
_SECRET, _CONFIG, _TAGS = "secret", "config", "tags"
# The kinds that lists show. Leases are looked for by themselves.
_LISTED = ("folders", "static", "dynamic", "integrations")
# Characters of what stands for a place or a content: chance makes no two alike.
_LENGTH = 24
# Characters that are handed over in a variable; a process takes no more than 128 KiB in one.
_MOST = 32_000
# Seconds by which a file system's times may be behind.
_COARSE = 2.0


@dataclass(frozen=True)
class Written:
    """What a write leaves at a place.

    :arg kind: ``folders``, ``static``, ``dynamic``, ``integrations`` or ``leases``.
    :arg path: in its kind.
    :arg gone: nothing is there any more.
    :arg deleted: it is gone, and can be restored.
    :arg restored: it came back, with all that it held.
    :arg content: what is known of the values or the configuration, with None for what is not there; None: nothing.
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
        """Whether it is what this request creates or restores."""
        folder, _slash, name = self.path.rpartition("/")
        if self.kind == "integrations":
            return request.path == f"/integrations/{folder}/{segment(name)}"
        address = f"/{self.kind}/{segment(name)}"
        return request.path in (address, f"{address}/restore") and request.query.get("folder", "") == folder


@dataclass(frozen=True)
class Trace:
    """The same as it is kept: when, and digests instead of contents.

    :arg at: in seconds since 1970, by this machine's clock.
    :arg deleted: what is gone there can be restored.
    :arg lease: what stands for a lease that was minted.
    :arg expiration: of that lease.
    :arg key: what stands for the token that the digests are made with.
    :arg emptied: when a folder was removed that has been made again since.
    :arg inside: what stands for the lists that should show it.
    :arg version: of a static secret, for readers who have another token.
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
        """Whether a read may not show it yet."""
        return time.time() - self.at < WINDOW


class OwnWrites:
    """The traces of one run at one site.

    :arg site: its address.
    :arg secret: gives the token; who does not have it cannot test a guess against a digest.
    :arg folder: where all processes of the run keep them; None: only this process does.
    """

    def __init__(self, site: str, secret: Callable[[], str], folder: str | None = None) -> None:
        self._site = site
        self._secret = secret
        self._folder = folder
        self._lock = threading.Lock()
        self._known: dict[str, Trace] = {}
        self._made: dict[str, Trace] = {}

    def note(self, written: Written) -> None:
        """Take note of a write that has succeeded."""
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
        return [self._name(f"in {kind}", folder), *(self._name(f"below {kind}", one) for one in above)]

    def listed_in(self, kind: str, folder: str, *, recursive: bool) -> dict[str, Trace]:
        """What this run has just written there, by ``name_of``."""
        mark = self._name(f"below {kind}" if recursive else f"in {kind}", folder)
        return {name: trace for name, trace in self._recent().items() if mark in trace.inside}

    def name_of(self, kind: str, path: str) -> str:
        """What stands for a place here."""
        return self._name(kind, path)

    def note_lease(self, path: str, lease_id: str, expiration: str | None) -> None:
        """Take note of a lease that was minted from the dynamic secret of this path."""
        lease = self._name("leases", lease_id)
        trace = Trace(time.time(), lease=lease, expiration=expiration)
        self._keep(lease, trace)
        self._keep(self._name("minted from", path) + lease, trace)

    def recent_leases(self, path: str) -> dict[str, Trace]:
        """The leases of a dynamic secret that this run has just minted and not ended.

        They go by ``name_of``, since no ID stands in an open file.
        """
        prefix = self._name("minted from", path)
        found = [trace for name, trace in self._recent().items() if name.startswith(prefix)]
        return {trace.lease: trace for trace in found if not (self._find(trace.lease) or trace).gone}

    def left_at(self, kind: str, path: str) -> Trace | None:
        """What this run left at this very place, whatever it did to the folders above; None: nothing."""
        return self._find(self._name(kind, path))

    def of(self, kind: str, path: str) -> Trace | None:
        """What this run left there; None: it wrote nothing there. What goes with its folder is gone as well."""
        latest = self._find(self._name(kind, path))
        for folder in () if kind in ("integrations", "leases") else folders_above(path):
            above = self._find(self._name("folders", folder))
            removed = 0.0 if above is None else above.at if above.gone else above.emptied
            if removed and (latest is None or latest.at < removed):
                latest = Trace(removed, gone=True)
        return latest

    def shows(self, trace: Trace, found: Mapping[str, Any] | None) -> bool:
        """Whether an answer shows what was written.

        :arg found: the resource or its metadata; None: none was shown.
        """
        if found is None or trace.gone:
            return (trace.gone or trace.deleted) and found is None
        if trace.key != self._digest(""):
            # Another token's digests cannot be compared.
            shown = (found.get("metadata") or {}).get("version")
            return trace.version is None or shown is None or shown >= trace.version
        content = found.get(_SECRET, found.get(_CONFIG))
        tags = found.get(_TAGS, (found.get("metadata") or {}).get(_TAGS))
        if tags is not None and trace.tags not in (_UNKNOWN, self._digest(tags)):
            return False
        return content is None or all(
            digest == (None if content.get(key) is None else self._digest(content[key]))
            for key, digest in (trace.content or {}).items()
        )

    def taken(self) -> str:
        """What another process has to be told of this run's latest writes, as text; "": nothing."""
        recent = self._recent()
        return _as_text(recent) if recent else ""

    def made(self) -> str:
        """What this process has written, in the same form."""
        return _as_text(self._made) if self._made else ""

    def take(self, text: str | None) -> None:
        """Learn from another process of the run; what cannot be read is nothing."""
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
            # Without it a later task may only see the state before this write, as any other client does.
            return

    def _find(self, name: str) -> Trace | None:
        trace = self._known.get(name)
        if self._folder is None:
            return trace
        # Another worker's may be newer.
        other = _read(os.path.join(self._folder, name))
        return max((one for one in (trace, other) if one), key=lambda one: one.at, default=None)

    def _recent(self) -> dict[str, Trace]:
        """All that reads may not show yet."""
        found = {name: self._find(name) for name in {*self._files(), *self._known}}
        return {name: trace for name, trace in found.items() if trace and trace.is_recent}

    def _files(self) -> list[str]:
        """The names of those that were written of late, of the many that a long run may have."""
        if self._folder is None or not os.path.isdir(self._folder):
            return []
        since = time.time() - WINDOW - _COARSE
        with os.scandir(self._folder) as entries:
            return [one.name for one in entries if "." not in one.name and _changed(one) > since]

    def _name(self, kind: str, path: str) -> str:
        return hashlib.sha256(json.dumps([self._site, kind, path]).encode()).hexdigest()[:_LENGTH]

    def _digest(self, value: Any) -> str:
        text = json.dumps(value, sort_keys=True)
        return hmac.new(self._secret().encode(), text.encode(), hashlib.sha256).hexdigest()[:_LENGTH]


def left_by(current: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """What a change from one content to another leaves, for ``Written.content``: what went is None in it."""
    return {**dict.fromkeys(current), **after}


def pauses(since: float) -> Iterator[float]:
    """Seconds to wait before each further read, for as long as a read may lag behind a write of that moment.

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


def _as_text(traces: Mapping[str, Trace]) -> str:
    """With ages instead of times: the other process may have another clock. The latest, as far as there is room."""
    now, taken, size = time.time(), {}, 0
    for name, trace in sorted(traces.items(), key=lambda one: one[1].at, reverse=True):
        said = {key: value for key, value in asdict(_turned(trace, now)).items() if value or key == "at"}
        size += len(json.dumps({name: said}))
        if size > _MOST:
            break
        taken[name] = said
    return json.dumps(taken)


def _turned(trace: Trace, now: float) -> Trace:
    """With ages in the place of times, or the other way round."""
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
