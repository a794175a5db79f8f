# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carry out a plan: send its writes, settle conflicts, plan again what is left, and say what was lost on the way.

No Ansible is needed here, and no module.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Callable

from ._api.client import Client
from ._api.errors import ConflictError, DeniedError, NotFoundError, RequestError, StateError, WorkloadCredentialsError
from ._api.own_writes import Written
from ._api.request import Replay, Request
from ._change import EXISTS, Change

# What a service answers where something is not there that a request needs.
_REFUSALS = (400, 403, 404, 409)
# Another writer may undo a write once between two looks.
_ENOUGH = 2


def complete(change: Change) -> Change:
    """Return the plan, for which everything must be there in a real run.

    :raises StateError: something is missing.
    """
    if change.missing:
        raise StateError(" ".join([*change.missing, *change.doubts]))
    return change


def apply(client: Client, change: Change, plan: Callable[[], Change]) -> dict[str, Any]:
    """Carry out a change and return the values that it makes.

    :arg client: the one that talks to the service.
    :arg plan: makes the same plan again, from what is there by then.
    :raises WorkloadCredentialsError: a write failed; the text says what was removed for good by then.
    """
    try:
        return dict(_Writes(client, plan).apply(change))
    except RequestError as error:
        raise _with_doubts(change, change.explain(client, error)) from None


def _with_doubts(change: Change, error: WorkloadCredentialsError) -> WorkloadCredentialsError:
    if not change.doubts or getattr(error, "status", None) not in _REFUSALS:
        return error
    return StateError(" ".join([str(error), *change.doubts]))


@dataclass(frozen=True)
class _Writes:
    """The writes of a plan and of the plans that follow from it; ``sent`` are those so far."""

    client: Client
    plan: Callable[[], Change]
    sent: list[Request] = field(default_factory=list)

    def apply(self, change: Change) -> Mapping[str, Any]:
        """Return the values after all writes; what is left after some of them is planned anew."""
        begun = change.first(self.client) if change.first else None
        if not change.requests:
            self._note(change, is_whole=(begun or {}).get("changed", True))
            return change.predicted if begun is None else begun
        answers: list[Any] = []
        try:
            return self._send(change, answers)
        except WorkloadCredentialsError as error:
            raise change.with_losses(error, len(answers)) from None

    def _send(self, change: Change, answers: list[Any]) -> Mapping[str, Any]:
        """Send the writes; ``answers`` takes those to this change's own."""
        for position, request in enumerate(change.requests):
            self._check_progress(request)
            self.sent.append(request)
            try:
                answers.append(self.client.send(request))
            except (DeniedError, NotFoundError) as refusal:
                if request.method == "DELETE" and refusal.after_ambiguous:
                    self._settle_deletion(change, request)
                    answers.append(None)
                    continue
                if change.otherwise is None or position:
                    raise
                return self.apply(change.otherwise)
            except ConflictError as conflict:
                if request.replay is not Replay.CREATE:
                    raise
                rest = self._after_conflict(change, position, conflict)
                if isinstance(rest, Change):
                    return self.apply(rest)
                answers.append(rest)
        self._note(change, is_whole=not change.replan)
        if change.replan:
            # Whatever is left to do, what was restored is a change.
            return {**self.apply(complete(self.plan())), "changed": True}
        return change.outcome(self.client, answers) if change.outcome else change.predicted

    def _settle_deletion(self, change: Change, request: Request) -> None:
        """See that a deletion is done whose answer was lost, and that was refused when it was repeated.

        What is gone may be answered as what is forbidden.

        :raises StateError: it is not done.
        """
        self._note(change, is_whole=True)
        if request in self.plan().requests:
            raise StateError(
                f"{request.method} {request.target}: no answer came, and the repeated request was refused. It is not "
                "done."
            )

    def _after_conflict(self, change: Change, position: int, conflict: ConflictError) -> Change | str | None:
        """Return what is left to do after a conflicting creation; or what counts as its answer.

        :raises ConflictError: nothing that could be done about it.
        """
        request, is_deleted = change.requests[position], conflict.code.startswith("deleted_")
        if request.may_exist and not is_deleted:
            # After a lost answer it may well be this task's own.
            return None if conflict.after_ambiguous else EXISTS
        # Something is there, which the next look has to see.
        for written in change.leaves:
            if written.is_made_by(request):
                self.client.writes.note(Written(written.kind, written.path, gone=is_deleted, deleted=is_deleted))
        rest = complete(self.plan())
        # What was in the way unseen goes first now.
        goes_on = is_deleted and rest.requests[:1] not in ((), (request,))
        if not goes_on and not _is_settled(conflict, rest.requests, change, position):
            raise conflict
        return rest if goes_on or not conflict.after_ambiguous else None

    def _note(self, change: Change, *, is_whole: bool) -> None:
        """Take note of what the writes leave, since reads may not show it yet.

        :arg is_whole: all of it was written; else something is there, and what is not known.
        """
        for written in change.leaves:
            if is_whole:
                self.client.writes.note(written)
            elif not written.gone:
                self.client.writes.note(replace(written, content=None, tags=None))

    def _check_progress(self, request: Request) -> None:
        """:raises StateError: twice the service said that this is done, and it is not."""
        if self.sent.count(request) >= _ENOUGH:
            raise StateError(
                f"{request.method} {request.target}: the service answered {_ENOUGH} times that this is done, and it is "
                "not. Look at the resource itself before you repeat the task, and report this line to who runs the "
                "service if it stays so."
            )


def _is_settled(conflict: ConflictError, left: tuple[Request, ...], change: Change, position: int) -> bool:
    """A creation met a 409, so somebody made it: we, when an answer was lost, or another writer at the same time.

    Ours when nothing is left to do but what we had not sent yet (design, section 7); what was restored is ours either
    way. Another's is brought to the wanted state like anything that was there before.
    """
    if change.requests[position] in left:
        # What is deleted and in the way goes first, and then the same creation is right.
        return conflict.code.startswith("deleted_") and left[0] != change.requests[position]
    return not conflict.after_ambiguous or change.replan or left == change.requests[position + 1 :]
