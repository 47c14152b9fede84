#!/usr/bin/env bash
# Several threads at one model under ThreadSanitizer: builds the library up to models/ and models/threads_test.cpp
# (preset tsan) and runs it; the first data race in our code ends it. Usage: threads.sh [GTEST FLAG...]
set -euo pipefail
cd "$(dirname "$0")/.."
cmake --preset tsan -DSTEER_TORCH="${STEER_TORCH:-}" >/dev/null
cmake --build --preset tsan --target threads_test
TSAN_OPTIONS="suppressions=$PWD/tests/tsan.supp:halt_on_error=1" OMP_NUM_THREADS=1 \
  build-tsan/threads_test --gtest_brief=1 "$@"
