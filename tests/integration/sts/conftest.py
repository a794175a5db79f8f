# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Security Token Service for all tests here, and profiles of a user of AWS."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.plays import Plays
from tests.support.sts import Sts

# The role is the first's, and botocore asks for it by itself. Two want a code, and nobody is there.
PROFILES = """
[profile user]
aws_access_key_id = AKIAUSER
aws_secret_access_key = canary-of-a-file
region = eu-central-1
[profile other]
aws_access_key_id = AKIAOTHER
aws_secret_access_key = canary-of-a-file
[profile role]
role_arn = arn:aws:iam::123456789012:role/first
source_profile = user
endpoint_url = {url}
[profile mfa]
role_arn = arn:aws:iam::123456789012:role/first
source_profile = user
mfa_serial = arn:aws:iam::123456789012:mfa/me
[profile below]
role_arn = arn:aws:iam::123456789012:role/second
source_profile = mfa
[profile broken]
credential_process = /bin/false
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Sts]:
    """One for a file's tests."""
    with Sts() as running:
        yield running


@pytest.fixture
def machine(server: Sts, tmp_path: Path) -> dict[str, str]:
    """The environment of a machine with the profiles, and no others."""
    config = tmp_path / "config"
    config.write_text(PROFILES.format(url=server.url), encoding="utf-8")
    return {
        "AWS_CONFIG_FILE": str(config),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
        "AWS_EC2_METADATA_DISABLED": "true",
    }


@pytest.fixture
def sts(server: Sts, machine: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Sts:
    """Nobody has asked it anything, and this process is on that machine."""
    server.forget()
    for name, value in machine.items():
        monkeypatch.setenv(name, value)
    return server


@pytest.fixture
def plays(sts: Sts, machine: dict[str, str], tmp_path: Path) -> Plays:
    """Runs plays on that machine, as a user whose keys are in the environment."""
    keys = {"AWS_ACCESS_KEY_ID": "AKIAENV", "AWS_SECRET_ACCESS_KEY": "canary-secret-of-env"}
    own = {"AWS_REGION": "eu-west-1", "AWS_URL": sts.url, "MFA_CODE": "071946"}
    return Plays(tmp_path, {**machine, **keys, **own})
