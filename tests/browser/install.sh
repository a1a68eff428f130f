#!/bin/sh
# Debian's Chromium for the console's tests, where there is no browser yet and one can be had. It never fails:
# without a browser those tests say so themselves.
for name in chromium chromium-browser google-chrome; do
  if command -v "$name" >/dev/null; then exit 0; fi
done
root=
[ "$(id -u)" = 0 ] || root='sudo -n'
get="$root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Acquire::http::Timeout=30 -o Acquire::Retries=2"
if command -v apt-get >/dev/null && $get update >/dev/null 2>&1 &&
  $get install --yes --no-install-recommends chromium >/dev/null 2>&1; then
  echo 'Chromium was installed for the tests of the console.'
else
  echo 'There is no Chromium here, and it could not be installed: the tests of the console cannot be run.'
fi
