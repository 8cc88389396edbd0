#!/usr/bin/env bash
# environments.sh [long|ROW...]: the library's test programs as another user, under odd masks, limits and namespaces.
. "$(dirname "$0")/common.sh"

matrix environments "$@"
