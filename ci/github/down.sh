#!/bin/sh
# Takes the environment of a job away when the job has ended, however it ended.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
. "$here/which.sh"

# What the step said to keep; a step that never came so far has made nothing.
berth=${STATE_berth:-}
id=${STATE_id:-}
if [ -z "$berth" ] || [ -z "$id" ] || [ "${BERTH_INPUT_DOWN:-wait}" = never ]; then
  exit 0
fi

set -- --id "$id"
if [ "${BERTH_INPUT_MODE:-cluster}" = namespace ]; then
  set -- "$@" --on "${BERTH_INPUT_ON:-${BERTH_INPUT_FILE:-}}"
elif [ -n "${BERTH_INPUT_FILE:-}" ]; then
  set -- "$@" --file "$BERTH_INPUT_FILE"
fi
[ -z "${BERTH_INPUT_PROVIDER:-}" ] || set -- "$@" --provider "$BERTH_INPUT_PROVIDER"
case " ${BERTH_INPUT_ARGUMENTS:-} " in
  *" --simulate "*) set -- "$@" --simulate ;;
esac

# A job that was cancelled gives minutes at most: marked first, it is gc's whatever happens to the rest of this step.
if "$berth" ci down --detach "$@"; then
  marked=0
else
  marked=$?
fi
[ "${BERTH_INPUT_DOWN:-wait}" = wait ] || exit "$marked"
exec "$berth" ci down "$@"
