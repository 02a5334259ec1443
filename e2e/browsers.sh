#!/usr/bin/env bash
# Sees to what the tests need of the system beside Go and Node: two browsers, a C compiler for Go's race
# detector, `ip` and `nft` to cut cables and to build NATs, and coturn's clients to try TURN with. As root on Debian it installs what is missing; elsewhere it says how.
# PARLEY_CHROMIUM and PARLEY_FIREFOX name browsers that stand elsewhere.
set -euo pipefail

chromium=${PARLEY_CHROMIUM:-/usr/bin/chromium}
firefox=${PARLEY_FIREFOX:-/usr/bin/firefox-esr}

missing() {
  local packages=()
  [ -x "$chromium" ] || packages+=(chromium)
  [ -x "$firefox" ] || packages+=(firefox-esr)
  command -v gcc > /dev/null || packages+=(gcc libc6-dev)
  if [ "$(uname)" = Linux ]; then
    command -v ip > /dev/null || packages+=(iproute2)
    command -v nft > /dev/null || [ -x /usr/sbin/nft ] || packages+=(nftables)
    command -v turnutils_uclient > /dev/null || packages+=(coturn)
  fi
  echo "${packages[*]}"
}

packages=$(missing)
[ -n "$packages" ] || exit 0

install="apt-get install --yes --no-install-recommends $packages"
if [ "$(id -u)" = 0 ] && grep -qs '^ID=debian$' /etc/os-release; then
  echo "Installing what the tests need: $packages"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive $install -qq > /dev/null
  # The package brings a server too, which would take the port that parley wants.
  case $packages in *coturn*) ! command -v systemctl > /dev/null || systemctl disable --now coturn > /dev/null 2>&1 || true ;; esac
  packages=$(missing)
  [ -n "$packages" ] || exit 0
  echo "Still missing after installing: $packages" >&2
  exit 1
fi
echo "The tests need $packages. On Debian: sudo $install" >&2
echo "Elsewhere install them your way, and name the browsers in PARLEY_CHROMIUM and PARLEY_FIREFOX." >&2
exit 1
