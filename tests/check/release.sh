#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# release.sh SOURCE BUILD CMAKE: a rehearsal of a release with what was built has all its files, and they are right.
set -eu
. "$(dirname "$0")/skip.sh"
source=$1
build=$2
cmake=$3
PATH=$PATH:/usr/sbin:/sbin
for tool in dpkg-deb dpkg-shlibdeps git; do
  command -v "$tool" >/dev/null || skip "$tool is missing"
done
[ -e "$source/.git" ] || skip "no git repository"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
wrong() {
  echo "$*"
  exit 1
}

"$source/scripts/release" --rehearse --build "$build" "$work/out"
cd "$work/out"
version=$(sed -n 's/^project(xdp-trafficgen VERSION \([0-9.]*\) .*/\1/p' "$source/CMakeLists.txt")
deb=xdp-trafficgen-ng_$version-1_$(dpkg --print-architecture).deb
cat >"$work/files" <<END
NOTES.md
SHA256SUMS
xdp-trafficgen-$version-x86_64
xdp-trafficgen-$version.tar.gz
$deb
END
LC_ALL=C ls | diff "$work/files" - || wrong "these are not the files of a release"
sha256sum --quiet -c SHA256SUMS
[ "$(grep -c . SHA256SUMS)" = 4 ] || wrong "SHA256SUMS has not all files"
grep -q '^\* ' NOTES.md || wrong "NOTES.md names no change"
! grep -q '^## ' NOTES.md || wrong "NOTES.md has more than one entry"

# What is built may be older than the last commit, but is one of this repository.
"./xdp-trafficgen-$version-x86_64" --version >"$work/version"
commit=$(sed -n '1s/.*, commit \([0-9a-f]*\).*/\1/p' "$work/version")
git -c safe.directory='*' -C "$source" cat-file -e "$commit^{commit}" || wrong "no commit of this repository: '$commit'"
for part in 'kernel programs inside: .*xdp' 'built with: libbpf [0-9]' 'not the xdp-trafficgen of xdp-tools'; do
  grep -q "$part" "$work/version" || wrong "--version says no '$part'"
done

# The package: these files and no others, and the libraries that the program needs.
cat >"$work/contents" <<END
/etc/default/xdp-trafficgen
/lib/systemd/system/xdp-trafficgen.service
/lib/systemd/system/xdp-trafficgen.socket
/usr/bin/xtg
/usr/share/bash-completion/completions/xtg
/usr/share/doc/xdp-trafficgen-ng/changelog.Debian.gz
/usr/share/doc/xdp-trafficgen-ng/changelog.gz
/usr/share/doc/xdp-trafficgen-ng/copyright
/usr/share/fish/vendor_completions.d/xtg.fish
/usr/share/man/man8/xtg.8.gz
/usr/share/xdp-trafficgen-ng/xdp-trafficgen-profile.schema.json
/usr/share/xdp-trafficgen-ng/xdp-trafficgen.schema.json
/usr/share/xdp-trafficgen-ng/xtg-signature.lua
/usr/share/zsh/vendor-completions/_xtg
END
dpkg-deb -c "$deb" >"$work/list"
sed -n 's,.* \./\(.*[^/]\)$,/\1,p' "$work/list" | LC_ALL=C sort | diff "$work/contents" - || wrong "not the package's files"
grep -q '^-rwxr-xr-x root/root .*/usr/bin/xtg$' "$work/list" || wrong "xtg is not an executable of root's"
for library in libc6 libstdc++6 libbpf libxdp libnl-3; do
  dpkg-deb -f "$deb" Depends | grep -q "$library" || wrong "it does not depend on $library"
done
dpkg-deb -x "$deb" "$work/deb"
gzip -dc "$work/deb/usr/share/man/man8/xtg.8.gz" >"$work/page"
head -n 12 "$work/page" | grep -q '^\.Nm xtg ,$' || wrong "the man page has another name"
! grep -Eq 'Pa (man|scripts)/' "$work/page" || wrong "the man page names files of the sources"
grep -q 'complete -F .* xtg$' "$work/deb/usr/share/bash-completion/completions/xtg" || wrong "bash completes no xtg"
grep -q '^#compdef xtg$' "$work/deb/usr/share/zsh/vendor-completions/_xtg" || wrong "zsh completes no xtg"

# The sources without .git, also within another repository, know their commit.
mkdir "$work/sources"
git -C "$work/sources" init -q
tar xzf "xdp-trafficgen-$version.tar.gz" -C "$work/sources"
unpacked=$work/sources/xdp-trafficgen-$version
"$cmake" -DSOURCE_DIR="$unpacked" -DOUTPUT="$work/info.cpp" -P "$unpacked/packaging/build_info.cmake"
commit=$(git -c safe.directory='*' -C "$source" rev-parse HEAD | cut -c1-12)
grep -q "kCommit = \"$commit\";" "$work/info.cpp" || wrong "not $commit: $(grep kCommit "$work/info.cpp")"

# What was built of another commit is not released.
git='git -c safe.directory=* -c user.name=nobody -c user.email=nobody@localhost'
$git clone -q --no-hardlinks "$source" "$work/clone"
sed -i "s/^## Unreleased$/&\n\n## $version\n\n* an entry/" "$work/clone/CHANGELOG.md"
$git -C "$work/clone" commit -qam "CHANGELOG: $version"
if "$work/clone/scripts/release" --build "$build" "$work/none" >"$work/said" 2>&1; then wrong "released another commit"; fi
grep -q "the executable is not $version of commit " "$work/said" || wrong "$(cat "$work/said")"

# Without an entry in CHANGELOG.md there is no release; a copy has none and no changes.
sed -i "/^## $version/d" "$unpacked/CHANGELOG.md"
if "$unpacked/scripts/release" --build "$build" "$work/none" >"$work/said" 2>&1; then wrong "released without an entry"; fi
grep -q 'CHANGELOG.md has no entry' "$work/said" || wrong "$(cat "$work/said")"
