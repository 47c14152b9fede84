#!/usr/bin/env bash
# The commands of README.md as a reader runs them: every line of its blocks that starts with steer (or echo,
# which writes a small file), one after the other in an empty folder. Each must leave with 0, and what it is
# said to write must be there, new and not empty. Says which blocks hold no such line.
# Usage: readme.sh STEER [README]
set -uo pipefail
[ -x "${1:-}" ] || { echo "expected a program: readme.sh STEER" >&2; exit 2; }
STEER_REAL=$(realpath "$1")
root=$(realpath "$(dirname "$0")/..")
readme=$(realpath "${2:-$root/README.md}")
STEER_SHARE=${STEER_SHARE:-$root}  # models and configs that ship
export STEER_REAL STEER_SHARE OMP_NUM_THREADS=1 OMP_WAIT_POLICY=passive
top=$(mktemp -d)
trap 'rm -rf "$top"' EXIT
mkdir "$top/bin" "$top/work"

# The steer that the commands find: it passes all arguments on but makes budgets small, and computes on one
# thread.
cat >"$top/bin/steer" <<'WRAPPER'
#!/usr/bin/env bash
command=${1:-}
# takes FLAG: the value after a flag; has FLAG: whether it is given; drop FLAG: the arguments without both.
args=("$@")
at() { local i; for i in "${!args[@]}"; do [ "${args[i]}" = "$1" ] && echo "$i" && return; done; return 1; }
drop() { local i; i=$(at "$1") && args=("${args[@]:0:i}" "${args[@]:i+2}"); }
put() { drop "$1"; args+=("$1" "$2"); }
cap() {  # cap FLAG MOST [ALWAYS]: a number above MOST becomes MOST; given where it was left out, if ALWAYS
  local i; if ! i=$(at "$1"); then [ -n "${3:-}" ] && args+=("$1" "$2"); return; fi
  [ "${args[i+1]}" -gt "$2" ] && args[i+1]=$2
}
case $command in
  train) drop --minutes; put --images 64 ;;
  reflow) drop --minutes; put --images 64; put --pairs 64 ;;
  tune) put --minutes 0.02; cap -n 4 always ;;
  prior) drop --minutes; put --steps 4; cap -n 64 always; put --test-count 16 ;;
  density) cap -k 200 always; put --samples 2000 ;;
  sample) cap -n 4 ;;
  guide) cap -n 1 always ;;
  evaluate | rates | cluster | reconstruct) cap -n 8 always ;;
  likelihood) cap -n 1 always ;;
  probe) cap -n 200 always; put --test-count 50 ;;
  search-similar) [ -n "$(at --data)" ] && put --images 64 ;;
  search) cap -n 1 always; put --sweeps 1; put --steps 6 ;;
  compare)  # one sample of each task, two of all the methods
    i=$(at --objectives)
    sed 's/}]}/, "count": 1}], "methods": {"beam": {"beam": 4}, "pigdm": {"method": "pigdm"}}}/' \
      "${args[i+1]}" >small_tasks.json
    cmp -s "${args[i+1]}" small_tasks.json && { echo "expected tasks that end in }]}" >&2; exit 3; }
    put --objectives small_tasks.json ;;
esac
case $command in
  words | list | report | completion | manual | -*) ;;
  *) args+=(--threads 1) ;;
esac
exec "$STEER_REAL" "${args[@]}"
WRAPPER
chmod +x "$top/bin/steer"

# Blocks as NUMBER<tab>LINE, without the fences; comments begin after two blanks.
blocks() { awk '/^```/ { inside = !inside; if (inside) n++; next } inside { print n "\t" $0 }' "$readme"; }
commands() { blocks | cut -f2- | grep -E '^(steer|echo|cp) ' | sed -E 's/ +  ?#.*$//; s/; steer /\nsteer /g'; }

# Files and folders that a command is said to write; {seed} stands for any.
written() {
  local -a words
  eval "words=($(sed 's/ > / --to /' <<<"$1"))"
  local i word
  for i in "${!words[@]}"; do
    word=${words[i+1]:-}
    case ${words[i]} in
      -o | --out | --to) echo "${word//\{seed\}/*}" ;;
      --index) [[ " $1" == *' --data '* ]] && echo "$word" ;;
      --diffusers) [ "${words[1]}" = export ] && echo "$word" ;;
    esac
  done
  [ "${words[1]}" = prior ] && echo "${words[2]}/prior.safetensors"
}
# there PATTERN: all that it names is newer than the command and not empty, and it names something.
there() {
  local path found=0
  for path in $1; do
    [ -e "$path" ] && [ ! "$path" -ot "$top/begin" ] || return 1
    if [ -d "$path" ]; then [ -n "$(ls -A "$path")" ] || return 1; else [ -s "$path" ] || return 1; fi
    found=1
  done
  [ $found = 1 ]
}

passed=0 failed=0
bad() { failed=$((failed + 1)); echo "FAILED: $1: $2"; }
cd "$top/work" || exit 2
while IFS= read -r command; do
  touch "$top/begin"
  began=$SECONDS
  if ! (PATH="$top/bin:$PATH"; eval "$command") >"$top/out.txt" 2>"$top/err.txt" </dev/null; then
    bad "$command" "$(tail -n 1 "$top/err.txt")"
    continue
  fi
  missing=
  while IFS= read -r pattern; do
    there "$pattern" || missing+=" $pattern"
  done < <(written "$command")
  if [ -n "$missing" ]; then bad "$command" "expected it to write$missing"; continue; fi
  passed=$((passed + 1))
  echo "$((SECONDS - began)) s: $command"
done < <(commands)

blocks | awk -F'\t' '{ if (!($1 in first)) { first[$1] = $2; order[++n] = $1 } if ($2 ~ /^(steer|echo|cp) /) ran[$1]++
    else if ($2 != "") left[$1]++ }
  END { for (i = 1; i <= n; i++) if (left[order[i]])
    printf "passed over: %d lines of block %d, which begins \"%s\"\n", left[order[i]], order[i], first[order[i]] }'
[ $passed -gt 0 ] || { echo "FAILED: expected commands in $readme"; exit 1; }
echo "$passed of $((passed + failed)) commands of README.md work, in $SECONDS s"
[ $failed = 0 ]
