# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task would do, as one value: behind ``changed``, the diff and check mode stands the same plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ._api.errors import ConflictError, RequestError, WorkloadCredentialsError
from ._api.own_writes import Written
from ._api.request import Replay, Request
from ._api.shapes import CREATED, misfit

# Stands among the answers for a creation that found its resource there.
EXISTS = "exists"


def answer_to(request: Request, requests: Sequence[Request], answers: Sequence[Any]) -> Mapping[str, Any] | None:
    """What the service answered to one of the creations; None: nothing that could be used, or it was none of these.

    :arg request: compared by method and address.
    """
    for sent, answer in zip(requests, answers):
        if (sent.method, sent.target) == (request.method, request.target):
            return created(answer)
    return None


def created(answer: Any) -> dict[str, Any] | None:
    """A creation's answer; None: it has not the shape of one, so that the resource has to be read."""
    return answer if isinstance(answer, dict) and misfit(answer, CREATED) is None else None


def foreseen(missing: str) -> str:
    """The warning of check mode about something missing, which is an error in a real run."""
    return f"{missing} In check mode an earlier task is taken to have made it; without one a real run fails here."


@dataclass(frozen=True)
class ReadResult:
    """What a module that only reads has found.

    ``values`` are the task's return values; ``missing`` as in a change.
    """

    values: Mapping[str, Any]
    missing: Sequence[str] = ()


def _as_it_is(_client: Any, error: RequestError) -> WorkloadCredentialsError:
    return error


@dataclass(frozen=True)
class Change:
    """``requests`` are the writes that lead from ``before`` to ``after``, after ``first``; neither: nothing to do.

    ``first`` is done side by side, such as ending leases, and gives the return values where no request follows.
    ``before`` and ``after`` are shown as the diff and hold no secret value; None: absent.
    ``predicted`` are the task's return values where nothing is written, or ``rehearsal`` makes them, if that takes a
    read that a real run does without; ``outcome`` makes them from the writes' answers.
    ``explain`` makes a request's error into the one that the user sees.
    ``replan``: what is still to do shows only after these writes (a restored resource can be read only then).
    ``missing`` are the things that must be there first and that an earlier task could have made, a sentence each;
    ``doubts`` are those that may only be hidden from this token, so that a real run tries.
    ``foretold``: only a real run finds out whether ``first`` changes anything; check mode takes it that nothing
    changes, and warns with this sentence.
    ``otherwise`` is done in its place where the first of the writes is refused, or what should hold it is not there.
    ``leaves`` is what the writes leave behind, for reads that lag behind them.
    It is planned without talking to anybody: what talks gets the client when the plan is carried out, which is the
    Secrets API's where there are ``requests``, and else the one of the module's spec.
    """

    requests: tuple[Request, ...] = ()
    first: Callable[[Any], Mapping[str, Any]] | None = None
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    predicted: Mapping[str, Any] = field(default_factory=dict)
    rehearsal: Callable[[Any], Mapping[str, Any]] | None = None
    outcome: Callable[[Any, Sequence[Any]], Mapping[str, Any]] | None = None
    explain: Callable[[Any, RequestError], WorkloadCredentialsError] = _as_it_is
    replan: bool = False
    warnings: Sequence[str] = field(default_factory=tuple)
    missing: Sequence[str] = field(default_factory=tuple)
    doubts: Sequence[str] = field(default_factory=tuple)
    foretold: str = ""
    otherwise: Change | None = None
    leaves: tuple[Written, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.requests or self.first)

    def with_losses(self, error: WorkloadCredentialsError, done: int) -> WorkloadCredentialsError:
        """The error that ended these writes, with what they had removed for good by then.

        :arg done: how many writes had succeeded.
        """
        failed = self.requests[done] if done < len(self.requests) else None
        unsure = failed is not None and _may_be_done(failed, error)
        text = str(error).rstrip(".")
        gone = "; ".join(request.loss for request in self.requests[:done] if request.loss)
        if gone:
            text = f"{text}. By then this had been removed for good: {gone}. {self._in_its_place(done, unsure=unsure)}"
        elif failed is not None and failed.loss and unsure:
            text = f"{text}. This may have been removed for good: {failed.loss}. {_UNKNOWN}"
        else:
            return error
        return WorkloadCredentialsError(text)

    def _in_its_place(self, done: int, *, unsure: bool) -> str:
        """What became of that for which it was removed."""
        if any(request.replay is Replay.CREATE for request in self.requests[:done]):
            return "The new one was made; what should follow, such as its tags, was not done."
        return _UNKNOWN if unsure else _NOT_MADE


_NOT_MADE = "The new one was not made: when the cause is gone, repeat the task."
_UNKNOWN = "What is there now is not known: look at it, then repeat the task."


def _may_be_done(request: Request, error: WorkloadCredentialsError) -> bool:
    """Whether the request that ended with this error may have been acted upon, here or by another writer."""
    if not isinstance(error, RequestError) or (error.method, error.path) != (request.method, request.target):
        return True
    if getattr(error, "ambiguous", False) or getattr(error, "after_ambiguous", False):
        return True
    return request.replay is Replay.CREATE and isinstance(error, ConflictError)
