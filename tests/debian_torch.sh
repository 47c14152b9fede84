#!/usr/bin/env bash
# The other libtorch that steer is kept building against, Debian's 1.13: builds program and the tests of
# networks with it, runs these, and compares with the build in build/: in float32, whose sums differ by
# rounding alone, the same seeds must give the same codes, byte for byte, and the same pictures within 1 of 255
# (tests/earlier/same.py: a number on the edge of two levels falls to either side, by the processor's kernels).
# Usage: debian_torch.sh (from anywhere; after ./test)
set -euo pipefail
cd "$(dirname "$0")/.."
STEER_TORCH=debian tools/install_packages
cmake --preset debian >/dev/null
cmake --build --preset debian --target steer_program nn_test ddn_test >&2
for folder in nn ddn; do
  OMP_NUM_THREADS=1 "build-debian/folders/$folder/${folder}_test" --gtest_brief=1 >&2
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for build in build build-debian; do
  steer="$PWD/$build/steer" to="$work/$build"
  mkdir "$to"
  "$steer" --version | sed -n 2p
  for model in mnist_ddn mnist_tree_ddn; do
    "$steer" sample "models/$model.safetensors" -n 32 --precision float32 -o "$to/$model.png" 2>/dev/null >&2
    "$steer" encode "models/$model.safetensors" --data shapes -n 32 --precision float32 -o "$to/$model.ddn" 2>/dev/null >&2
  done
  "$steer" sample models/mnist_class_ddn.safetensors --label all -n 30 --precision float32 -o "$to/classes.png" 2>/dev/null >&2
done
for file in "$work"/build/*.ddn; do
  cmp "$file" "$work/build-debian/${file##*/}" || { echo "FAILED: ${file##*/} differs between two libtorches" >&2; exit 1; }
done
for file in "$work"/build/*.png; do
  python3 tests/earlier/same.py picture "$file" "$work/build-debian/${file##*/}" ||
    { echo "FAILED: ${file##*/} differs between two libtorches" >&2; exit 1; }
done
echo 'samples and codes are the same on both'
