#!/bin/sh
# sh tests/debian.sh PACKAGE PURPOSE PROGRAM...: Debian's package for some tests, where none of the programs (names,
# or paths with wildcards) is there yet and it can be had. It never fails: without it those tests say so themselves.
package=$1 purpose=$2
shift 2
for program in "$@"; do
  if command -v "$program" >/dev/null || ls $program >/dev/null 2>&1; then exit 0; fi
done
root=
[ "$(id -u)" = 0 ] || root='sudo -n'
get="$root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Acquire::http::Timeout=30 -o Acquire::Retries=2"
if command -v apt-get >/dev/null && $get update >/dev/null 2>&1 &&
  $get install --yes --no-install-recommends "$package" >/dev/null 2>&1; then
  echo "$package was installed for $purpose."
else
  echo "There is no $package here, and it could not be installed: $purpose need it, or what does the same."
fi
