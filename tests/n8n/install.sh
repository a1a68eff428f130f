#!/bin/sh
# n8n, the Node.js that it needs, and its own tools for nodes, by npm, into the folder that is named.
# Some minutes at the first time. Scripts of packages are not run but for two that are needed.
set -eu
target=$(mkdir -p "$1" && cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
command -v npm >/dev/null || { echo "npm is needed: install Node.js 20 or later" >&2; exit 1; }

part() {
	mkdir -p "$target/$1"
	cp "$here/$1.json" "$target/$1/package.json"
	cd "$target/$1"
	shift
	npm install --no-audit --no-fund --loglevel=error "$@"
}
part node
PATH="$target/node/node_modules/.bin:$PATH"
part n8n --ignore-scripts
npm rebuild --loglevel=error sqlite3
part tools --ignore-scripts --legacy-peer-deps
