#!/bin/sh
# Puts a text under a merge request: a new comment, or the one that an earlier run of the same pipeline made.
#
#     comment.sh FILE
#
# Knows by the platform's own variables where it runs. Needs curl and jq.
#   GitHub Actions: GITHUB_TOKEN, PULL_REQUEST (its number); GITHUB_API_URL and GITHUB_REPOSITORY are there.
#   GitLab CI:      GITLAB_TOKEN (a project access token with the scope `api`); the CI_... variables are there.
set -eu

file=$1
mark='<!-- penstock plan -->'
# Both platforms take texts of some 65,000 characters at least.
body=$(mktemp)
trap 'rm -f "$body"' EXIT
{ printf '%s\n' "$mark"; head -c 60000 "$file"; } | jq -Rs '{body: .}' > "$body"

# The token goes by way of a file, not of the command line, which others on the machine can read.
request() {
  method=$1 url=$2; shift 2
  printf 'header = "%s"\n' "$auth" |
    curl -sS --fail-with-body --retry 3 --max-time 60 -K - -X "$method" -H 'Content-Type: application/json' "$@" "$url"
}

# The id of our comment in the lists of all pages; nothing when there is none yet.
find_comment() {
  page=1
  while [ "$page" -le 20 ]; do
    list=$(request GET "$comments?per_page=100&page=$page")
    id=$(printf '%s' "$list" | jq -r --arg mark "$mark" '[.[] | select(.body | startswith($mark)) | .id][0] // empty')
    [ -n "$id" ] && { printf '%s' "$id"; return; }
    [ "$(printf '%s' "$list" | jq length)" -lt 100 ] && return
    page=$((page + 1))
  done
}

if [ -n "${GITHUB_ACTIONS:-}" ]; then
  auth="Authorization: Bearer $GITHUB_TOKEN"
  comments="$GITHUB_API_URL/repos/$GITHUB_REPOSITORY/issues/$PULL_REQUEST/comments"
  one="$GITHUB_API_URL/repos/$GITHUB_REPOSITORY/issues/comments"
  change=PATCH
elif [ -n "${GITLAB_CI:-}" ]; then
  auth="PRIVATE-TOKEN: $GITLAB_TOKEN"
  comments="$CI_API_V4_URL/projects/$CI_PROJECT_ID/merge_requests/$CI_MERGE_REQUEST_IID/notes"
  one=$comments
  change=PUT
else
  echo "comment.sh: neither GitHub Actions nor GitLab CI" >&2
  exit 2
fi

id=$(find_comment)
if [ -n "$id" ]; then
  request "$change" "$one/$id" --data @"$body" > /dev/null
else
  request POST "$comments" --data @"$body" > /dev/null
fi
