# shellcheck shell=bash disable=SC2034,SC2016 # what is set here is used by the tests
# What the integration tests of whole pipelines share: a broker, a Redis, haul's processes. Sourced at the top of a test:
#     . tests/integration/lib.sh; begin
# Everything lies in $dir, which goes at the end, with what was started there. Every wait has a limit.
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 2
top=$PWD
variant=${VARIANT:-asan}
[ -x "build/$variant/haul" ] || variant=release
haul=${HAUL:-$top/build/$variant/haul}
tools=$top/build/$variant/tests/tools
# A process that is killed in the middle leaves nothing to search for leaks; those that end well are searched by the unit tests.
export ASAN_OPTIONS=detect_leaks=0:abort_on_error=1
n=0 failures=0 early=0 dir='' brokers='' socket=''
kafka_set=() # further arguments of the broker
servers=''   # more folders with a Redis in them
declare -A pids=()

verdict() { # STATUS NAME: tells what $dir/err says when it failed
    n=$((n + 1))
    if [ "$1" -eq 0 ]; then echo "ok $n - $2"; return 0; fi
    failures=$((failures + 1))
    echo "not ok $n - $2"
    tail -n 12 "$dir/err" 2>/dev/null | sed 's/^/# /'
    return 1
}

# The end of the test: whatever was started ends, by its number.
finish() {
    local name
    for name in "${!pids[@]}"; do kill -CONT "${pids[$name]}" 2>/dev/null; kill -KILL "${pids[$name]}" 2>/dev/null; done
    wait 2>/dev/null
    deploy/local/kafka stop --dir "$dir/servers" >/dev/null 2>&1
    for name in "$dir/servers" $servers; do deploy/local/redis stop --dir "$name" >/dev/null 2>&1; done
    if [ -n "${KEEP:-}" ]; then echo "# kept: $dir"; else rm -rf "$dir"; fi
}

start_broker() { brokers=$(deploy/local/kafka start --dir "$dir/servers" "${kafka_set[@]}" 2>"$dir/err"); }

# A proxy NAME in front of a server: its port is ${proxies[NAME]}; `tell NAME COMMAND` (tests/tools/proxy.c).
declare -A proxies=() controls=()
proxy() { # NAME [ADDRESS]
    local name=$1; shift
    "$tools/proxy" "$dir/$name.ports" "$@" >>"$dir/$name.log" 2>&1 </dev/null &
    pids["proxy-$name"]=$!
    until_true 10 test -s "$dir/$name.ports" && read -r "proxies[$name]" "controls[$name]" <"$dir/$name.ports"
}
tell() { # NAME COMMAND: prints what it has passed, cut, and holds
    local answer
    answer=$(timeout 10 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$0" && echo "$1" >&3 && head -n 1 <&3' "${controls[$1]}" "$2") &&
        [ -n "$answer" ] && echo "${answer#ok }"
}

begin() {
    [ -n "$dir" ] || dir=$(mktemp -d) || exit 2
    trap finish EXIT
    trap 'exit 1' INT TERM
    mkdir -p "$dir/servers"
    : >"$dir/err"
    start_broker; verdict $? "the broker runs" || exit 1
    deploy/local/redis start --dir "$dir/servers" "$@" >"$dir/out" 2>"$dir/err"
    verdict $? "Redis runs" || exit 1
    socket=$dir/servers/redis.sock
}
done_testing() { echo "1..$n"; [ "$failures" -eq 0 ]; exit $?; }

redis() { timeout 20 redis-cli -s "$socket" --raw "$@"; }

# write_config NAME INSTANCE [LINE]...: $dir/NAME.yaml; each further LINE is "section: {…}" or "section.key: value" of
# the section engine, kafka, fleet or desk.
write_config() {
    local name=$1 instance=$2 section line; shift 2
    for section in engine kafka redis fleet desk; do
        echo "$section:"
        case $section in
        engine) printf '  %s\n' "instance: $instance" "processors: [fleet, desk]" "start: earliest" "admin: {port: 0}" ;;
        kafka) printf '  %s\n' "brokers: $brokers" "session_timeout: ${session:-3s}" ;;
        redis) echo "  ${redis_at:-socket: $socket}" ;;
        fleet) echo "  keep: 30d" ;;
        desk) echo "  keep: 30d" ;;
        esac
        for line in "$@"; do
            case $line in "$section".*) echo "  ${line#*.}" ;; esac
        done
    done >"$dir/$name.yaml"
    timeout 20 "$haul" check "$dir/$name.yaml" >"$dir/out" 2>"$dir/err" || { verdict 1 "the configuration $name is right"; exit 1; }
}

topics() { timeout 60 "$haul" topics create -c "$dir/$1.yaml" >"$dir/out" 2>"$dir/err"; } # CONFIG

# until_true SECONDS COMMAND...: asks ten times a second
until_true() {
    local ticks=$(($1 * 10)); shift
    while [ "$ticks" -gt 0 ]; do
        "$@" && return 0
        sleep 0.1
        ticks=$((ticks - 1))
    done
    echo "in vain: $*" >>"$dir/err"
    return 1
}

