#!/usr/bin/env python3
"""Keeps a service account's API key fresh. Python with requests.

usage: requests_client.py HOST PORT CAFILE USER      (the password on standard input)
"""
import datetime
import json
import socket
import sys

import requests

HOST, PORT, CAFILE, USER = sys.argv[1:5]
PASSWORD = sys.stdin.readline().rstrip("\n")
BASE = f"https://{HOST}:{PORT}/netbackup"
CONTENT_TYPE = "application/vnd.netbackup+json; version=4.0"


def check(response, status):
    if response.status_code != status:
        raise SystemExit(f"{response.request.method} {response.url}: {response.status_code}, not {status}\n{response.text}")
    return response


def login():
    payload = {
        "domainType": "unixpwd",
        "domainName": socket.gethostname(),
        "userName": USER,
        "password": PASSWORD,
    }
    answer = requests.post(
        BASE + "/login", data=json.dumps(payload), headers={"Content-Type": CONTENT_TYPE}, verify=CAFILE
    )
    return check(answer, 201).json()["token"]


def keys(session, **query):
    """All API keys that fit, a page after the other."""
    found, offset = [], 0
    while offset is not None:
        params = {"page[limit]": 1, "page[offset]": offset, **query}
        page = check(session.get(BASE + "/security/api-keys", params=params), 200).json()
        found += page["data"]
        offset = page["meta"]["pagination"].get("next")
    return found


session = requests.Session()
session.verify = CAFILE
# Everything is sent with both headers, whether there is a body or not.
session.headers.update({"Content-Type": CONTENT_TYPE, "Accept": CONTENT_TYPE, "Authorization": login()})

answer = check(session.get(BASE + "/security/api-keys", json=None), 200)
assert answer.headers["Content-Type"] == "application/vnd.netbackup+json;version=4.0", answer.headers
assert answer.json()["data"] == []

body = {"data": {"type": "apiKeyCreationRequest", "attributes": {"expireAfterDays": "P7D", "description": "Grüße, ${x}"}}}
created = check(session.post(BASE + "/security/api-keys", data=json.dumps(body)), 201)
data = created.json()["data"]
tag, key = data["id"], data["attributes"]["apiKey"]
assert created.headers["Location"].endswith(tag)
assert len(key) == 64

week = datetime.datetime.utcnow() + datetime.timedelta(days=8)
soon = f"userName eq '{USER}' and expiryDateTime lt {week:%Y-%m-%dT%H:%M:%S.000Z}"
assert [item["id"] for item in keys(session, filter=soon, sort="expiryDateTime")] == [tag]
assert keys(session, filter=f"not (startswith(userName,'{USER[:3]}'))") == []
wrong = check(session.get(BASE + "/security/api-keys", params={"filter": "userName is 'x'"}), 400).json()
assert wrong["errorCode"] == 8961 and "filter" in wrong["attributeErrors"], wrong

body = {"data": {"type": "apiKeyUpdateRequest", "id": tag, "attributes": {"description": "changed"}}}
check(session.patch(f"{BASE}/security/api-keys/{tag}", data=json.dumps(body)), 204)
details = check(session.get(f"{BASE}/security/api-keys/{requests.utils.quote(tag, safe='')}"), 200).json()["data"]
assert details["attributes"]["description"] == "changed"
assert details["attributes"]["issuer"]["principalName"] == USER

# Another session that only has the key. requests would send what ~/.netrc has in its place.
with_key = requests.Session()
with_key.verify, with_key.trust_env = CAFILE, False
with_key.headers.update({"Authorization": "Bearer " + key, "Accept": "application/json"})
assert [item["id"] for item in keys(with_key)] == [tag]
identity = check(with_key.post(f"https://{HOST}:{PORT}/verify"), 204).headers
assert identity["X-Latchkey-User"] == USER and identity["X-Latchkey-Key-Tag"] == tag

body = {"data": {"type": "apiKeyReissueRequest", "id": tag, "attributes": {"expireAfterDays": "P14D"}}}
data = check(session.post(f"{BASE}/security/api-keys/{tag}/reissue", data=json.dumps(body)), 201).json()["data"]
check(with_key.get(f"https://{HOST}:{PORT}/verify"), 401)
with_key.headers["Authorization"] = data["attributes"]["apiKey"]
check(with_key.get(f"https://{HOST}:{PORT}/verify"), 204)
# A key may log out; it lives on.
check(with_key.post(BASE + "/logout"), 200)
check(with_key.get(f"https://{HOST}:{PORT}/verify"), 204)

check(session.delete(f"{BASE}/security/api-keys/{data['id']}", data="null"), 204)
check(with_key.get(f"https://{HOST}:{PORT}/verify"), 401)
check(session.post(BASE + "/logout", data="null"), 200)
check(session.get(BASE + "/security/api-keys"), 401)
print("all is well")
