# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carrying out a plan: send its writes, resolve conflicts, plan the rest again, and name what was lost on the way.

This file needs neither Ansible nor a module.
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

# Statuses of a request that needs something missing.
_REFUSALS = (400, 403, 404, 409)
# Another writer may undo a write once between two reads.
_MOST_ATTEMPTS = 2


def complete(change: Change) -> Change:
    """Return the plan if a real run has everything that it needs.

    :raises StateError: something is missing.
    """
    if change.missing:
        raise StateError(" ".join([*change.missing, *change.doubts]))
    return change


def apply(client: Client, change: Change, plan: Callable[[], Change]) -> dict[str, Any]:
    """Carry out a change and return the task's values.

    :arg client: talks to the service.
    :arg plan: makes the plan again, from the state at that time.
    :raises WorkloadCredentialsError: a write failed; the message says what was removed for good by then.
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
    """The writes of a plan and of the plans that follow from it; ``sent`` has those so far."""

    client: Client
    plan: Callable[[], Change]
    sent: list[Request] = field(default_factory=list)

    def apply(self, change: Change) -> Mapping[str, Any]:
        """Send all writes and return the task's values; plan again what is left after some of them."""
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
        """Send the writes and add their answers to ``answers``."""
        for position, request in enumerate(change.requests):
            self._check_progress(request)
            self.sent.append(request)
            try:
                answer = self.client.send(request)
            except (DeniedError, NotFoundError) as refusal:
                answer = self._after_refusal(change, position, refusal)
            except ConflictError as conflict:
                if request.replay is not Replay.CREATE:
                    raise
                answer = self._after_conflict(change, position, conflict)
            if isinstance(answer, Change):
                return self.apply(answer)
            answers.append(answer)
        self._note(change, is_whole=not change.replan)
        if change.replan:
            # Restoring is a change, even if nothing is left to do.
            return {**self.apply(complete(self.plan())), "changed": True}
        return change.outcome(self.client, answers) if change.outcome else change.predicted

    def _after_refusal(self, change: Change, position: int, refusal: DeniedError | NotFoundError) -> Change | None:
        """Return the change to carry out instead; None: a deletion turned out to be done.

        :raises RequestError: the refusal, if nothing can be done about it.
        """
        request = change.requests[position]
        if request.method == "DELETE" and refusal.after_ambiguous:
            self._check_deletion(change, request)
            return None
        if change.otherwise is None or position:
            raise refusal
        return change.otherwise

    def _check_deletion(self, change: Change, request: Request) -> None:
        """Check that a deletion is done whose answer was lost and whose repetition was refused.

        A service may answer a request for something deleted as if it were forbidden.

        :raises StateError: it is not done.
        """
        self._note(change, is_whole=True)
        if request in self.plan().requests:
            raise StateError(
                f"{request.method} {request.target}: no answer came, and the repeated request was refused. It is not "
                "done."
            )

    def _after_conflict(self, change: Change, position: int, conflict: ConflictError) -> Change | str | None:
        """Return the change that is left to do after a conflicting creation, or the value that counts as its answer.

        :raises ConflictError: nothing can be done about it.
        """
        request, is_deleted = change.requests[position], conflict.code.startswith("deleted_")
        if request.may_exist and not is_deleted:
            # After a lost answer this task may have made it itself.
            return None if conflict.after_ambiguous else EXISTS
        self._note_conflict(change, request, is_deleted=is_deleted)
        rest = complete(self.plan())
        if is_deleted and rest.requests and rest.requests[0] != request:
            # The new plan first removes or restores what was in the way.
            return rest
        if not _is_resolved(conflict, rest.requests, change, position):
            raise conflict
        return None if conflict.after_ambiguous else rest

    def _note_conflict(self, change: Change, request: Request, *, is_deleted: bool) -> None:
        """Record that something exists where the request creates, so that the next read waits for it."""
        for written in change.leaves:
            if written.is_made_by(request):
                self.client.writes.note(Written(written.kind, written.path, gone=is_deleted, deleted=is_deleted))

    def _note(self, change: Change, *, is_whole: bool) -> None:
        """Record what the writes leave, since reads may not show it yet.

        :arg is_whole: everything was written; otherwise the content is not known.
        """
        for written in change.leaves:
            if is_whole:
                self.client.writes.note(written)
            elif not written.gone:
                self.client.writes.note(replace(written, content=None, tags=None))

    def _check_progress(self, request: Request) -> None:
        """Raise StateError if the service has confirmed this request repeatedly without carrying it out."""
        if self.sent.count(request) >= _MOST_ATTEMPTS:
            raise StateError(
                f"{request.method} {request.target}: the service answered {_MOST_ATTEMPTS} times that this is done, "
                "but it is not. Check the resource before you repeat the task, and report this line to the service's "
                "operators if it happens again."
            )


def _is_resolved(conflict: ConflictError, left: tuple[Request, ...], change: Change, position: int) -> bool:
    """Return whether a creation that met a 409 is done, or the rest of the plan continues from what exists.

    After a lost answer it is ours if only the requests that were not sent yet are left (design, section 7); a restored
    resource is ours in any case. What another writer made is brought to the wanted state like anything that exists.
    """
    if change.requests[position] in left:
        return False
    return not conflict.after_ambiguous or change.replan or left == change.requests[position + 1 :]
