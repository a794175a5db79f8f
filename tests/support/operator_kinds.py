# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kinds of External Secrets Operator: its CRDs, from a folder of this machine or from its release."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import requests
import yaml

from tests.environment.cache import cache_folder, made_once

FOLDER: Final = "WORKLOAD_CREDENTIALS_ESO_CRDS"
URL: Final = "https://raw.githubusercontent.com/external-secrets/external-secrets/v2.9.0/deploy/crds/bundle.yaml"
SHA256: Final = "08b08d88e9522436698d6c90510b530d491081fbf92015faa7a571bb8b50bc5b"
_TIMEOUT_SECONDS: Final = 30


class KindsUnavailable(Exception):
    """This machine has no CRDs and cannot get them."""


def definitions(environ: Mapping[str, str] | None = None, url: str = URL, sha256: str = SHA256) -> Iterator[Any]:
    """Give each CRD.

    :raises KindsUnavailable: there is no folder with CRDs, and no release to be had.
    :raises ValueError: what came is not the release that is pinned here.
    """
    environ = os.environ if environ is None else environ
    folder = Path(environ[FOLDER]) if environ.get(FOLDER) else _downloaded(url, sha256)
    paths = sorted(folder.glob("*.y*ml"))
    if not paths:
        raise KindsUnavailable(f"{FOLDER} names {folder}, which holds no file with CRDs.")
    for path in paths:
        for crd in yaml.load_all(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader):
            if crd and crd.get("kind") == "CustomResourceDefinition":
                yield crd


def _downloaded(url: str, sha256: str) -> Path:
    def download(folder: Path) -> None:
        try:
            answer = requests.get(url, timeout=_TIMEOUT_SECONDS)
            answer.raise_for_status()
        except requests.RequestException as error:
            raise KindsUnavailable(
                f"{url} cannot be had ({type(error).__name__}): set {FOLDER} to a folder with the CRDs of External "
                "Secrets Operator 2.9."
            ) from None
        if hashlib.sha256(answer.content).hexdigest() != sha256:
            raise ValueError(f"{url} is not the file with the SHA-256 sum {sha256}.")
        (folder / "bundle.yaml").write_bytes(answer.content)

    return made_once(cache_folder("operator-kinds", url, sha256), download)
