#!/usr/bin/env bash
# What an earlier version left behind, in tests/earlier, still loads and gives the same: samples, codes,
# presets, journals, a training that goes on. Says each claim in one line; exits 1 when one does not hold.
# Usage: earlier.sh STEER
set -uo pipefail
[ -x "${1:-}" ] || { echo "expected a program: earlier.sh STEER" >&2; exit 2; }
steer=$(realpath "$1")
kept=$(realpath "$(dirname "$0")/earlier")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export OMP_NUM_THREADS=1 OMP_WAIT_POLICY=passive
cp -r "$kept/." "$work"
cd "$work"
mkdir made
passed=0 failed=0

# claims NAME COMMAND...: the command says nothing and leaves with 0; what it says is why the claim fails.
claims() {
  local name=$1; shift
  if "$@" >why.txt 2>&1; then passed=$((passed + 1)); echo "same: $name"; return; fi
  failed=$((failed + 1))
  echo "FAILED: $name: $(tail -n 1 why.txt)"
}
# does COMMAND...: runs steer; out.json holds what it prints, err.txt what it says.
does() {
  "$steer" "$@" >out.json 2>err.txt && return
  local code=$?
  tail -n 1 err.txt
  return $code
}
same_picture() { cmp -s "$1" "$2" || python3 same.py picture "$1" "$2"; }
same_figures() { python3 same.py figures figures.json "$1" out.json; }
says_again() { local name=$1; shift; does "$@" "${fixed[@]}" && same_figures "$name"; }
shows_again() { local name=$1; shift; says_again "$name" "$@" -o "made/$name.png" && same_picture "samples/$name.png" "made/$name.png"; }
writes_again() { local file=$1; shift; says_again "$file" "$@" -o "made/$file" && cmp "$file" "made/$file"; }

# without_last N JOURNAL: as if the program had been stopped before its last N lines.
without_last() { head -n "-$1" "$2" >shorter && mv shorter "$2"; }
searches_on() {
  local after=$1 file=$2; shift 2
  says_again "$file" "$@" -o "$file" || return
  grep -qF "goes on after $after trials" err.txt || { echo "expected \"goes on after $after trials\""; return 1; }
  python3 same.py json "$kept/$file" "$file"
}
compares_on() {
  local folder=$1; shift
  does "$@" -o "$folder" "${fixed[@]}" && python3 same.py json "$kept/$folder/figures.json" "$folder/figures.json"
}
trains_on() {
  local run=$1; shift
  cp -r "$run" further
  does "$@" --out further --threads 1 --json && same_figures "$run goes on"
}

shows() { claims "picture of $1" shows_again "$@"; }
writes() { claims "file of codes $1" writes_again "$@"; }
says() { claims "figures of $1" says_again "$@"; }
searches() {
  local file=$1 journal=$1.trials.jsonl trials
  trials=$(($(wc -l <"$journal") - 1))
  claims "the search of $file, of which all is made" searches_on $trials "$@"
  claims 'no trial is made again' cmp "$kept/$journal" "$journal"
  without_last 2 "$journal"
  claims "the search of $file, of which two trials are left" searches_on $((trials - 2)) "$@"
  cp "$kept/$file" .
}
compares() {
  local folder=$1 journal=$1/results.jsonl
  claims "the comparison in $folder, of which all is made" compares_on "$@"
  claims 'no result is made again' cmp "$kept/$journal" "$journal"
  without_last 2 "$journal"
  claims "the comparison in $folder, of which two results are left" compares_on "$@"
  claims 'two results are made again' [ "$(wc -l <"$journal")" -eq "$(wc -l <"$kept/$journal")" ]
}
goes_on() { claims "the training in $1 goes on" trains_on "$@"; }
. ./cases.sh

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
