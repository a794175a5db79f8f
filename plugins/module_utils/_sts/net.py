# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One net around every call into botocore, which raises plain errors of Python in many places.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import (
    WorkloadCredentialsError,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._api.sources import is_set
from ansible_collections.community.workload_credentials.plugins.module_utils._sts.caller import Caller
from ansible_collections.community.workload_credentials.plugins.module_utils._sts.calls import Call
from ansible_collections.community.workload_credentials.plugins.module_utils._sts.failures import (
    broken,
    named,
    refused,
)

_OWN = ("AWS_", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


class Net:
    """What botocore is asked for one session, and what it has seen of secrets and answers so far.

    :arg secrets: what may be in no message; those that are found on the way are added.
    """

    def __init__(self, caller: Caller, call: Call, secrets: list[str]) -> None:
        self.secrets = secrets
        self.session: Any = None
        self._caller = caller
        self._call = call
        self._status: int | None = None

    @contextmanager
    def around(self, *, sent: bool = False) -> Iterator[None]:
        """Turn whatever is raised inside into words for the user.

        :arg sent: the call itself may have reached STS.
        :raises StsError: botocore failed, or STS refused.
        """
        from botocore.exceptions import ClientError

        try:
            yield
        except WorkloadCredentialsError:
            raise
        except ClientError as error:
            raise refused(self._call, error.operation_name, error.response, self.secrets) from None
        except Exception as error:  # pylint: disable=broad-exception-caught
            asked = "" if sent else asked_of(self._caller, self.session)
            raise broken(
                self._call, error, self.secrets, sent=sent, asked=asked, status=self._status, session=self.session
            ) from None

    def watch(self, session: Any) -> None:
        """See the status of each answer: an error over what is no XML does not have it."""
        self.session = session
        # It logs failures with all that was said; with log_path that would be in the log of the run.
        logging.getLogger("botocore").propagate = False
        session.register("before-parse", self._answered)

    def _answered(self, response_dict: Any = None, **_more: Any) -> None:
        self._status = (response_dict or {}).get("status_code")


def asked_of(caller: Caller, session: Any) -> str:
    """Who was asked for credentials, with the program that a profile names (without its arguments)."""
    if caller.has_keys or session is None:
        return str(caller)
    try:
        profiles = session.full_config.get("profiles", {})
        name = session.profile or "default"
    except Exception:  # pylint: disable=broad-exception-caught
        return str(caller)
    said = f"the profile {name}" if name in profiles else str(caller)
    seen = set[str]()
    while name in profiles and name not in seen:
        seen.add(name)
        program = str(profiles[name].get("credential_process") or "").split()[:1]
        if program:
            return f"{said} (credential_process{named(program[0])})"
        name = profiles[name].get("source_profile", "")
    return said


class _Empty:
    """Empty variables of AWS' tools, put aside while anybody in this process asks botocore."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asking = 0
        self._aside: dict[str, str] = {}

    @contextmanager
    def aside(self) -> Iterator[None]:
        with self._lock:
            if not self._asking:
                found = {name: os.environ[name] for name in os.environ if name.startswith(_OWN)}
                self._aside = {name: value for name, value in found.items() if not is_set(value)}
                for name in self._aside:
                    del os.environ[name]
            self._asking += 1
        try:
            yield
        finally:
            with self._lock:
                self._asking -= 1
                if not self._asking:
                    os.environ.update(self._aside)


# To botocore an empty variable is a value: no number, a profile of no name, or no certificates to check with.
without_empty_variables = _Empty().aside
