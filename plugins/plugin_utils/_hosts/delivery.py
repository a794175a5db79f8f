# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The delivery of one file to its host: look, decide, mint, write. Each step can be the last: the next run goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from functools import cached_property
from typing import Any

from ...module_utils._api.errors import MissingError, StateError, WorkloadCredentialsError
from ...module_utils._api.times import written
from ...module_utils._change import assumed
from ...module_utils._credentials.lease import DYNAMIC_SECRET, SERVICE_ACCOUNT, Credentials, Lease
from ...module_utils._credentials.source import Source
from ...module_utils._resources._parts.view import no_value
from .._cluster.job import Job
from .._cluster.outcome import Outcome
from .decisions import KEEP, NEVER, REFUSE, WRITE, Decision, Found, Wanted, decided, found_of
from .formats import content_of
from .host import Host, HostRefusedError
from .ledger import Endings, HostLedger, end_leases, end_what_dead_runs_left, unexpired
from .notes import HostNote, Signature, distinct, shown
from .shared import SharedReads, checks_lease
from .spec import AT_ONCE, NOT_ENDED, FileEntry

_PERMISSIONS = ("owner", "group", "mode")


@dataclass(frozen=True)
class FileTask:
    """What one task wants, beyond the entry.

    :arg render: renders the template with the credentials; None: a format makes the content.
    :arg task_id: the ID that the task has on all of its hosts.
    """

    renew: str
    superseded: str
    check_lease: bool
    force: bool
    task_id: str
    render: Callable[[Mapping[str, Any]], str] | None = None


@dataclass
class FileResult:
    """What became of the file; no value is in it.

    :arg superseded: leases that the file needs no more, each with what became of it.
    :arg before, after: what a diff shows.
    """

    path: str
    changed: bool = False
    reason: str = ""
    lease: Lease | None = None
    superseded: list[dict[str, Any]] = field(default_factory=list)
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)

    def as_result(self, *, diff: bool) -> dict[str, Any]:
        """Return the task's result."""
        result: dict[str, Any] = {
            "changed": self.changed,
            "path": self.path,
            "reason": self.reason,
            "lease_id": self.lease.id if self.lease else None,
            "expiration": written(self.lease.expiration) if self.lease else None,
            "superseded": self.superseded,
        }
        if diff:
            header = {"before_header": self.path, "after_header": self.path}
            result["diff"] = {"before": self.before, "after": self.after, **header}
        return result


