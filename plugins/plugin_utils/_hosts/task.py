# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a task's arguments to its result: credentials_file and credentials_file_info."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleError

from ...module_utils._api.errors import OptionError, StateError, WorkloadCredentialsError
from ...module_utils._api.times import written
from .._cluster.job import Job
from .._cluster.outcome import Outcome
from .._delivery.action import TaskContext, accounted, parameters_of
from .._worker import ControllerStderr, environment_in_force, own_environment, raise_on_signal
from .decisions import found_of, is_due
from .delivery import FileDelivery, FileTask
from .host import Execute, Host, streaming_problem
from .ledger import HostLedger
from .notes import HostNote, shown
from .spec import OPTIONS, FileEntry, entry_of, refused_option

_NAME = "credentials_file"
_ASYNC = (
    "async: this task mints on the controller and writes on the host, so it cannot run in the background of the host. "
    "Remove async; strategy, forks and throttle say how many hosts run at the same time."
)


def run_task(action: Any, variables: Mapping[str, Any], execute: Execute) -> dict[str, Any]:
    """Return the result of a task of credentials_file.

    :arg action: its action plugin; ``variables`` are the task's.
    :arg execute: runs the module's part on the host.
    """
    with ExitStack() as stack:
        last_words = ControllerStderr()
        stack.callback(last_words.close)
        stack.enter_context(raise_on_signal())
        stack.enter_context(environment_in_force(own_environment(action)))
        try:
            parameters = _checked(action)
            host = host_name(action, variables)
            template = _template(action, parameters)
            entry = entry_of(parameters, host, parameters["path"], template)
            context = TaskContext(action, variables, {**parameters, "concurrency": 8, "templates_dir": None}, stack)
            job = _job(action, entry, context, last_words)
            task = _task(action, variables, parameters, template)
        except WorkloadCredentialsError as error:
            return {"failed": True, "changed": False, "msg": str(error)}
        result = _performed(action, job, entry, task, Host(_with_environment(action, context, execute), parameters))
        if result.get("failed"):
            result["msg"] = " ".join(context.explained([result["msg"]]))
        return result
    raise AssertionError("the stack lets every exception pass")


def host_name(action: Any, variables: Mapping[str, Any]) -> str:
    """Return the inventory's name of the host on which the file lies."""
    return str(action._task.delegate_to or variables.get("inventory_hostname", ""))


def _performed(action: Any, job: Job, entry: FileEntry, task: FileTask, host: Host) -> dict[str, Any]:
    outcome = Outcome()
    minted = HostLedger(job.service_of, is_real=not job.check_mode, notes=job.notes_of)
    delivery = FileDelivery(job, entry, task, host, outcome, minted)
    is_absent = action._task.args.get("state") == "absent"
    accounted(job, outcome, minted, _NAME, delivery.absent if is_absent else delivery.present)
    result = {**host.extras, **delivery.result.as_result(diff=bool(action._task.diff))}
    warnings = [*host.extras.get("warnings", ()), *outcome.warnings]
    if warnings:
        result["warnings"] = list(dict.fromkeys(warnings))
    if outcome.problems:
        result.update(failed=True, changed=False, msg=" ".join(outcome.problems))
        result.pop("diff", None)
    return result


def _checked(action: Any) -> dict[str, Any]:
    """Return the task's options.

    :raises WorkloadCredentialsError: they, or the way to the host, are unusable.
    """
    error = refused_option(action._task.args)
    if error is not None:
        raise error
    if action._task.async_val:
        raise StateError(_ASYNC)
    parameters = parameters_of(action, OPTIONS, _NAME)
    problem = streaming_problem(action)
    if problem and parameters["state"] != "absent" and not parameters["allow_temporary_files"]:
        raise OptionError(
            "allow_temporary_files",
            f"{problem}, so that the credentials would lie in temporary files of Ansible on this machine and on the "
            "host while the task runs. Use another connection or become_method, or set it to true to accept that.",
        )
    return parameters


