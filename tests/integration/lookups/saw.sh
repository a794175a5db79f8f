#!/bin/sh
# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# What a command sees of its credentials: in its environment, for each host, and in its arguments.
echo "$A $B" >> "seen-$1"
echo "$2" >> seen-argv