class FileDelivery:
    """One file; ``outcome`` and ``minted`` hold at any time what has been done so far."""

    def __init__(
        self, job: Job, entry: FileEntry, task: FileTask, host: Host, outcome: Outcome, minted: HostLedger
    ) -> None:
        self._job = job
        self._entry = entry
        self._task = task
        self._host = host
        self._outcome = outcome
        self._minted = minted
        self.result = FileResult(entry.name)
        self._facts: dict[str, Any] = {}

    @property
    def _now(self) -> datetime:
        return datetime.now(timezone.utc)

    @cached_property
    def _shared(self) -> SharedReads:
        return SharedReads(self._job, self._task.task_id)

    def present(self) -> None:
        """Bring the file about.

        :raises WorkloadCredentialsError: it could not be written; it is as it was.
        """
        found = self._look()
        self._check_place()
        decision = self._decided(found)
        if decision.action == REFUSE:
            raise StateError(f"{self._entry.where}: {decision.reason}")
        self.result.before = self._shown(found.note if found.kind else None)
        if self._entry.kind.leases is None:
            self._compare(found, decision)
        elif decision.action == WRITE:
            self._replace(found, decision)
        else:
            self._keep(found, decision)

    def absent(self) -> None:
        """Remove the file and its note, and end what they held.

        :raises WorkloadCredentialsError: something is left, which the message names.
        """
        found = self._look()
        if found.kind is None and self._facts["note"] is None:
            self.result.reason = "absent: nothing is there"
            return
        if not found.is_ours and not self._task.force:
            raise StateError(
                f"{self._entry.where}: a file is there that this module has not written. Remove it yourself, or set "
                "force=true."
            )
        leases = distinct(found.note.leases) if found.note else []
        self.result.changed, self.result.reason = True, "removed"
        self.result.before = self._shown(found.note)
        if self._job.check_mode:
            self.result.superseded = [{**shown(lease), "ended": False} for lease in leases]
            return
        if found.kind is not None:
            self._host.remove("file")
        self._end_of_removed(found, leases)

    def _end_of_removed(self, found: Found, leases: Sequence[Lease]) -> None:
        """End the leases of a file that is gone; its note stays while one of them should still be ended."""
        endings = end_leases(self._job, leases, self._entry.where, self._now)
        self._report_ended(leases, endings)
        if endings.staying:
            self._outcome.warnings.append(endings.staying)
        living = [lease for lease in endings.left if lease.revocable]
        if living and found.note is not None:
            raise StateError(f"{self._entry.where}: the file is removed. {endings.living} Run again to end them.")
        self._host.remove("note")

    # Looking and deciding.

    def _look(self) -> Found:
        self._facts = self._host.look()
        # The host knows what ~ and a relative path mean.
        if self._facts["path"] != self._entry.name:
            self._entry = replace(self._entry, name=self._facts["path"])
            self.result.path = self._entry.name
        found = found_of(self._facts, self._entry.namespace)
        held = {lease.id for lease in found.note.leases} if found.note else set()
        end_what_dead_runs_left(self._job, self._outcome, self._entry, held)
        return found

    def _check_place(self) -> None:
        """Check that the file can be written, before anything is minted.

        :raises StateError: it cannot.
        """
        problem = self._facts["problem"]
        if problem:
            raise StateError(f"{self._entry.where}: {problem}")

    def _decided(self, found: Found) -> Decision:
        wanted = Wanted(
            host=self._entry.namespace,
            path=self._entry.name,
            source=(self._entry.source, self._entry.path),
            definition=self._entry.definition,
            format=self._entry.format_name,
            has_leases=self._entry.kind.leases is not None,
            site=self._job.client().settings.site_id if self._entry.kind.has_api_leases else "",
            renew=self._task.renew,
            force=self._task.force,
        )
        decision = decided(wanted, found, self._now)
        # One that is due anyway needs no request.
        if decision.action != KEEP or not self._asks_for(found):
            return decision
        return decided(wanted, found, self._now, self._gone(found))

    def _asks_for(self, found: Found) -> bool:
        if not self._task.check_lease or self._task.renew == NEVER or found.note is None:
            return False
        return checks_lease(found.note.lease)

    def _gone(self, found: Found) -> set[str]:
        if found.note is None or found.note.lease is None:
            return set()
        try:
            gone, warning = self._shared.gone(found.note.lease, self._entry.path)
        except WorkloadCredentialsError as error:
            gone, warning = set(), f"Could not check whether the lease of {self._entry.where} lives. {error}"
        if warning:
            self._outcome.warnings.append(warning)
        return gone

    # Keeping a file.

    def _keep(self, found: Found, decision: Decision) -> None:
        """Leave the content; set permissions, and end the leases of earlier files, which nobody uses any more."""
        if found.note is None:
            raise AssertionError("a file without a note is not kept")
        lacks = self._facts["lacks"]
        self.result.reason, self.result.lease = f"kept: {decision.reason}", found.note.lease
        self.result.changed = bool(lacks)
        self.result.after = self._shown(found.note)
        if self._job.check_mode:
            self._predict_permissions(lacks)
            return
        note = self._without_ended(found.note)
        if note is not None or lacks:
            given = {"note": note.as_json(), "seen": self._facts["note"]} if note else {}
            self._show_permissions(self._host.adjust(**given))

    def _without_ended(self, note: HostNote) -> HostNote | None:
        """End the superseded leases; return the note without those that have ended, None: it stays as it is."""
        pending = [lease for lease in note.superseded if lease.revocable]
        if self._task.superseded == NOT_ENDED or not pending:
            return None
        endings = end_leases(self._job, pending, self._entry.where, self._now)
        self._report_ended(pending, endings)
        if endings.living:
            self._outcome.warnings.append(endings.living)
        if not endings.ended and len(endings.left) == len(pending):
            return None
        return replace(note, superseded=tuple(endings.left))

    def _report_ended(self, leases: Sequence[Lease], endings: Endings) -> None:
        self.result.superseded = [{**shown(lease), "ended": lease.id in endings.ended} for lease in leases]

    def _predict_permissions(self, lacks: Sequence[str]) -> None:
        for name in lacks:
            self.result.after[name] = "as the task says"

    def _show_permissions(self, facts: Mapping[str, Any]) -> None:
        file = facts.get("file") or {}
        self.result.after.update({name: file[name] for name in _PERMISSIONS if name in file})

    # Writing a file.

    def _compare(self, found: Found, decision: Decision) -> None:
        """Write what a source without leases says, if that is not what is there."""
        try:
            values = self._shared.values(self._source())
        except MissingError as error:
            if not self._job.check_mode:
                raise
            # An earlier task may make it in a real run.
            self._outcome.warnings.append(assumed(str(error)))
            self.result.changed, self.result.reason = True, f"written: {decision.reason}"
            return
        content, keys = self._content(values)
        # A lease of another source that was here before is superseded as usual.
        former = decision.superseded if decision.action == WRITE else self._superseded_of(found)
        note = self._note(keys, None, self._kept_of(former))
        is_ours = found.kind is not None and found.is_ours
        step = {"note": note.as_json(), "seen": self._facts["note"], "compares": is_ours}
        answer = self._host.write(content, **step)
        self.result.changed = not answer["is_same"] or bool(answer["lacks"])
        self.result.reason = _compared_words(decision, is_same=answer["is_same"])
        self._show_compared(note, answer)

    def _show_compared(self, note: HostNote, answer: Mapping[str, Any]) -> None:
        is_same = answer["is_same"]
        self.result.after = {**self._shown(note), "values": "as they were" if is_same else "new values"}
        if self.result.before.get("mode"):
            self.result.before["values"] = "as they were" if is_same else "old values"
        if self._job.check_mode:
            self._predict_permissions(answer["lacks"])
        else:
            self._show_permissions(answer)

    @staticmethod
    def _superseded_of(found: Found) -> Sequence[Lease]:
        return found.note.superseded if found.note else ()

    def _replace(self, found: Found, decision: Decision) -> None:
        """Mint, and write the file with the new credentials."""
        self.result.changed, self.result.reason = True, f"minted: {decision.reason}"
        superseded = self._kept_of(decision.superseded)
        self.result.superseded = [{**shown(lease), "ended": False} for lease in decision.superseded]
        source = self._source()
        life = self._check_fit(source)
        if self._job.check_mode:
            self.result.after = {**self._shown(None), "lease": "a new one", "definition": self._entry.definition}
            return
        if found.note is not None and found.is_intact:
            superseded = self._kept_of(self._left_of_earlier_files(found.note))
        credentials = self._minted.mint(source, self._entry)
        self._outcome.warnings.extend(credentials.warnings)
        lease = self._noted_lease(credentials, life)
        content, keys = self._content(credentials.values)
        note = self._note(keys, lease, superseded)
        answer = self._written(content, note, credentials.lease)
        self.result.lease = lease
        self.result.after = self._shown(note)
        self._show_permissions(answer)
        if self._task.superseded == AT_ONCE:
            self._end_at_once(note, answer)

    def _left_of_earlier_files(self, note: HostNote) -> list[Lease]:
        """End what the file before this one held, which nobody uses any more; return the note's leases that live on."""
        replaced = self.result.superseded
        note = self._without_ended(note) or note
        left = distinct(note.leases)
        living = {lease.id for lease in left}
        self.result.superseded = [{**one, "ended": one["lease_id"] not in living} for one in replaced]
        return left

    def _kept_of(self, leases: Sequence[Lease]) -> tuple[Lease, ...]:
        """Return the superseded leases that the note is to name: all that live, unless nobody is to end them."""
        if self._task.superseded == NOT_ENDED:
            return ()
        return tuple(unexpired(leases, self._now))

    def _source(self) -> Source:
        # What makes a source reads of an entry only what a file has too.
        return self._entry.kind.make(self._job, self._entry)  # type: ignore[arg-type]

    def _check_fit(self, source: Source) -> int | None:
        """Check with placeholders that the content can be made, before a lease is minted; return the life of a lease.

        :raises WorkloadCredentialsError: it cannot.
        """
        if self._entry.kind.has_api_leases:
            keys, life, missing = self._shared.facts(source)
            if missing and self._job.check_mode:
                self._outcome.warnings.append(assumed(missing))
        else:
            facts = source.facts()
            keys, life = list(facts.keys), facts.life
        if keys and self._task.render is None:
            self._content({key: no_value(key) for key in keys})
        return life

    def _content(self, values: Mapping[str, Any]) -> tuple[str, list[str]]:
        if self._task.render is not None:
            return self._task.render(values), sorted(values)
        entry = self._entry
        return content_of(values, entry.kind.formats, entry.format, entry.keys, entry.path)

    def _noted_lease(self, credentials: Credentials, life: int | None) -> Lease | None:
        """Return the lease as the note is to name it: with an expiration, and with the cluster that minted it."""
        lease = credentials.lease
        if lease is None:
            return None
        if lease.expiration is None and life:
            # Azure's name none: the definition's life bounds it.
            lease = replace(lease, expiration=lease.minted + timedelta(seconds=life))
        # Another run may reach another site, or another cluster, in the same way.
        if lease.kind == DYNAMIC_SECRET:
            lease = replace(lease, site=self._job.client().settings.site_id)
        elif lease.kind == SERVICE_ACCOUNT and lease.site is None:
            lease = replace(lease, site=self._job.cluster().address)
        return lease if lease.id or lease.kind != DYNAMIC_SECRET else None

    def _note(self, keys: Sequence[str], lease: Lease | None, superseded: Sequence[Lease]) -> HostNote:
        entry = self._entry
        source = (entry.source, entry.path)
        own = (entry.definition, entry.format_name, tuple(keys))
        return HostNote(entry.namespace, entry.name, source, *own, lease, superseded=tuple(superseded))

    def _written(self, content: str, note: HostNote, lease: Lease | None) -> dict[str, Any]:
        """Have the host write the file; in any case its lease is afterwards held by the file or by nobody, or in doubt.

        :raises WorkloadCredentialsError: the file was not written, or it is not known whether it was.
        """
        self._minted.hand_over([lease], [])
        try:
            answer = self._host.write(content, note=note.as_json(), seen=self._facts["note"])
        except HostRefusedError:
            raise
        except BaseException as error:
            facts = self._looked_again(note, lease)
            if facts is None:
                raise
            answer = facts
            self._outcome.warnings.append(f"The host's answer was lost, and the file is written ({_name(error)}).")
        self._minted.owned(lease)
        return answer

    def _looked_again(self, note: HostNote, lease: Lease | None) -> dict[str, Any] | None:
        """Return the facts of the file if it holds the lease; None: it does not, or that cannot be known."""
        try:
            facts = self._host.look()
        except BaseException:  # pylint: disable=broad-exception-caught
            self._minted.in_doubt(lease)
            return None
        found = found_of(facts, self._entry.namespace)
        if found.note and found.note.lease and note.lease and found.note.lease.id == note.lease.id:
            # What the note names is the note's to end, also where the file was not replaced.
            self._minted.owned(lease)
            return facts if found.is_intact else None
        return None

    def _end_at_once(self, note: HostNote, answer: Mapping[str, Any]) -> None:
        """End the superseded leases now, and take them out of the note."""
        file = answer.get("file") or {}
        signature = Signature(file["size"], file["mtime_ns"])
        whole = replace(note, file=signature)
        ended = self._without_ended(whole)
        if ended is None:
            return
        text = self._host.look()["note"]
        self._host.adjust(note=ended.as_json(), seen=text)

    def _shown(self, note: HostNote | None) -> dict[str, Any]:
        """Return what a diff shows of the file: permissions, keys and lease."""
        file = self._facts["file"] or {}
        view: dict[str, Any] = {"path": self._entry.name, **{name: file[name] for name in _PERMISSIONS if name in file}}
        if note is not None:
            view.update(source=": ".join(note.source), format=note.format, keys=list(note.keys))
            if note.lease:
                view.update(lease_id=note.lease.id, expiration=written(note.lease.expiration))
        return view


def _compared_words(decision: Decision, *, is_same: bool) -> str:
    """Return why a file of a source without leases was written, or kept."""
    if is_same:
        return "kept: its values are the same"
    return f"written: {decision.reason if decision.action == WRITE else 'other values'}"


def _name(error: BaseException) -> str:
    return type(error).__name__
