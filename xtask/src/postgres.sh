# Runs a PostgreSQL of its own for as long as standard input stays open, so that
# it goes away with whoever started it, however that ends.
# Arguments: the folder of the PostgreSQL programs, the port.
set -eu
bin=$1 port=$2 server=
trap '' HUP INT TERM
dir=$(mktemp -d "${TMPDIR:-/tmp}/latchkey-postgres.XXXXXX")
cd "$dir"

finish() {
    if [ -n "$server" ]; then
        kill -QUIT "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
    cd /
    rm -rf "$dir"
}
trap finish EXIT

fail() {
    cat "$dir/log" >&2
    exit 1
}

"$bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C --no-sync >"$dir/log" 2>&1 || fail
# The data is thrown away: what guards it against a loss of power only costs time.
"$bin/postgres" -D "$dir/data" -p "$port" -k "$dir" -c listen_addresses=127.0.0.1 \
    -c max_connections=300 -c fsync=off -c synchronous_commit=off -c full_page_writes=off \
    </dev/null >>"$dir/log" 2>&1 &
server=$!

tries=0
until "$bin/pg_isready" -q -h 127.0.0.1 -p "$port"; do
    tries=$((tries + 1))
    kill -0 "$server" 2>/dev/null && [ "$tries" -lt 300 ] || fail
    sleep 0.1
done
echo ready
read -r _ || true
