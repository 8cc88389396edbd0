#!/usr/bin/env bash
# injection.sh [long|PRIMITIVE...]: each primitive's transfer with each of its system calls failing in turn.
. "$(dirname "$0")/common.sh"

command -v strace >/dev/null || install_packages "failing system calls" strace
matrix injection "$@"
