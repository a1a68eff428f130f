#!/bin/sh
# Debian's strace for the fault tests, where there is none yet and it can be had. It never fails: without it
# those tests say so themselves.
if command -v strace >/dev/null; then exit 0; fi
root=
[ "$(id -u)" = 0 ] || root='sudo -n'
get="$root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Acquire::http::Timeout=30 -o Acquire::Retries=2"
if command -v apt-get >/dev/null && $get update >/dev/null 2>&1 &&
  $get install --yes --no-install-recommends strace >/dev/null 2>&1; then
  echo 'strace was installed for the fault tests.'
else
  echo 'There is no strace here, and it could not be installed: the fault tests cannot be run.'
fi
