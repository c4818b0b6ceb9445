#!/usr/bin/env bash
# Brings a bare Debian 12 (git, make, Python 3.11+) to where `make run` (argument: run) or `make test` (argument: test) works.
# Prints what it installs; does nothing and takes a moment when nothing is missing. Works as root and as a user with sudo.
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:-run}

run_packages="libgl1 libegl1 libglib2.0-0 libfontconfig1 libfreetype6 libdbus-1-3 libxkbcommon-x11-0 libxkbfile1
 libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 libxcb-shape0 libxcb-xkb1
 libxcb-glx0 libxcb-dri3-0 libx11-xcb1 libxcomposite1 libxdamage1 libxrandr2 libxtst6 libnss3 libasound2 libgbm1 libdrm2
 libpulse0 libbrotli1"
test_packages="xvfb xauth mosquitto mosquitto-clients postgresql openssl slapd ldap-utils"

wanted=$run_packages
[ "$what" = test ] && wanted="$wanted $test_packages"
# `make run` on a machine without any screen is run under xvfb-run: bring it along there
[ "$what" = run ] && [ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] && wanted="$wanted xvfb xauth"

if command -v dpkg-query >/dev/null; then
  have=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' 2>/dev/null | sed -n 's/^installed //p')
  missing=""
  for package in $wanted; do
    grep -qx -e "$package" -e "${package}t64" <<<"$have" || missing="$missing $package"
  done
  if [ -n "$missing" ]; then
    echo "setup: installing system packages:$missing"
    as_root=""
    if [ "$(id -u)" -ne 0 ]; then
      command -v sudo >/dev/null || { echo "setup: these packages are missing and there is no sudo. As root: apt-get install$missing" >&2; exit 1; }
      as_root="sudo"
    fi
    export DEBIAN_FRONTEND=noninteractive
    # a package's own start of a server is not wanted here: tests start their own on free ports
    policy=/usr/sbin/policy-rc.d
    made=""
    if [ ! -e "$policy" ]; then
      printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null; $as_root chmod 755 "$policy"; made=1
    fi
    status=0
    { $as_root apt-get update -qq && $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null; } || status=$?
    [ -n "$made" ] && $as_root rm -f "$policy"
    [ "$status" -eq 0 ] || { echo "setup: apt-get failed; see above" >&2; exit "$status"; }
  fi
fi

export UV_PYTHON_DOWNLOADS=never
python=""
for candidate in python3 python3.13 python3.12 python3.11; do
  if command -v "$candidate" >/dev/null && "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
    python=$candidate; break
  fi
done
[ -n "$python" ] || { echo "setup: Python 3.11, 3.12 or 3.13 is needed" >&2; exit 1; }

if ! .uv/bin/uv --version >/dev/null 2>&1; then
  echo "setup: installing a private uv into .uv"
  rm -rf .uv
  "$python" -m venv .uv
  .uv/bin/python -m pip install -q --disable-pip-version-check 'uv>=0.13,<0.14'
fi

stamp=".venv/.ankan-$(cat uv.lock pyproject.toml | cksum | tr ' ' -)"
if [ ! -e "$stamp" ]; then
  echo "setup: installing locked dependencies into .venv"
  .uv/bin/uv sync --frozen --python "$python" --quiet --compile-bytecode
  rm -f .venv/.ankan-*
  touch "$stamp"
fi
