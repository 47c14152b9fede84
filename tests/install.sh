#!/usr/bin/env bash
# The installed tree as others meet it: what is where, public headers that compile alone, a program of
# somebody else's that finds, builds and runs with it, and programs that still find libtorch when folders
# move. Usage: install.sh BUILD
set -euo pipefail
build=$(realpath "$1")
source=$(realpath "$(dirname "$0")/..")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "FAILED: $*" >&2; exit 1; }
# must NAME COMMAND...: exit 0, else what it said.
must() {
  local name=$1
  shift
  "$@" >"$work/said.txt" 2>&1 || { cat "$work/said.txt"; fail "$name"; }
}

prefix="$work/a prefix"
must 'cmake --install' cmake --install "$build" --prefix "$prefix"
for file in bin/steer lib/libsteer.so include/steer/models/models.h lib/cmake/Steer/SteerConfig.cmake \
  share/steer/models/mnist_ddn.safetensors share/steer/models/presets/mnist_flow.label.json \
  share/man/man1/steer.1 share/bash-completion/completions/steer \
  share/zsh/site-functions/_steer share/fish/vendor_completions.d/steer.fish; do
  [ -s "$prefix/$file" ] || fail "expected $file in the installed tree"
done
! find "$prefix/include" -name '*_kernel*' -o -name 'test_*' | grep . || fail 'expected public headers alone'

cd "$work"
"$prefix/bin/steer" --version >version.txt
for line in '^steer [0-9.]* (' '^libtorch  *[0-9]' '^processor  *.* cores' '^devices  *cpu'; do
  grep -q "$line" version.txt || { cat version.txt; fail "expected a line like $line in --version"; }
done
must sampling "$prefix/bin/steer" sample "$prefix/share/steer/models/mnist_ddn.safetensors" -n 1 -o one.png

# Completions answer as the shells ask; the manual is free of faults.
complete_bash() {
  bash -c '. "$1"; COMP_WORDS=("${@:2}"); COMP_CWORD=$(($# - 2)); _steer; printf "%s\n" "${COMPREPLY[@]}"' _ \
    "$prefix/share/bash-completion/completions/steer" "$@"
}
[ "$(complete_bash steer eval)" = evaluate ] || fail 'bash completes a command'
complete_bash steer sample run --soft --so | grep -qx -- --solver || fail 'bash completes a flag'
complete_bash steer reconstruct run --fit re | grep -qx resize || fail 'bash completes a listed value'
manual="$prefix/share/man/man1/steer.1"
grep -qx -- '\\fB\\-\\-json\\fR' "$manual" || fail 'expected switches without values in the manual'
if command -v man >/dev/null; then
  LC_ALL=C.UTF-8 MANROFFSEQ='' man --warnings -E UTF-8 -l -Tutf8 -Z "$manual" 2>warnings.txt >/dev/null
  [ ! -s warnings.txt ] || { cat warnings.txt; fail 'expected a manual without warnings'; }
fi

# Somebody else's programs, one of which brings a kind of sample of its own.
must 'consumer: configuring' cmake -G Ninja -S "$source/tests/consumer" -B consumer -DCMAKE_PREFIX_PATH="$prefix"
must 'consumer: building' cmake --build consumer
(cd consumer && ./consumer) || fail 'consumer: running'
(cd consumer && ./own_kind && [ -s dice.png ]) || fail 'own_kind: running'

# Headers of one libtorch with the library of another stop the build with one line.
torch=$(sed -nE 's/^STEER_TORCH_CHECKED[^=]*=(.*) [^ ]+$/\1/p' "$build/CMakeCache.txt")
case "$torch" in
  /usr/*) include=(/usr/include/torch/csrc/api/include) standard=17 headers=/usr/include ;;
  *)
    headers="${torch%/lib}/include"
    include=("$headers" "$headers/torch/csrc/api/include") standard=20 ;;
esac
mkdir -p mixed/lib
ln -s "$headers" mixed/include
for library in libtorch libtorch_cpu libc10; do echo "9.99.0 Custom" >"mixed/lib/$library.so"; done
! STEER_TORCH= cmake -G Ninja -S "$source" -B mixed/build -DCMAKE_PREFIX_PATH="$work/mixed" >mixed.log 2>&1 ||
  fail 'expected a mixture of libtorches to be refused'
said='\[torch\] .*/mixed/lib/libtorch.so: expected libtorch .* but got another version'
[ "$(grep -c "$said" mixed.log)" -eq 1 ] || { cat mixed.log; fail 'expected one line about the mixture'; }

# The program finds its libtorch when the installed tree moves, when the build moves, and when both the build
# and a libtorch beside it do.
mv "$prefix" "$work/elsewhere"
must 'running the installed program after its tree moved' "$work/elsewhere/bin/steer" --version
mkdir copy
cp -L "$build/steer" "$build"/libsteer.so.0 copy/
must 'running the built program after the build moved' copy/steer --version
relative=$(realpath --relative-to="$build" "$torch")
case "$relative" in
  ../.venv/*)
    mkdir -p "moved/build" "moved/$(dirname "${relative#../}")"
    ln -s "$torch" "moved/${relative#../}"
    cp -L "$build/steer" "$build"/libsteer.so.0 moved/build/
    LD_DEBUG=libs moved/build/steer --version >/dev/null 2>loaded.txt || fail 'running the program after all moved'
    grep -q "calling init: .*moved/build/\.\./\.venv.*libtorch\.so" loaded.txt ||
      fail 'expected the program to take the libtorch that moved with it' ;;
esac

options=()
for folder in "${include[@]}"; do options+=(--torch "$folder"); done
python3 "$source/tools/check_headers.py" "$work/elsewhere/include" "${options[@]}" --std $standard \
  --flags='-fPIC -fopenmp' --work "$build/header_check"
