# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why the operator does not deliver: its conditions and warnings about an ExternalSecret and what that depends on.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._api.shown import one_line
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.marks import Found, identity

# What the operator says may quote the answers of others.
_LONGEST = 1000
# What tells a warning from the same one, said again: the operator only counts it up.
Said = tuple[str, int, str]


def ready_of(found: Found) -> Mapping[str, Any] | None:
    """The condition Ready of an ExternalSecret or a store; None: the operator has not looked at it yet."""
    conditions = (found.get("status") or {}).get("conditions") or ()
    return next((one for one in conditions if one.get("type") == "Ready"), None)


def is_failing(found: Found) -> bool:
    """Whether the operator has said that it does not work."""
    return (ready_of(found) or {}).get("status") == "False"


def words_of(condition: Mapping[str, Any]) -> str:
    """A condition, for a person."""
    return one_line(f"{condition.get('reason')}: {condition.get('message')}", _LONGEST)


Subject = tuple[str, str, str]


def by_subject(events: Iterable[Found]) -> dict[Subject, list[Found]]:
    """Warnings by kind, namespace and name of what they are about."""
    found: dict[Subject, list[Found]] = {}
    for one in events:
        found.setdefault(_subject(one), []).append(one)
    return found


def cause(
    found: Found, store: Found | None, events: Mapping[Subject, Sequence[Found]], before: Collection[Said]
) -> str:
    """What the operator says besides of an ExternalSecret that is not ready, and of its store, newest first.

    :arg events: warnings, by subject. What was said ``before`` the last change is no answer to it.
    """
    ready = ready_of(store) if store else None
    said = []
    if store and ready and ready.get("status") != "True":
        said.append(f"{store['kind']} {store['metadata']['name']}: {words_of(ready)}")
    subjects = [one for one in (found, store) if one]
    about = [event for one in subjects for event in events.get(_identity(one), ()) if _is_about(event, one)]
    fresh = [one for one in about if said_in(one) not in before]
    # Of each object the newest: that of the store may say what the other only passes on.
    newest = {_subject(one): one for one in sorted(fresh or about, key=_time)}
    said += [_event_words(one) for one in sorted(newest.values(), key=_time, reverse=True)]
    if about and not fresh:
        return (
            f" (the operator has not tried again since the last change, and may wait up to 7 minutes between two "
            f"attempts; before it said {'; '.join(said)})"
        )
    return f" ({'; '.join(said)})" if said else ""


def said_in(event: Found) -> Said:
    """Which warning this is, and for which time."""
    return str(event["metadata"].get("uid")), int(event.get("count") or 0), _time(event)


def _event_words(event: Found) -> str:
    at = f" at {_time(event)}" if _time(event) else ""
    return one_line(f"{event.get('reason')}{at}: {event.get('message')}", _LONGEST)


def _time(event: Found) -> str:
    return str(event.get("lastTimestamp") or event.get("eventTime") or "")


def _subject(event: Found) -> Subject:
    subject = event.get("involvedObject") or {}
    return subject.get("kind", ""), subject.get("namespace") or "", subject.get("name", "")


def _identity(found: Found) -> Subject:
    return found["kind"], *identity(found)


def _is_about(event: Found, found: Found) -> bool:
    """An object of its name that was there before has another ``uid``."""
    uid = (event.get("involvedObject") or {}).get("uid")
    return uid is None or uid == found["metadata"].get("uid", uid)
