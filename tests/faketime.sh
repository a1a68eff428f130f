#!/bin/sh
# Debian's libfaketime for the tests that set the clock, where there is none yet and it can be had. It never
# fails: without it those tests say so themselves.
if ls /usr/lib/*/faketime/libfaketimeMT.so.1 >/dev/null 2>&1; then exit 0; fi
root=
[ "$(id -u)" = 0 ] || root='sudo -n'
get="$root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Acquire::http::Timeout=30 -o Acquire::Retries=2"
if command -v apt-get >/dev/null && $get update >/dev/null 2>&1 &&
  $get install --yes --no-install-recommends libfaketime >/dev/null 2>&1; then
  echo 'libfaketime was installed for the tests that set the clock.'
else
  echo 'There is no libfaketime here, and it could not be installed: the tests that set the clock cannot be run.'
fi
