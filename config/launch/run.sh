# Sourced by the commands in bin/: find a Python, make .venv from a lock, run a module in it.
cd -- "$(dirname -- "$0")/.." || exit 1

run() {
    for python in python3 python3.14 python3.13 python3.12 python3.11; do
        if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            exec "$python" config/launch/bootstrap.py "$@"
        fi
    done
    echo "Stillwater needs Python 3.11 or newer and found none; on Debian: apt install python3 python3-venv" >&2
    exit 1
}