# The process is no child of this shell, which would otherwise tell of each that is killed.
launch() { # NAME CONFIG [ARGUMENT]...: haul run in the background; its log is $dir/NAME.log, added to
    local name=$1 config=$2; shift 2
    rm -f "$dir/$name.port"
    read -r "pids[$name]" < <(
        "$haul" run -c "$dir/$config.yaml" --admin-port-file "$dir/$name.port" "$@" >>"$dir/$name.log" 2>&1 </dev/null &
        echo $!
    )
}
alive() { ! ended "${pids[$1]}"; } # NAME
# http NAME PATH: what haul answers, without its head; nothing when it does not
http() {
    local port
    port=$(cat "$dir/$1.port" 2>/dev/null)
    [ -n "$port" ] || return 1
    timeout 5 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$0" || exit 1
        printf "GET %s HTTP/1.0\r\n\r\n" "$1" >&3; cat <&3' "$port" "$2" 2>/dev/null | sed '1,/^\r$/d'
}
ready() { [ "$(http "$1" /readyz)" = ready ]; } # NAME
# caught_up NAME TASKS RECORDS: so many tasks run, the fleet has taken so many records, and none has more than some ticks
# before it
caught_up() {
    http "$1" /status | sed 's/},{/},\n{/g' | awk -v want="$2" -v records="$3" '
        function number(name) { return match($0, "\"" name "\":[0-9]+") ? substr($0, RSTART + length(name) + 3) + 0 : 0 }
        /"state":"running"/ { tasks++ }
        /"processor":"fleet"/ { taken += number("records") }
        { if (number("lag_messages") > 40) behind++ }
        END { exit !(tasks >= want && taken >= records && behind == 0) }'
}
ended() { # PID: gone, or dead and not yet waited for (in a container nobody may wait)
    local state
    state=$(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null)
    [ -z "$state" ] || [ "${state%% *}" = Z ]
}
stop() { # NAME [SECONDS]: a clean end; 0 when it was one, which the last line of its log says
    local pid=${pids[$1]}
    kill -TERM "$pid" 2>/dev/null
    until_true "${2:-40}" ended "$pid" || kill -KILL "$pid" 2>/dev/null
    unset "pids[$1]"
    tail -n 1 "$dir/$1.log" | grep -q ' stopped *cleanly$'
}
murder() { # NAME: -9, now
    local pid=${pids[$1]}
    kill -KILL "$pid" 2>/dev/null
    unset "pids[$1]"
    until_true 10 ended "$pid"
}

record() { timeout 60 "$haul" record fleet desk --until-end -c "$dir/$1.yaml" --out "$2" >"$dir/out" 2>"$dir/err"; } # CONFIG FILE
replay() { # CONFIG FILE: the recording as the source, up to its end
    timeout -k 5 "${REPLAY_SECONDS:-120}" "$haul" run -c "$dir/$1.yaml" --replay "$2" >"$dir/err" 2>&1 </dev/null &&
        ! grep -q task_stopped "$dir/err"
}
dump() { timeout 60 "$haul" dump -c "$dir/$1.yaml" >"$2" 2>"$dir/err" && [ -s "$2" ]; } # CONFIG FILE

# A few hours of a faulty province, sent as fast as it goes: it began yesterday at 08:00 in Jiangxi, so every run is the
# same. A vehicle's clock is compared with the arrival, so that one rule is tested elsewhere.
scenario() { # writes $dir/scenario.yaml
    sed -e "s|\.\./networks|$top/config/networks|" -e 's/wrong_clock: {rate: [0-9.]*}/wrong_clock: {rate: 0}/' \
        config/scenarios/faults.yaml >"$dir/scenario.yaml"
    began=$(date -u -d 'yesterday 00:00' +%Y-%m-%dT%H:%M:%SZ)
}
simulate() { # CONFIG VEHICLES MINUTES [ARGUMENT]...: the truth goes to $dir/truth
    local config=$1 vehicles=$2 minutes=$3; shift 3
    ended_at=$(date -u -d "$began + $minutes minutes" +%Y-%m-%dT%H:%M:%SZ)
    # Before a partition has a time of its own, arrival stands for it: a record in each gives it one.
    for ((early = 0; early < 24; early++)); do
        printf '{"kind":"vehicle_position","id":"EARLY%d","time":"%s","lon":115.9,"lat":28.6,"speed_kmh":0,"status":2}\n' \
            "$early" "$(date -u -d "$began - 1 minute" +%Y-%m-%dT%H:%M:%SZ)"
    done >"$dir/early"
    timeout 20 "$haul" produce fleet "$dir/early" -c "$dir/$config.yaml" >"$dir/out" 2>"$dir/err" || return 1
    timeout 60 "$haul" simulate "$dir/scenario.yaml" --vehicles "$vehicles" --duration "${minutes}min" --start "$began" \
        --kafka "$brokers" -c "$dir/$config.yaml" --truth "$dir/truth" "$@" >"$dir/out" 2>"$dir/err" || return 1
    sent=$(grep -o 'simulated: [0-9]*' "$dir/err" | cut -d' ' -f2)
    sent=$((sent + early))
}
