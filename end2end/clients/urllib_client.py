#!/usr/bin/env python3
"""The same with nothing but Python's own library, as on hosts where nothing may be installed.

usage: urllib_client.py HOST PORT CAFILE USER      (the password on standard input)
"""
import json
import ssl
import sys
import urllib.error
import urllib.parse
import urllib.request

HOST, PORT, CAFILE, USER = sys.argv[1:5]
PASSWORD = sys.stdin.readline().rstrip("\n")
CONTEXT = ssl.create_default_context(cafile=CAFILE)
TYPE = "application/vnd.netbackup+json;version=3.0;charset=UTF-8"


def call(method, path, expected, token=None, body=None, headers=None):
    request = urllib.request.Request(f"https://{HOST}:{PORT}{path}", method=method)
    request.add_header("Content-Type", TYPE)
    if token:
        request.add_header("Authorization", token)
    for name, value in (headers or {}).items():
        request.add_header(name, value)
    if body is not None:
        request.data = json.dumps(body).encode()
    try:
        answer = urllib.request.urlopen(request, context=CONTEXT, timeout=30)
    except urllib.error.HTTPError as error:
        answer = error
    text = answer.read().decode()
    if answer.status != expected:
        raise SystemExit(f"{method} {path}: {answer.status}, not {expected}\n{text}")
    if text and "json" in answer.headers.get("Content-Type", ""):
        return json.loads(text), answer.headers
    return text, answer.headers


KEYS = "/netbackup/security/api-keys"
# An empty domainType looks in all kinds of local accounts.
login = {"userName": USER, "password": PASSWORD, "domainType": "", "domainName": ""}
token = call("POST", "/netbackup/login", 201, body=login)[0]["token"]

attributes = {"expireAfterDays": "P365D", "description": "", "userName": USER, "userDomain": "anything.example.org", "userDomainType": "UNIXPWD"}
made = call("POST", KEYS, 201, token, {"data": {"type": "apiKeyCreationRequest", "attributes": attributes}})[0]["data"]
tag, key = made["id"], made["attributes"]["apiKey"]

query = urllib.parse.urlencode({"page[limit]": "100", "page[offset]": "0", "filter": f"apiKeyTag eq '{tag}'"})
page = call("GET", f"{KEYS}?{query}", 200, token)[0]
assert [item["id"] for item in page["data"]] == [tag], page
assert page["data"][0]["attributes"]["userDomain"] == ""
quoted = urllib.parse.quote("issuer/principalName eq 'nobody'")
assert call("GET", f"{KEYS}?filter={quoted}&sort=issuer.principalName", 200, token)[0]["data"] == []

# Only change what nobody else has changed.
etag = call("GET", f"{KEYS}/{tag}", 200, key)[1]["ETag"]
change = {"data": {"type": "apiKeyUpdateRequest", "id": tag, "attributes": {"expireAfterDays": "P10D"}}}
call("PATCH", f"{KEYS}/{tag}", 204, key, change, {"If-Match": etag})
call("PATCH", f"{KEYS}/{tag}", 412, key, change, {"If-Match": etag})
change["data"]["id"] = "lky_AAAAAAA="
call("PATCH", f"{KEYS}/{tag}", 400, token, change)

# Rotate with an hour in which both work.
reissue = {"data": {"type": "apiKeyReissueRequest", "id": tag, "attributes": {"expireAfterDays": "P10D", "overlapHours": 1}}}
new = call("POST", f"{KEYS}/{tag}/reissue", 201, "Bearer " + token, reissue)[0]["data"]
for value in (key, new["attributes"]["apiKey"]):
    call("GET", "/verify", 204, value)
both = call("GET", KEYS, 200, token)[0]["data"]
assert [item["id"] for item in both] == [new["id"], tag], both
assert both[1]["attributes"]["state"] == "RETIRING", both[1]

call("DELETE", f"{KEYS}/{new['id']}", 204, token)
for value in (key, new["attributes"]["apiKey"]):
    call("GET", "/verify", 401, value)
wrong = call("GET", "/netbackup/no/such/thing", 404, token)[0]
assert set(wrong) == {"errorCode", "errorMessage", "attributeErrors", "errorDetails", "fileUploadErrors"}, wrong
call("POST", "/netbackup/logout", 200, token)
call("GET", KEYS, 401, token)
print("all is well")
