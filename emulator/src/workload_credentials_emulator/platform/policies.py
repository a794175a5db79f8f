# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The policies, and how they come into force: by and by, in the statuses that the living service was seen to use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from ..behaviour import Behaviour
from ..clock import Clock, stamped
from ..errors import ApiError
from ..past import Past
from .cedar import Policy

ACTIVE, DELETED = "ACTIVE", "DELETED"
# How long a deleted policy is still listed.
_KEPT = timedelta(days=2)


@dataclass(frozen=True)
class Target:
    """What a policy's resource was found to be.

    :arg failure: the status that the policy ends in; "" for none.
    :arg there: whether there is such a resource by now.
    """

    failure: str = ""
    there: bool = False


@dataclass
class Record:
    """A policy as it was written last.

    :arg written: when, by the seconds of the clock; so is ``deleted``.
    :arg failure: the status that it ended in.
    :arg missed: when it was seen last that its resource is not there.
    :arg active: whether it was seen bound, which it stays.
    :arg in_force: whether it was seen to be obeyed.
    """

    name: str
    text: str
    policy: Policy
    created_at: datetime
    updated_at: datetime
    written: float
    deleted: float | None = None
    failure: str = ""
    missed: float = float("-inf")
    active: bool = False
    in_force: bool = False


class Policies:
    """All policies of the organization, by name.

    :arg find: looks for what a policy is about.
    """

    def __init__(self, clock: Clock, behaviour: Callable[[], Behaviour], find: Callable[[Policy], Target]) -> None:
        self._clock = clock
        self._behaviour = behaviour
        self._find = find
        self._records: dict[str, Record] = {}
        self._past: Past[str, Record] = Past(lambda: behaviour().read_lag, clock.passed)

    def write(self, name: str, text: str, policy: Policy) -> Record:
        """Make the policy, or replace the one of this name."""
        self._past.keep(name, self._records.get(name))
        now = self._clock.now()
        self._records[name] = Record(name, text, policy, now, now, self._clock.passed())
        return self._records[name]

    def delete(self, name: str) -> None:
        """Begin to delete the policy, if there is one."""
        record = self._records.get(name)
        if record is not None and record.deleted is None:
            self._settle(record)
            self._past.keep(name, record)
            now, passed = self._clock.now(), self._clock.passed()
            self._records[name] = replace(record, deleted=passed, updated_at=now)

    def seen(self, name: str) -> Record:
        """What reading shows.

        :raises ApiError: it shows nothing.
        """
        self._forget()
        record = self._past.seen(name, self._records.get(name))
        if record is None:
            raise ApiError(404, "policy_not_found", f"there is no policy {name}.")
        return record

    def listed(self) -> list[Record]:
        """What a list shows, the deleted ones too, by name."""
        self._forget()
        if not self._behaviour().lists_lag:
            return [self._records[name] for name in sorted(self._records)]
        names = sorted({*self._records, *self._past.keys()})
        seen = (self._past.seen(name, self._records.get(name)) for name in names)
        return [record for record in seen if record is not None]

    def obeyed(self) -> Iterator[Policy]:
        """The policies that are in force: for a while yet, where they were deleted."""
        for record in self._records.values():
            self._settle(record)
            if record.in_force and (record.deleted is None or self._age(record.deleted) < self._until_obeyed()):
                yield record.policy

    def status(self, record: Record) -> str:
        """Where the policy has got to."""
        if record.deleted is not None:
            return DELETED if self._age(record.deleted) >= self._behaviour().policy_lag else "PENDING_UNBIND"
        return self._settle(record)

    def shown(self, record: Record) -> dict[str, Any]:
        """The answer of writing and reading it."""
        return {
            "name": record.name,
            "cedar": record.text,
            "status": self.status(record),
            "product": "wlc",
            "site": record.policy.site,
            "createdAt": stamped(record.created_at),
            "updatedAt": stamped(record.updated_at),
        }

    def _settle(self, record: Record) -> str:
        """Let the policy go on to where it is by now; return the status there."""
        behaviour = self._behaviour()
        looked_up = self._age(record.written) - behaviour.policy_lag / 2
        if record.deleted is not None or looked_up < 0:
            return "RESOURCE_LOOKUP"
        if not record.active and not record.failure:
            target = self._find(record.policy)
            record.failure = target.failure
            if not target.there and not target.failure:
                record.missed = self._clock.passed()
                return "WAITING_FOR_RESOURCE"
        if record.failure:
            return record.failure
        bound = min(looked_up, self._age(record.missed)) - behaviour.policy_lag / 2
        record.active = record.active or bound >= 0
        record.in_force = record.in_force or bound >= behaviour.grant_lag
        return ACTIVE if record.active else "PENDING_BIND"

    def _until_obeyed(self) -> float:
        return self._behaviour().policy_lag + self._behaviour().grant_lag

    def _age(self, moment: float) -> float:
        return self._clock.passed() - moment

    def _forget(self) -> None:
        """Drop those that were deleted long ago."""
        now = self._clock.now()
        old = [name for name, one in self._records.items() if one.deleted is not None and now - one.updated_at > _KEPT]
        for name in old:
            del self._records[name]
