#!/bin/sh
# Makes sure of the shared libraries that Qt loads at run time: installs them on Debian and Ubuntu where it may
# (as root or with a sudo that asks no password), otherwise prints the one line to run and stops.
set -eu

[ "$(uname -s)" = Linux ] || exit 0

cache=$( (ldconfig -p || /sbin/ldconfig -p) 2>/dev/null) || cache=""
missing=""

need() { # need SONAME PACKAGE
    case "$cache" in *"$1"*) ;; *) missing="$missing $2" ;; esac
}

glib=libglib2.0-0
if apt-cache show libglib2.0-0t64 >/dev/null 2>&1; then glib=libglib2.0-0t64; fi

need libglib-2.0.so.0 "$glib"
need libEGL.so.1 libegl1
need libGL.so.1 libgl1
need libdbus-1.so.3 libdbus-1-3
need libfontconfig.so.1 libfontconfig1
need libxkbcommon.so.0 libxkbcommon0
need libxkbcommon-x11.so.0 libxkbcommon-x11-0
need libxcb-cursor.so.0 libxcb-cursor0
need libxcb-icccm.so.4 libxcb-icccm4
need libxcb-keysyms.so.1 libxcb-keysyms1
need libxcb-shape.so.0 libxcb-shape0
need libxcb-image.so.0 libxcb-image0
need libxcb-render-util.so.0 libxcb-render-util0
# A window without any font shows boxes for letters.
[ -n "$(find /usr/share/fonts /usr/local/share/fonts -name '*.[to]tf' 2>/dev/null | head -n 1)" ] || missing="$missing fonts-dejavu-core"
if command -v python3 >/dev/null && ! python3 -c 'import ensurepip' 2>/dev/null; then missing="$missing python3-venv"; fi

[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null; then
    echo "Qt needs these libraries; install your distribution's packages for:$missing" >&2
    exit 1
fi
if [ "$(id -u)" = 0 ]; then
    as_root=""
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root="sudo"
else
    echo "Qt needs some system libraries. Run this line, then the same make command again:" >&2
    echo "    sudo apt-get update && sudo apt-get install -y --no-install-recommends$missing" >&2
    exit 1
fi
echo "Installing the system libraries that Qt needs:$missing"
$as_root apt-get update -qq
DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null
