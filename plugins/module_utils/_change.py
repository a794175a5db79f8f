# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a task as one value, from which ``changed``, the diff and check mode all follow."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ._api.errors import ConflictError, RequestError, WorkloadCredentialsError
from ._api.own_writes import Written
from ._api.request import Replay, Request
from ._api.shapes import CREATED, mismatch

# The answer of a creation whose resource exists already.
EXISTS = "exists"


def answer_to(request: Request, requests: Sequence[Request], answers: Sequence[Any]) -> Mapping[str, Any] | None:
    """Return the service's answer to one of the creations; None: it is unusable, or the request is not among them.

    :arg request: compared by method and address.
    """
    for sent, answer in zip(requests, answers):
        if (sent.method, sent.target) == (request.method, request.target):
            return created(answer)
    return None


def created(answer: Any) -> dict[str, Any] | None:
    """Return a creation's answer; None: it has another shape, so the resource has to be read."""
    return answer if isinstance(answer, dict) and mismatch(answer, CREATED) is None else None


def assumed(missing: str) -> str:
    """Return check mode's warning about something missing, which is an error in a real run."""
    return f"{missing} Check mode assumes that an earlier task makes it; otherwise a real run fails here."


@dataclass(frozen=True)
class ReadResult:
    """What a module that only reads has found: the task's return values, and ``missing`` as in a change."""

    values: Mapping[str, Any]
    missing: Sequence[str] = ()


def _as_it_is(_client: Any, error: RequestError) -> WorkloadCredentialsError:
    return error


@dataclass(frozen=True)
class Change:
    """The writes that lead from ``before`` to ``after``; without ``requests`` and ``first`` there is nothing to do.

    A plan is made without a client. Its functions get one when it is carried out: the Secrets API's, or the one of the
    module's spec where there are no ``requests``.

    :arg requests: sent one after another.
    :arg first: runs before the requests, for example to end leases; returns the task's values if no request follows.
    :arg before, after: the diff, without secret values: fields, or a text; None: absent.
    :arg predicted: the task's return values if nothing is written.
    :arg dry_run: returns these values instead, with reads that a real run does not need.
    :arg outcome: makes the return values from the answers to the requests.
    :arg explain: turns a request's error into the one that the user sees.
    :arg replan: plan again after these writes, which show what else is to do (as after restoring something).
    :arg missing: a sentence for each thing that must exist first and that an earlier task could make.
    :arg doubts: a sentence for each that may only be hidden from this token, so that a real run tries.
    :arg uncertain: only a real run shows whether ``first`` changes anything. Check mode then predicts no change and
        warns with this sentence.
    :arg otherwise: replaces this change if its first request is refused, or what should hold the resource is missing.
    :arg leaves: what the writes leave, since reads may not show it yet.
    :arg text: the diff as people read it, instead of ``before`` and ``after``.
    """

    requests: tuple[Request, ...] = ()
    first: Callable[[Any], Mapping[str, Any]] | None = None
    before: Mapping[str, Any] | str | None = None
    after: Mapping[str, Any] | str | None = None
    predicted: Mapping[str, Any] = field(default_factory=dict)
    dry_run: Callable[[Any], Mapping[str, Any]] | None = None
    outcome: Callable[[Any, Sequence[Any]], Mapping[str, Any]] | None = None
    explain: Callable[[Any, RequestError], WorkloadCredentialsError] = _as_it_is
    replan: bool = False
    warnings: Sequence[str] = field(default_factory=tuple)
    missing: Sequence[str] = field(default_factory=tuple)
    doubts: Sequence[str] = field(default_factory=tuple)
    uncertain: str = ""
    otherwise: Change | None = None
    leaves: tuple[Written, ...] = ()
    text: str = ""

    @property
    def changes(self) -> bool:
        """Return whether there is anything to do."""
        return bool(self.requests or self.first)

    def with_losses(self, error: WorkloadCredentialsError, done: int) -> WorkloadCredentialsError:
        """Return the error that ended these writes, with what they had removed for good by then.

        :arg done: the number of writes that had succeeded.
        """
        failed = self.requests[done] if done < len(self.requests) else None
        unsure = failed is not None and _may_be_done(failed, error)
        text = str(error).rstrip(".")
        gone = "; ".join(request.loss for request in self.requests[:done] if request.loss)
        if gone:
            text = f"{text}. By then, this was deleted permanently: {gone}. {self._in_its_place(done, unsure=unsure)}"
        elif failed is not None and failed.loss and unsure:
            text = f"{text}. This may have been deleted permanently: {failed.loss}. {_UNKNOWN}"
        else:
            return error
        return WorkloadCredentialsError(text)

    def _in_its_place(self, done: int, *, unsure: bool) -> str:
        """Return what became of the resource that was to replace the removed one."""
        if any(request.replay is Replay.CREATE for request in self.requests[:done]):
            return "The new one was created, but later steps, such as its tags, were not done."
        return _UNKNOWN if unsure else _NOT_MADE


_NOT_MADE = "The new one was not created: fix the cause, then repeat the task."
_UNKNOWN = "The current state is not known: check it, then repeat the task."


def _may_be_done(request: Request, error: WorkloadCredentialsError) -> bool:
    """Return whether the service may have carried out the failed request, for this task or another writer."""
    if not isinstance(error, RequestError) or (error.method, error.path) != (request.method, request.target):
        return True
    if getattr(error, "ambiguous", False) or getattr(error, "after_ambiguous", False):
        return True
    return request.replay is Replay.CREATE and isinstance(error, ConflictError)
