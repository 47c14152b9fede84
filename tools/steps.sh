# For scripts that show what they do: `step TEXT` names the next step and says how long the last one took;
# `steps_done` ends the list. STEPS_LOG, if set, is a file that gets a line for each: seconds, a tab, the
# text.
step_name='' step_started=0 steps_started=$EPOCHREALTIME
seconds_since() { awk "BEGIN { printf \"%.1f\", $EPOCHREALTIME - $1 }"; }
step_ends() {
  [ -n "$step_name" ] || return 0
  local took
  took=$(seconds_since "$step_started")
  printf '   %s s\n' "$took" >&2
  [ -z "${STEPS_LOG:-}" ] || printf '%s\t%s\n' "$took" "$step_name" >>"$STEPS_LOG"
  step_name=
}
step() {
  step_ends
  step_name=$*
  step_started=$EPOCHREALTIME
  printf '== %s\n' "$*" >&2
}
steps_done() {
  step_ends
  printf '== %s, %s s in all\n' "$*" "$(seconds_since "$steps_started")" >&2
}
