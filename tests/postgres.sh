#!/bin/sh
# Debian's PostgreSQL for the tests of shared databases, where there is none yet and one can be had. It never
# fails: without a server those tests say so themselves.
if command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then exit 0; fi
root=
[ "$(id -u)" = 0 ] || root='sudo -n'
get="$root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Acquire::http::Timeout=30 -o Acquire::Retries=2"
if command -v apt-get >/dev/null && $get update >/dev/null 2>&1 &&
  $get install --yes --no-install-recommends postgresql >/dev/null 2>&1; then
  echo 'PostgreSQL was installed for the tests of shared databases.'
else
  echo 'There is no PostgreSQL here, and it could not be installed: the tests of shared databases cannot be run.'
fi
