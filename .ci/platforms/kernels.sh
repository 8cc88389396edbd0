#!/usr/bin/env bash
# kernels.sh [long|ROW...]: the library's test programs with the newer system calls denied, as older kernels and
# sandboxes do.
. "$(dirname "$0")/common.sh"

matrix kernels "$@"
