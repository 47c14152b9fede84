#!/usr/bin/env bash
# The Python module as others meet it: built and installed by pip into an environment of its own, checked by
# ruff and mypy, tested in a folder without the sources. Usage: python.sh BUILD PYTHON
# Exit 77 where pip cannot fetch the tools. The wheel that passed stays in out/wheels, in a folder named by the
# torch that it is for.
#   BUILD   a build of steer whose library is taken as it is
#   PYTHON  a Python with the torch of that build; default: .venv/bin/python of the checkout
# The environment stays in out/python_env; another run only installs the module anew. It has the torch of
# PYTHON, or one of its own with STEER_PYTHON_FRESH=1, as a user would make it.
set -euo pipefail
build=$(realpath "$1")
source=$(realpath "$(dirname "$0")/..")
python=${2:-$source/.venv/bin/python}
environment=$source/out/python_env
tools=(pytest mypy ruff scikit-build-core nbclient nbformat ipykernel ipywidgets tqdm pillow numpy)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "FAILED: $*" >&2; exit 1; }
# must NAME COMMAND...: exit 0, else what it said.
must() {
  local name=$1
  shift
  "$@" >"$work/said.txt" 2>&1 || { tail -60 "$work/said.txt"; fail "$name"; }
}

if [ ! -x "$environment/bin/pytest" ]; then
  rm -rf "$environment"
  must 'making the environment' "$python" -m venv "$environment"
  if [ -n "${STEER_PYTHON_FRESH:-}" ]; then
    must 'installing torch' "$environment/bin/pip" install -q torch==2.13.0
  else
    site=$("$environment/bin/python" -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')
    "$python" -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])' >"$site/torch_of_another.pth"
  fi
  if ! "$environment/bin/pip" install -q "${tools[@]}" >"$work/said.txt" 2>&1; then
    # Without an index of packages there is nothing to check with.
    grep -qiE 'connection|resolve|no matching distribution|timed out' "$work/said.txt" || { tail -60 "$work/said.txt"; fail 'installing the tools'; }
    echo "   left out: pip reaches no index that has ${tools[*]}" >&2
    exit 77
  fi
fi
cd "$source"
must 'building the wheel' env CMAKE_CXX_COMPILER_LAUNCHER="$(command -v ccache || true)" \
  CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime STEER_BUILD="$build" CMAKE_BUILD_PARALLEL_LEVEL="${STEER_JOBS:-2}" \
  "$environment/bin/pip" wheel . --no-deps --no-build-isolation -w "$work"
wheel=$(ls "$work"/*.whl)
bytes=$(stat -c %s "$wheel")
[ "$bytes" -le $((15 * 1024 * 1024)) ] || fail "expected a wheel of at most 15 MiB but got $bytes bytes"
must 'installing the wheel' "$environment/bin/pip" install --force-reinstall --no-deps "$wheel"

must 'ruff' "$environment/bin/ruff" check python
must 'the format of the Python files' "$environment/bin/ruff" format --check python
# The notebooks' code is checked as a user's would be.
must 'the code of the notebooks' "$environment/bin/python" python/notebook_code.py examples "$work/code"
must 'mypy' env MYPYPATH=python "$environment/bin/mypy" --config-file pyproject.toml --cache-dir "$work/mypy" \
  python/steer "$work/code"

if grep -qw avx2 /proc/cpuinfo; then
  must 'the kernels for AVX2 alone' python3 tests/kernels_alone.py "$build" x86-64-v3 "$work/kernels_avx2.so"
  export STEER_AVX2_KERNELS=$work/kernels_avx2.so
fi

mkdir -p "$work/elsewhere"
cp -r python/tests "$work/elsewhere/tests"
mkdir "$work/elsewhere/examples"
cp examples/*.ipynb "$work/elsewhere/examples/"
cd "$work/elsewhere"
"$environment/bin/steer" --version >/dev/null || fail 'expected the program in the environment'
export OMP_NUM_THREADS=1 OMP_WAIT_POLICY=passive STEER_SHARE="$source" STEER_PROGRAM="$environment/bin/steer"
export STEER_EXAMPLES="$work/elsewhere/examples"
"$environment/bin/pytest" -q -p no:cacheprovider tests
torch=$("$environment/bin/python" -c 'import steer; print(steer.build_info()["built_with_torch"])')
kept=$source/out/wheels/torch-$torch
mkdir -p "$kept"
rm -f "$kept"/steer_generative-*.whl
cp "$wheel" "$kept/"
echo "   the wheel: ${kept#"$source/"}/$(basename "$wheel")"
