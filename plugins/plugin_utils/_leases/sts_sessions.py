# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mint sessions of AWS' Security Token Service on read: from a lookup's options to credentials."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...module_utils._api.errors import OptionError
from ...module_utils._credentials.formats import STS_SESSIONS
from ...module_utils._credentials.sts_session import origin_of_sessions, sessions_of
from ...module_utils._spec import Options
from ...module_utils._sts.options import IDENTITY, STS_OPTIONS
from .._core_internals import run_folder
from .._lookup_base import OWN_OPTION
from .._options import ENVIRONMENT
from .generate import generate_on_read, options_for
from .sealed import Codes, key_of_run

# The lookup's options as data; the documentation is checked against it.
OPTIONS: Options = {**STS_OPTIONS, **options_for(STS_SESSIONS, ends=False)}


def sessions_on_read(
    terms: Sequence[str],
    options: Mapping[str, Any],
    origins: Mapping[str, str],
    variables: Mapping[str, Any],
    warn: Callable[[str], None],
) -> list[Any]:
    """Return credentials of a session for each profile, in order, or of the one that the options describe.

    :arg options: as OPTIONS has them; ``check_mode`` is ``generate`` also outside of check mode.
    :arg origins: where each option was set.
    :arg variables: the task's, for the host's name.
    :raises WorkloadCredentialsError: one of them failed; the sessions of the others stay in the store.
    """
    options = _with_one_identity(options, origins, terms)
    folder = run_folder()
    sources = sessions_of(options, terms, os.environ, Codes(folder).spend)
    origin = origin_of_sessions(options, lambda: key_of_run(folder))
    return generate_on_read(sources, origin, STS_SESSIONS, options, variables, warn)


def _with_one_identity(options: Mapping[str, Any], origins: Mapping[str, str], terms: Sequence[str]) -> dict[str, Any]:
    """Return the options with a single way to identify the caller.

    :raises OptionError: the lookup's own options set two.
    """
    own = [name for name in IDENTITY if origins.get(name) == OWN_OPTION]
    if terms and own:
        raise OptionError("_terms", f"a term names the profile to use, and {own[0]} is set too: set one of the two.")
    if terms:
        return {**options, **dict.fromkeys(IDENTITY)}
    if options["access_key"] and origins.get("profile", "").startswith(ENVIRONMENT):
        # Many environments set both; to AWS' own tools the key counts then.
        return {**options, "profile": None}
    return dict(options)
