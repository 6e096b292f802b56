#!/bin/bash
# Stands for Packer where the pipeline is tested: takes the same words, and "builds" by the AWS command that it is told.
# PACKER_LOG: every call. PACKER_FAILS: the command that fails. PACKER_IMAGE: what a build makes.
set -u
printf '%s\n' "$*" >>"$PACKER_LOG"
command=$1
[ "${PACKER_FAILS:-}" != "$command" ] || { echo "Error: this one does not work"; exit 1; }
[ "$command" = build ] || exit 0
manifest=''
for word in "$@"; do
  case $word in
  manifest=*) manifest=${word#manifest=} ;;
  payload=*) (cd "${word#payload=}" && find . -type f | sort) >"$PACKER_LOG.payload" ;;
  esac
done
echo "==> amazon-ebs.image: Creating AMI"
printf '{"builds":[{"artifact_id":"eu-west-1:%s"}]}\n' "$PACKER_IMAGE" >"$manifest"
