# Sourced by every finding: a temporary folder that goes away, packages put into it, and the comparison of
# what is seen with what the head of the finding says was seen. CONTRIBUTING.md describes the form.
#
# Exit codes of a finding: 0 behaves as written down, 1 behaves differently, 2 could not be tried here.
set -euo pipefail

finding="$(realpath "$0")"
root="$(realpath "$(dirname "${BASH_SOURCE[0]}")/../..")"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore PYTHONDONTWRITEBYTECODE=1
unset PYTHONHOME PYTHONPATH NODE_PATH

cannot() {
  echo "cannot be tried here: $*" >&2
  exit 2
}

# Run a command of the preparation; its output is of interest only if it fails.
quietly() {
  "$@" >"$work/preparation.log" 2>&1 || {
    tail -n 20 "$work/preparation.log" >&2
    cannot "$1 failed"
  }
}

# Install packages of PyPI, NAME==VERSION each. Sets $python.
from_pypi() {
  python="$work/venv/bin/python"
  [[ -x "$python" ]] || quietly python3 -m venv "$work/venv"
  quietly "$python" -m pip install --quiet "$@"
}

# Install packages of npm, NAME@VERSION each, without running their install scripts.
from_npm() { quietly npm install --prefix "$work" --ignore-scripts --no-audit --no-fund "$@"; }

# Unpack a package of Debian, NAME=VERSION (which may end in *), into $work/debian.
from_debian() {
  apt-get download "$1" >"$work/preparation.log" 2>&1 || quietly apt-get update
  quietly apt-get download "$1"
  quietly dpkg-deb --extract "$work/${1%%=*}"_*.deb "$work/debian"
}

# Use the Home Assistant that scripts/setup has installed. Sets $python.
from_setup() {
  python="$root/.cache/venv/bin/python"
  [[ -x "$python" ]] || cannot "there is no Home Assistant: run scripts/setup first"
}

# Run a command, print what it says, and compare it with the lines below "Output:" in the head.
expect() {
  sed -n '/^# Output:$/,/^[^#]/{/^#   /s///p}' "$finding" >"$work/written"
  if ! "$@" >"$work/seen" 2>"$work/errors"; then
    cat "$work/seen" "$work/errors" >&2
    echo "CHANGED: the command failed" >&2
    exit 1
  fi
  cat "$work/seen"
  if ! diff --label "written down" --label "seen now" -u "$work/written" "$work/seen" >&2; then
    echo "CHANGED: $(basename "$finding") is not true any more" >&2
    exit 1
  fi
  echo "as written down" >&2
}
