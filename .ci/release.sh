#!/usr/bin/env bash
# Lays a release out and pushes nothing: OUT/runpool-VERSION.tar.gz, what makes runners of stock images (OUT/runpool-stock-VERSION-x64.tar.gz
# and -arm64), the command line's package OUT/runpool-VERSION.tgz, their checksums, and the action's commit (OUT/action.bundle), whose id is printed.
# The commit holds what runs the action (action.yml and its bundle) and follows the one it was built from; the workflows stay as they are,
# for GitHub lets no workflow's own token push a change of them. The same source gives the same bytes: tags and archives can be built
# again by anyone, and compared.
set -euo pipefail

if (($# != 2)); then
  echo "usage: .ci/release.sh VERSION OUT" >&2
  exit 2
fi
version=$1
mkdir -p "$2"
out=$(cd "$2" && pwd)

for program in dist/action/action.mjs dist/action/action-post.mjs dist/stock/{x64,arm64}/install.sh; do
  [[ -f $program ]] || {
    echo "$program is missing: npm run build" >&2
    exit 1
  }
done

package=dist/npm/runpool-$version.tgz
[[ -f $package ]] || {
  echo "$package is missing: npm run build:package" >&2
  exit 1
}

moment=$(git log -1 --format=%ct)
archive() { # NAME TAR-ARGUMENTS...: the same bytes for the same files
  local name=$1
  shift
  tar --create --sort=name --mtime="@$moment" --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX "$@" | gzip --no-name >"$out/$name"
}
archive "runpool-$version.tar.gz" --exclude=dist/npm --exclude=dist/stock --transform "s,^,runpool-$version/," \
  action.yml LICENSE README.md dist
# What an environment's `install` names.
for architecture in x64 arm64; do
  archive "runpool-stock-$version-$architecture.tar.gz" --directory "dist/stock/$architecture" .
done
cp "$package" "$out/"
(cd "$out" && sha256sum ./*.tar.gz ./*.tgz | sed 's, \./, ,' >SHA256SUMS)

GIT_INDEX_FILE="$out/index"
export GIT_INDEX_FILE
rm -f "$GIT_INDEX_FILE"
git add --force -- action.yml LICENSE README.md dist/action .github/workflows
tree=$(git write-tree)
rm -f "$GIT_INDEX_FILE"
export GIT_AUTHOR_DATE="$moment +0000" GIT_COMMITTER_DATE="$moment +0000"
export GIT_AUTHOR_NAME=runpool GIT_COMMITTER_NAME=runpool
export GIT_AUTHOR_EMAIL=runpool@users.noreply.github.com GIT_COMMITTER_EMAIL=runpool@users.noreply.github.com
commit=$(git commit-tree "$tree" -p HEAD -m "runpool $version")
# For another job, which has the source but built nothing: the commit as a file.
git update-ref refs/runpool/release "$commit"
git bundle create --quiet "$out/action.bundle" HEAD..refs/runpool/release
git update-ref -d refs/runpool/release
echo "$commit"
