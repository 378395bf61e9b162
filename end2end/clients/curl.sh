#!/bin/bash
# Rotates the API key of a service account, the way it was always done: bash, curl and jq.
#
# usage: curl.sh HOST PORT CAFILE USER      (the password on standard input)
set -euo pipefail

primary=$1 port=$2 cafile=$3 user=$4
read -r password
base="https://$primary:$port/netbackup"
type='application/vnd.netbackup+json; version=4.0'
body=$(mktemp) head=$(mktemp)
trap 'rm -f "$body" "$head"' EXIT

# call EXPECTED-STATUS CURL-ARGUMENTS...
call() {
  local expected=$1 status
  shift
  status=$(curl --silent --show-error --globoff --cacert "$cafile" --dump-header "$head" --output "$body" \
    --write-out '%{http_code}' "$@")
  if [ "$status" != "$expected" ]; then
    echo "expected $expected, got $status: $*" >&2
    cat "$body" >&2
    exit 1
  fi
}
is() { [ "$2" = "$3" ] || { echo "$1: expected '$3', got '$2'" >&2; exit 1; }; }
days_from_now() { date -u -d "+$1 days" +%Y-%m-%dT; }

# Which primary is it, and does it live? The version goes into a log.
call 200 "$base/ping"
grep -qi '^x-netbackup-api-version: 14.0' "$head"
grep -Eq '^[0-9]{13}$' "$body"

# The root certificate can be fetched again, over the connection that trusts it.
call 200 "$base/security/cacert"
jq -j .webRootCert "$body" | cmp - "$cafile"

# Probing for the newest version that the server knows, downwards.
call 406 -X GET "$base/security/cacert" -H 'Accept: application/vnd.netbackup+json;version=15.0'
call 200 -X GET "$base/security/cacert" -H 'Accept: application/vnd.netbackup+json;version=14.0'

# Log in. domainName is the host's name, as bpnbat prints it.
call 201 -X POST "$base/login" -H "content-type:$type" -H 'accept: */*' -d "{
    \"domainType\" : \"unixpwd\", \"domainName\" : \"$(hostname)\",
    \"userName\" : \"$user\", \"password\" : \"$password\" }"
token=$(jq --raw-output .token "$body")
is tokenType "$(jq -r .tokenType "$body")" BEARER
is validity "$(jq -r .validity "$body")" 86400
call 401 -X POST "$base/login" -H "content-type:$type" -d "{
    \"domainType\" : \"UNIXPWD\", \"domainName\" : \"\", \"userName\" : \"$user\", \"password\" : \"wrong wrong wrong\" }"
is errorCode "$(jq .errorCode "$body")" 5930

# Nothing there yet: an empty list, not an error.
call 200 -X GET "$base/security/api-keys" -H "Authorization: $token" -H "content-type: $type"
is 'keys at first' "$(jq -c .data "$body")" '[]'

# Create.
call 201 -X POST "$base/security/api-keys" -H "Authorization: $token" -H "Content-Type: $type" -d '{
  "data": { "type": "apiKeyCreationRequest", "attributes": {
      "description": "nightly report", "expireAfterDays": "P30D" } } }'
key=$(jq -r .data.attributes.apiKey "$body")
tag=$(jq -r .data.id "$body")
is 'the user' "$(jq -r .data.attributes.userName "$body")" "$user"
grep -qi '^cache-control: no-store' "$head"
call 409 -X POST "$base/security/api-keys" -H "Authorization: $token" -H "Content-Type: $type" -d '{
  "data": { "type": "apiKeyCreationRequest", "attributes": { "description": "", "expireAfterDays": "P1D" } } }'

# List with filters, sorted; raw and encoded brackets.
filter="userName%20eq%20'$user'%20and%20expiryDateTime%20gt%20$(days_from_now 29)00:00:00Z"
call 200 -X GET "$base/security/api-keys?page[limit]=5&page[offset]=0&sort=-expiryDateTime&filter=$filter" \
  -H "Authorization: $token" -H "Accept: $type"
is 'found by filter' "$(jq -r '.data[].id' "$body")" "$tag"
is 'pagination' "$(jq -c '.meta.pagination | [.count, .offset, .limit, has("next"), has("prev")]' "$body")" '[1,0,5,false,false]'
grep -qi 'version=4.0' "$head"
call 200 -X GET "$base/security/api-keys?page%5Blimit%5D=5&filter=description%20eq%20'nobody''s'" -H "Authorization: $token"
is 'none by filter' "$(jq '.data | length' "$body")" 0
call 400 -X GET "$base/security/api-keys?page[limit]=500" -H "Authorization: $token"
is errorCode "$(jq .errorCode "$body")" 8961

# Update, by raw and by encoded tag; then look.
call 204 -X PATCH "$base/security/api-keys/${tag/=/%3D}" -H "Authorization: Bearer $token" -H "Content-Type: $type" \
  -H 'X-NetBackup-Audit-Reason: Change%2042' \
  -d "{\"data\":{\"type\":\"apiKeyUpdateRequest\",\"id\":\"$tag\",\"attributes\":{\"description\":\"weekly report\",\"expireAfterDays\":\"P60D\"}}}"
call 200 -X GET "$base/security/api-keys/$tag" -H "Authorization: Bearer $token" -H "Content-Type: $type" -d null
is description "$(jq -r .data.attributes.description "$body")" 'weekly report'
case $(jq -r .data.attributes.expiryDateTime "$body") in
  "$(days_from_now 60)"*Z) ;;
  *) echo 'the expiry is not in 60 days' >&2; exit 1 ;;
esac

# Use the key: at the gateway and for the REST API, in every place where it may stand.
for header in "Authorization: $key" "Authorization: Bearer $key" "X-API-Key: $key"; do
  call 204 "https://$primary:$port/verify" -H "$header"
  grep -qi "^x-latchkey-user: $user" "$head"
  call 200 -X GET "$base/security/api-keys/$tag" -H "$header"
done

# Reissue with the key itself, as a cron job does: the new one works, the old one does not.
call 201 -X POST "$base/security/api-keys/$tag/reissue" -H "Authorization: $key" -H "Content-Type: $type" -d "{
  \"data\": { \"type\": \"apiKeyReissueRequest\", \"id\": \"$tag\", \"attributes\": { \"expireAfterDays\": \"P30D\" } } }"
new_key=$(jq -r .data.attributes.apiKey "$body")
new_tag=$(jq -r .data.id "$body")
grep -qi "^location: /netbackup/security/api-keys/$new_tag" "$head"
call 204 "https://$primary:$port/verify" -H "Authorization: $new_key"
call 401 "https://$primary:$port/verify" -H "Authorization: $key"
call 404 -X GET "$base/security/api-keys/lky_AAAAAAA=" -H "Authorization: $token"

# Delete, twice, with a body of null; log out with nothing and with the token that has ended.
call 204 -X DELETE "$base/security/api-keys/$new_tag" -H "Authorization: $token" -H "Content-Type: $type" -d null
[ ! -s "$body" ]
call 404 -X DELETE "$base/security/api-keys/$new_tag" -H "Authorization: $token"
call 401 -X GET "$base/security/api-keys" -H "Authorization: $new_key"
call 200 -X POST "$base/logout" -H "Authorization: $token" -H "Content-Type: $type" -d ''
call 401 -X GET "$base/security/api-keys" -H "Authorization: $token"
echo 'all is well'
