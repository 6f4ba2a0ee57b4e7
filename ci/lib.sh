# What the scripts of ci/ share. Source it first; it puts the script into the project's root.
# shellcheck shell=bash
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
jobs=${MPSEC_JOBS:-$(nproc)} # MPSEC_JOBS: how many compilers and tests run at once
export CTEST_PARALLEL_LEVEL=$jobs
python=/usr/bin/python3 # Debian's, which has Debian's modules

# build PRESET [TARGET...]: configures and builds it, in full or only these targets.
build() {
  local preset=$1
  shift
  cmake --preset "$preset" -Wno-dev
  cmake --build --preset "$preset" --parallel "$jobs" ${1:+--target "$@"}
}

# run_tests PRESET [ctest's arguments]: runs its tests; the last line is "N passed, N failed".
run_tests() {
  local preset=$1 outcome=0
  shift
  local report=$root/build/$preset/tests.xml
  rm -rf "$report" "$root/build/$preset/cases"
  ctest --preset "$preset" --output-junit "$report" "$@" || outcome=$?
  "$python" ci/test_report.py "$report"
  return "$outcome"
}

# as_root COMMAND...: through sudo where we are not root.
as_root() {
  if [[ $EUID -eq 0 ]]; then "$@"; else sudo "$@"; fi
}

# Hands what a run as root has built back to the owner of the tree.
give_back_build() {
  [[ $EUID -ne 0 || ! -d build ]] || chown -R --reference=. build
}
