#!/usr/bin/env bash
# Prepares what runs Windows programs: a Debian 13 root with Wine 10 in it, as Debian 12's Wine is too old for
# current Rust programs, and in it a Windows prefix that was started once.
. "$(dirname "$0")/common.sh"

root="$CACHE/wine-trixie"
install_packages "Wine" gcc-mingw-w64-x86-64-posix debootstrap
[ ! -e "$root" ] || exit 0
[ "$(id -u)" -eq 0 ] || unavailable "Wine: not root, cannot make a chroot"
mirror="$(debian_mirror)"
[ -n "$mirror" ] || unavailable "Wine: no Debian mirror in apt's sources"
privately "Wine"

exec 9>"$CACHE/wine.lock"
flock 9
[ ! -e "$root" ] || exit 0
echo "making a Debian 13 root with Wine"
new="$CACHE/wine-trixie.new" # gets its final name when it is complete
rm -rf --one-file-system "$new"
debootstrap --variant=minbase trixie "$new" "$mirror" </dev/null >"$CACHE/debootstrap.log" 2>&1 \
    || unavailable "Wine: debootstrap failed: $(tail -n 1 "$CACHE/debootstrap.log")"
# These mounts are seen by this script's processes alone and end with them (see `privately`).
mount -t proc proc "$new/proc"
mount --rbind /dev "$new/dev"
DEBIAN_FRONTEND=noninteractive chroot "$new" apt-get install -y -qq --no-install-recommends wine wine64 \
    </dev/null >"$CACHE/wine-install.log" 2>&1 \
    || unavailable "Wine: installing it failed: $(tail -n 1 "$CACHE/wine-install.log")"
chroot "$new" apt-get clean
# The first start makes the prefix; wineserver writes the registry out when it ends.
mkdir -p "$new/wine"
in_wine=(chroot "$new" env -i HOME=/wine WINEPREFIX=/wine/prefix WINEDEBUG=-all
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)
"${in_wine[@]}" wine wineboot --init </dev/null >"$CACHE/wine-boot.log" 2>&1 \
    || unavailable "Wine: first start failed: $(tail -n 1 "$CACHE/wine-boot.log")"
"${in_wine[@]}" wineserver --wait </dev/null >/dev/null 2>&1 || true
umount -l "$new/dev" "$new/proc"
mv "$new" "$root"
