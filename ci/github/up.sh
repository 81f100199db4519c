#!/bin/sh
# Makes the environment of a job. Takes the action's inputs as BERTH_INPUT_... and what GitHub sets for every step.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
. "$here/which.sh"

berth=$(find_berth)
if [ ! -x "$berth" ] && ! command -v "$berth" >/dev/null; then
  echo "building berth from source; name a binary with the input \`berth\` to save these minutes" >&2
  root=$(dirname -- "$(dirname -- "$berth")")
  cargo install --locked --path "$here/../.." --root "$root"
fi

id=$(environment_id)
# The step after the job has to find the same environment with the same berth.
if [ -n "${GITHUB_STATE:-}" ]; then
  {
    echo "berth=$berth"
    echo "id=$id"
  } >>"$GITHUB_STATE"
fi

set -- ci up --id "$id" --ttl "${BERTH_INPUT_TTL:-2h}" --mode "${BERTH_INPUT_MODE:-cluster}" \
  --on-failure "${BERTH_INPUT_ON_FAILURE:-destroy}"
[ -z "${BERTH_INPUT_FILE:-}" ] || set -- "$@" --file "$BERTH_INPUT_FILE"
[ -z "${BERTH_INPUT_ON:-}" ] || set -- "$@" --on "$BERTH_INPUT_ON"
[ -z "${BERTH_INPUT_PROVIDER:-}" ] || set -- "$@" --provider "$BERTH_INPUT_PROVIDER"
[ -z "${BERTH_INPUT_KUBECONFIG:-}" ] || set -- "$@" --kubeconfig "$BERTH_INPUT_KUBECONFIG"
# Split at spaces, as the input says.
# shellcheck disable=SC2086
exec "$berth" "$@" ${BERTH_INPUT_ARGUMENTS:-}
