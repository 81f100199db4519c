# Sourced by the action's scripts: which environment, and which berth.

# The id that was given, else one of the pull request or the run.
environment_id() {
  if [ -n "${BERTH_INPUT_ID:-}" ]; then
    echo "$BERTH_INPUT_ID"
    return
  fi
  case "${GITHUB_REF:-}" in
    refs/pull/*/*)
      number=${GITHUB_REF#refs/pull/}
      echo "pr-${number%%/*}"
      ;;
    *)
      echo "run-${GITHUB_RUN_ID:?neither an id nor a run}"
      ;;
  esac
}

# Where berth is: as given, on PATH, or where it has been built.
find_berth() {
  if [ -n "${BERTH_INPUT_BERTH:-}" ]; then
    echo "$BERTH_INPUT_BERTH"
  elif command -v berth; then
    :
  else
    echo "${RUNNER_TOOL_CACHE:-${RUNNER_TEMP:-/tmp}}/berth/bin/berth"
  fi
}
