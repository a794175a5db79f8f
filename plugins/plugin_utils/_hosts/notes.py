# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The note beside a file on a host: source, leases and what the file looked like when it was written. No value."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from ...module_utils._api.times import parse_time, written
from ...module_utils._credentials.lease import DYNAMIC_SECRET, Lease

_MANAGED = "community.workload_credentials"
_VERSION = 1


@dataclass(frozen=True)
class Signature:
    """What shows that a file is the one that was written: its size, and the time of its last change."""

    size: int
    mtime_ns: int


@dataclass(frozen=True)
class HostNote:
    """A note.

    :arg host: the inventory's name of the host, and ``path`` the file's: a copy of the machine has other names.
    :arg source: the kind of the source and its name.
    :arg definition: the fingerprint of the options that determine the content.
    :arg keys: of the credentials in the file.
    :arg lease: None: the credentials have none.
    :arg file: of the file that holds ``lease``; None: it is still to be written.
    :arg former: of the file that was there before; None: there was none.
    :arg superseded: leases that earlier files held, and that are still to be ended, or that only expire.
    """

    host: str
    path: str
    source: tuple[str, str]
    definition: str
    format: str
    keys: Sequence[str]
    lease: Lease | None
    file: Signature | None = None
    former: Signature | None = None
    superseded: Sequence[Lease] = field(default_factory=tuple)

    @property
    def leases(self) -> list[Lease]:
        """Return every lease that it names, the file's first."""
        return [*([self.lease] if self.lease else []), *self.superseded]

    def as_json(self) -> dict[str, Any]:
        """Return the note for JSON."""
        return {
            "managed_by": _MANAGED,
            "version": _VERSION,
            "host": self.host,
            "path": self.path,
            "source": {"kind": self.source[0], "name": self.source[1]},
            "definition": self.definition,
            "format": self.format,
            "keys": list(self.keys),
            "lease": _lease_as_json(self.lease) if self.lease else None,
            "file": _signature_as_json(self.file),
            "former": _signature_as_json(self.former),
            "superseded": [_lease_as_json(lease) for lease in self.superseded],
        }


def note_of(text: str) -> HostNote | None:
    """Return the note that a text holds; None: it is damaged, or of another version."""
    try:
        found = json.loads(text)
        if (found["managed_by"], found["version"]) != (_MANAGED, _VERSION):
            return None
        return HostNote(
            host=str(found["host"]),
            path=str(found["path"]),
            source=(str(found["source"]["kind"]), str(found["source"]["name"])),
            definition=str(found["definition"]),
            format=str(found["format"]),
            keys=[str(key) for key in found["keys"]],
            lease=_lease(found["lease"]) if found["lease"] else None,
            file=_signature(found["file"]),
            former=_signature(found["former"]),
            superseded=tuple(map(_lease, found["superseded"])),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def distinct(leases: Iterable[Lease | None]) -> list[Lease]:
    """Return each lease once, without those that nothing can name."""
    return list({lease.id: lease for lease in leases if lease is not None and lease.id}.values())


def shown(lease: Lease) -> dict[str, Any]:
    """Return a lease as results name it."""
    return {"lease_id": lease.id, "expiration": written(lease.expiration), "revocable": lease.revocable}


def _lease_as_json(lease: Lease) -> dict[str, Any]:
    return {
        "id": lease.id,
        "kind": lease.kind,
        "site": lease.site,
        "source": lease.source,
        "minted": written(lease.minted),
        "expiration": written(lease.expiration),
        "revocable": lease.revocable,
    }


def _lease(found: Mapping[str, Any]) -> Lease:
    return Lease(
        str(found["id"]),
        str(found["source"]),
        parse_time(found["minted"]) or datetime.fromtimestamp(0, timezone.utc),
        parse_time(found["expiration"]),
        bool(found["revocable"]),
        str(found.get("kind", DYNAMIC_SECRET)),
        found.get("site"),
    )


def _signature_as_json(signature: Signature | None) -> dict[str, int] | None:
    return {"size": signature.size, "mtime_ns": signature.mtime_ns} if signature else None


def _signature(found: Mapping[str, Any] | None) -> Signature | None:
    return Signature(int(found["size"]), int(found["mtime_ns"])) if found else None
