# shellcheck shell=bash
# Sourced by the scripts of this folder, which set $program: free ports, waiting with progress, ending only what was
# started here.
program=${program:-local}

say() { echo "$program: $*" >&2; }
die() { say "$@"; exit 1; }

# need COMMAND PACKAGE: ends with the package that helps when the command is missing.
need() { command -v "$1" >/dev/null || die "$1 is missing; 'deploy/local/deps demo' installs it (package $2)"; }

# sockets PORT STATE: true when a socket of this machine, v4 or v6, has the local port and its state matches (0A: listening).
sockets() {
    local hex
    hex=$(printf '%04X' "$1")
    awk -v port=":$hex" -v state="$2" 'substr($2, length($2) - 4) == port && $4 ~ state { found = 1 } END { exit !found }' \
        /proc/net/tcp /proc/net/tcp6 2>/dev/null
}
port_taken() { sockets "$1" .; }
# A port that was ours may still have connections that wait to be forgotten: a server can listen there all the same.
port_listening() { sockets "$1" 0A; }

# Prints N different free ports. They lie below the ephemeral range, so no outgoing connection takes one in between;
# another server may, and so callers start again with others when binding fails.
free_ports() {
    local want=$1 port found=' '
    while [ "$want" -gt 0 ]; do
        port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
        case $found in *" $port "*) continue ;; esac
        if port_taken "$port"; then continue; fi
        found+="$port "
        want=$((want - 1))
    done
    echo "$found"
}

# True when the process of the pid file runs and its command line holds the text given: a pid that was given to another
# process since, or a stale file, is not ours.
running() {
    local file=$1 text=$2 pid
    [ -r "$file" ] || return 1
    pid=$(cat "$file" 2>/dev/null)
    [ -n "$pid" ] && [ -r "/proc/$pid/cmdline" ] || return 1
    tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF -- "$text"
}

# Ends the process of the pid file when it is ours: TERM, and KILL after the seconds given. Removes the file.
end_process() {
    local file=$1 text=$2 seconds=$3 pid ticks
    if ! running "$file" "$text"; then
        rm -f "$file"
        return 1
    fi
    pid=$(cat "$file")
    kill -TERM "$pid" 2>/dev/null
    for ((ticks = 0; ticks < seconds * 10; ticks++)); do
        running "$file" "$text" || break
        [ "$ticks" -ne 20 ] || say "waiting for process $pid to end"
        sleep 0.1
    done
    if running "$file" "$text"; then kill -KILL "$pid" 2>/dev/null; fi
    rm -f "$file"
}

# progress TEXT PID: says TEXT after two seconds, and every ten seconds how long it has lasted, until PID ends.
# Returns PID's status.
progress() {
    local text=$1 pid=$2 ticks=0
    while kill -0 "$pid" 2>/dev/null; do
        sleep 0.1
        ticks=$((ticks + 1))
        if [ "$ticks" -eq 20 ]; then say "$text"; elif [ $((ticks % 100)) -eq 0 ]; then say "$text: $((ticks / 10)) s"; fi
    done
    wait "$pid"
}

# The path given, from the root.
absolute() { case $1 in /*) echo "$1" ;; *) echo "$PWD/$1" ;; esac; }
