#!/usr/bin/env bash
# Checks what .ci/release.sh laid out in OUT, in a checkout of the source that has built nothing itself, and prints the action's commit.
# A release's job with rights trusts the job that built it with nothing more than the bundles: the commit follows this very source and
# differs from it by dist/action/*.mjs alone; workflows, action.yml and the rest are this source's. Any other finding is an error.
set -euo pipefail

if (($# != 2)); then
  echo "usage: .ci/verify-release.sh VERSION OUT" >&2
  exit 2
fi
version=$1
out=$2
refuse() {
  echo "refused: $1" >&2
  exit 1
}

[[ $version == $(sed -nE '/^  "version": "([^"]+)",$/{s//\1/p;q}' package.json) ]] ||
  refuse "package.json of this source has another version than $version"

expected=$(printf '%s\n' SHA256SUMS action.bundle "runpool-$version.tar.gz" "runpool-$version.tgz" \
  "runpool-stock-$version-arm64.tar.gz" "runpool-stock-$version-x64.tar.gz" | sort)
[[ $(cd "$out" && find . -mindepth 1 | sed 's,^\./,,' | sort) == "$expected" ]] || refuse "$out holds other files than a release has"
[[ $(awk '{print $2}' "$out/SHA256SUMS" | sort) == $(grep '^runpool-' <<<"$expected") ]] || refuse "SHA256SUMS names other files"
(cd "$out" && sha256sum --check --strict --quiet SHA256SUMS) >&2 || refuse "a file is not what SHA256SUMS says"

git fetch --quiet --no-tags "$out/action.bundle" refs/runpool/release || refuse "action.bundle does not follow this source"
commit=$(git rev-parse FETCH_HEAD)
[[ $(git rev-parse "$commit^@") == $(git rev-parse HEAD) ]] || refuse "the action's commit does not follow $(git rev-parse HEAD)"
while read -r mode _ object path; do
  case $path in
    dist/action/*.mjs) [[ $mode == 100644 ]] || refuse "$path has mode $mode" ;;
    action.yml | LICENSE | README.md | .github/workflows/*)
      [[ "$mode $object" == $(git ls-tree HEAD -- "$path" | awk '{print $1, $3}') ]] || refuse "$path is not this source's"
      ;;
    *) refuse "the action's commit holds $path" ;;
  esac
done < <(git ls-tree -r "$commit")
for path in action.yml dist/action/action.mjs dist/action/action-post.mjs; do
  git cat-file -e "$commit:$path" 2>/dev/null || refuse "the action's commit lacks $path"
done
[[ $(git ls-tree -r --name-only "$commit" .github/workflows) == $(git ls-tree -r --name-only HEAD .github/workflows) ]] ||
  refuse "the action's commit lacks a workflow: GitHub refuses its push"
echo "$commit"
