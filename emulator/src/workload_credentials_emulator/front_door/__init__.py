# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The emulator in a browser: a status page, the API's description, and the certificate authority."""

from .door import FrontDoor

__all__ = ["FrontDoor"]