def _job(action: Any, entry: FileEntry, context: TaskContext, last_words: ControllerStderr) -> Job:
    def unused(*_arguments: Any) -> Any:
        raise AssertionError("files on hosts need no operator")

    return Job(
        # The role's code reads of an entry only what a file has too.
        entries=[entry] if entry.source else [],  # type: ignore[list-item]
        client=context.client,
        service=unused,
        # The controller mints, whatever the host: the cluster of its own environment.
        cluster=lambda: context.tokens({}),
        tokens=context.tokens,
        template=unused,
        tell=lambda _lines: None,
        last_words=last_words.say,
        check_mode=bool(action._task.check_mode),
        notes=context.notes,
        journal_dir=context.journal_dir,
    )


def _task(action: Any, variables: Mapping[str, Any], parameters: Mapping[str, Any], template: Path | None) -> FileTask:
    render = None
    if template is not None:
        from .._templates import renderer

        rendered, path = renderer(action, variables, "template"), template

        def render(values: Mapping[str, Any]) -> str:
            return rendered(path, {"credentials": dict(values)})

    return FileTask(
        renew=parameters["renew"],
        superseded=parameters["superseded"],
        check_lease=parameters["check_lease"],
        force=parameters["force"],
        task_id=str(action._task._uuid),
        render=render,
    )


def _template(action: Any, parameters: Mapping[str, Any]) -> Path | None:
    """Return the template's file, found as Ansible's own ``template`` finds it; None: the task names none.

    :raises OptionError: it is not there.
    """
    name = parameters["template"]
    if not name or parameters["state"] == "absent":
        return None
    try:
        return Path(action._find_needle("templates", name))
    except AnsibleError as error:
        raise OptionError("template", f"{name} cannot be found ({type(error).__name__}).") from None


def _with_environment(action: Any, context: TaskContext, execute: Execute) -> Execute:
    """Return a function that runs the host's part without the options of the connection in its environment.

    A module gets its task's environment on a command line.
    """

    def run(arguments: dict[str, Any], content: str | None) -> dict[str, Any]:
        task = action._task
        own = task.environment
        task.environment = [dict(context.connection().environment)]
        try:
            return execute(arguments, content)
        finally:
            # With until, the same task object runs again.
            task.environment = own

    return run


def run_info(action: Any, variables: Mapping[str, Any], execute: Execute) -> dict[str, Any]:
    """Return the result of a task of credentials_file_info."""
    result = execute(dict(action._task.args), None)
    if result.get("failed"):
        return result
    host, now = host_name(action, variables), datetime.now(timezone.utc)
    result["credentials_files"] = [_described(facts, host, now) for facts in result.pop("found")]
    return result


def _described(facts: Mapping[str, Any], host: str, now: datetime) -> dict[str, Any]:
    """Return what lies in one place, as users read it."""
    found = found_of(facts, host)
    file = facts["file"] or {}
    return {
        "path": facts["path"],
        "host": host,
        "state": found.state,
        "problem": found.problem or None,
        **_noted(found.note, now),
        **{name: file.get(name) for name in ("owner", "group", "mode")},
    }


def _noted(note: HostNote | None, now: datetime) -> dict[str, Any]:
    """Return what a note says; without one, the same keys."""
    if note is None:
        empty = ("source", "format", "lease_id", "lease_kind", "minted", "expiration", "due")
        return {**dict.fromkeys(empty), "keys": [], "superseded": []}
    lease = note.lease
    return {
        "source": {"kind": note.source[0], "name": note.source[1]},
        "format": note.format,
        "keys": list(note.keys),
        "lease_id": lease.id if lease else None,
        "lease_kind": lease.kind if lease else None,
        "minted": written(lease.minted) if lease else None,
        "expiration": written(lease.expiration) if lease else None,
        "due": is_due(lease, now) if lease else None,
        "superseded": [shown(one) for one in note.superseded],
    }
