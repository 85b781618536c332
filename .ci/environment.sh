# Sourced by ./demo and ./test: a virtual environment with this package in it.
# HEXI_VENV names another folder than .venv.

venv="${HEXI_VENV:-.venv}"

say() { printf '%s\n' "$*" >&2; }

stop() {
    say "$@"
    exit 1
}

# run a command as root: 1 if there is no way to
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
        sudo "$@"
    else
        return 1
    fi
}

# install Debian packages: 1 if this is no Debian, or they cannot be had
apt_install() {
    command -v apt-get >/dev/null || return 1
    say "Installing Debian packages: $*"
    as_root apt-get update -qq &&
        as_root env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# print the first Python that is new enough
find_python() {
    local name
    for name in python3 python3.14 python3.13 python3.12 python3.11 python; do
        if command -v "$name" >/dev/null &&
            "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            printf '%s\n' "$name"
            return
        fi
    done
    return 1
}

make_venv() {
    local python
    if [ -x "$venv/bin/python" ] && "$venv/bin/python" -c 'import pip' 2>/dev/null; then
        return
    fi
    python="$(find_python)" || { command -v python3 >/dev/null || apt_install python3 python3-venv; } || true
    python="$(find_python)" || stop \
        "hexi_solar needs Python 3.11 or newer; found: $(python3 --version 2>&1 || echo none)." \
        "Install it (Debian 12, Ubuntu 24.04 or newer: apt-get install python3 python3-venv) and try again."
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        apt_install python3-venv || stop \
            "$python cannot make virtual environments: its venv module is missing." \
            "Install it (Debian, Ubuntu: apt-get install python3-venv) and try again."
    fi
    say "Making a virtual environment in $venv with $("$python" --version)"
    "$python" -m venv --clear "$venv"
}

# install this folder, with extras if any; nothing to do if it was done with the same pyproject.toml
install_package() {
    local wanted="${1:-.}" stamp="$venv/installed.txt" state
    state="$wanted $(cksum <pyproject.toml) $PWD"
    if [ -f "$stamp" ] && grep -qxF "$state" "$stamp"; then
        return
    fi
    say "Installing $wanted and what it needs into $venv (a few minutes the first time)"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -e "$wanted" || stop \
        "The packages could not be installed; see pip's message above (a network is needed the first time)."
    printf '%s\n' "$state" >>"$stamp"
}
