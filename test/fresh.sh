#!/bin/sh
# test/fresh.sh [--user] [--alone] [test] [demo]: what a newcomer does, on a bare Debian 12 of its own.
#
# Makes a minimal Debian in a folder (debootstrap), follows the README there: install line, clone,
# `make test`, `make demo` answering at its addresses, the thief, stop; then all of it again. Standard
# input is closed, so a question is a failure; the second time nothing may be installed; at the end of
# a step nothing may be left running. Needs root. Without words: both.
#
#   --user   an ordinary user does it, with sudo, in a clone whose path has a space
#   --alone  the demo has a network of its own, for machines where somebody else holds its ports;
#            what needs the real one, installing and building, is then done before it
#
# From outside: FRESH_CACHE, a folder that keeps the bare system and the downloaded packages for the
# next time; FRESH_MIRROR, a package source in place of those of this machine; FRESH_NPM, a registry
# in place of npm's own; FRESH_ROUNDS, 2; FRESH_SECONDS, how long a demo may take to answer; and
# FRESH_KEEP, to look at the system and the logs afterwards.
set -eu

# Whatever ends this script, its mounts end with it.
[ "$(id -u)" = 0 ] || { echo 'fresh: needs root, for chroot' >&2; exit 2; }
[ -n "${FRESH_MOUNTS:-}" ] || exec env FRESH_MOUNTS=own unshare --mount "$0" "$@"

here=$(cd "$(dirname "$0")/.." && pwd)
user=root
alone=
steps=
demo=
for word; do
    case $word in
    --user) user=newcomer ;;
    --alone) alone=yes ;;
    test | demo) steps="$steps $word" ;;
    *) sed -n '2,17s/^# \{0,1\}//p' "$0"; exit 2 ;;
    esac
done
[ -n "$steps" ] || steps=' test demo'

release=bookworm
folder=$(mktemp -d "${TMPDIR:-/var/tmp}/torimori-fresh.XXXXXX")
root=$folder/root
cache=${FRESH_CACHE:-}
home=/root
[ "$user" = root ] || home=/home/$user
clone=$home/torimori
[ "$user" = root ] || clone="$home/my clones/torimori"
began=$(date +%s)

say()
{
    printf 'fresh: %4d s: %s\n' $(($(date +%s) - began)) "$*"
}

die()
{
    say "FAILED: $*"
    exit 1
}

# Processes whose root is the new system: only what was started there.
inside()
{
    for process in /proc/[0-9]*; do
        [ "$(readlink "$process/root" 2>/dev/null)" = "$root" ] && echo "${process#/proc/}"
    done
    return 0
}

leave()
{
    for process in $(inside); do
        kill -9 "$process" 2>/dev/null || :
    done
    sleep 1
    for mount in dev proc; do
        ! mountpoint -q "$root/$mount" || umount -l "$root/$mount"
    done
    [ -z "$cache" ] || cp -u "$root"/var/cache/apt/archives/*.deb "$cache/archives/" 2>/dev/null || :
    [ -n "${FRESH_KEEP:-}" ] || rm -rf --one-file-system "$folder"
}
trap leave EXIT
trap 'exit 130' INT TERM

# Lines `URI suite` of the package sources of this machine, as far as they are this release's.
sources()
{
    [ -z "${FRESH_MIRROR:-}" ] || { echo "$FRESH_MIRROR $release"; return; }
    apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' |
        grep " $release" | sort -u
}

# In the new system, with a bare environment and nothing to answer from; in the demo's network, if it
# has one of its own.
there()
{
    ${alone:+${demo:+nsenter -t "$demo" -n}} chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME="$home" \
        ${NODE_EXTRA_CA_CERTS:+NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt} \
        ${FRESH_NPM:+npm_config_registry="$FRESH_NPM"} \
        setpriv --reuid "$1" --regid "$1" --init-groups sh -euc "$2" </dev/null
}

# What debootstrap makes, from the cache if there is one.
unpack_system()
{
    mkdir -p "$root"
    [ -z "$cache" ] || mkdir -p "$cache/archives"
    [ ! -f "${cache:-/nowhere}/system.tar" ] || { tar -C "$root" -xf "$cache/system.tar"; return; }
    mirror=$(sources | sed -n "s/ $release\$//p" | grep -v security | head -n 1)
    [ -n "$mirror" ] || die 'this machine has no package source of this release'
    debootstrap --variant=minbase "$release" "$root" "$mirror" >"$folder/debootstrap.log" 2>&1 ||
        die "debootstrap: $(tail -n 3 "$folder/debootstrap.log")"
    [ -z "$cache" ] || tar -C "$root" -cf "$cache/system.tar" .
}

make_system()
{
    unpack_system
    [ -z "$cache" ] || cp -u "$cache"/archives/*.deb "$root/var/cache/apt/archives/" 2>/dev/null || :
    sources | sed 's/.*/deb & main/' >"$root/etc/apt/sources.list"
    echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/fresh" # nobody needs this system after a power cut
    cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
    # What this machine trusts to reach the mirrors and npm, the new one has to trust too.
    mkdir -p "$root/usr/local/share/ca-certificates"
    cp -r /usr/local/share/ca-certificates/. "$root/usr/local/share/ca-certificates/"
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    for missing in git make python3 curl sudo node; do
        ! chroot "$root" sh -c "command -v $missing" >/dev/null || die "$missing is there: not a bare system"
    done
}

make_user()
{
    [ "$user" != root ] || return 0
    there root 'apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install sudo' \
        >"$folder/sudo.log" 2>&1 || die "sudo: $(tail -n 3 "$folder/sudo.log")"
    there root "useradd -m $user && echo '$user ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/$user"
}

# The one line of the README that is neither of the two commands.
install_line()
{
    line=$(sed -n 's/^ *\(\(sudo \)\{0,1\}apt-get .*git.*make.*\)$/\1/p' "$here/README.md" | head -n 1)
    [ -n "$line" ] || die 'README.md has no install line'
    [ "$user" != root ] || line=$(echo "$line" | sed 's/sudo //g')
    there "$user" "$line" >"$folder/install.log" 2>&1 || die "$line: $(tail -n 5 "$folder/install.log")"
}

clone_project()
{
    git -c safe.directory='*' clone -q --bare "$here" "$root/srv/torimori.git"
    chroot "$root" chown -R "$user" /srv
    there "$user" "git clone -q file:///srv/torimori.git '$clone'" 2>"$folder/clone.log" ||
        die "clone: $(cat "$folder/clone.log")"
}

run_test()
{
    there "$user" "cd '$clone' && make test" >"$folder/test-$1.log" 2>&1 || {
        tail -n 60 "$folder/test-$1.log"
        die "make test, round $1"
    }
    say "make test, round $1: $(tail -n 1 "$folder/test-$1.log")"
}

answers()
{
    there "$user" "curl -sf -o /dev/null --max-time 5 $1"
}

# The new system shares this machine's network, so an answer must not come from somebody else's demo.
wait_for_ports()
{
    [ -z "$alone" ] || return 0
    for _ in $(seq 120); do
        # 8080 … 8082 in state LISTEN
        grep -qE ':1F9[0-2] [0-9A-F:]+ 0A ' /proc/net/tcp /proc/net/tcp6 || return 0
        sleep 5
    done
    die 'somebody else listens on the ports of the demo'
}

# wait_demo ROUND WHAT COMMAND...: until the command succeeds, as long as the demo runs.
wait_demo()
{
    round_of=$1 what=$2
    shift 2
    until "$@"; do
        kill -0 "$demo" 2>/dev/null || {
            tail -n 40 "$folder/demo-$round_of.log"
            die "make demo, round $round_of, ended"
        }
        [ $(($(date +%s) - began)) -lt "${FRESH_SECONDS:-7200}" ] || die "make demo, round $round_of: no $what"
        sleep 2
    done
    say "make demo, round $round_of: $what"
}

# Waits until both addresses answer and all is said, lets the thief try, then stops the demo as Ctrl-C
# does (a shell would have its background processes ignore that).
run_demo()
{
    wait_for_ports
    [ -z "$alone" ] || there "$user" "cd '$clone' && make install-demo build" >"$folder/build.log" 2>&1 ||
        die "make build: $(tail -n 5 "$folder/build.log")"
    env --default-signal=INT,QUIT setsid ${alone:+unshare -n sh -c 'ip link set lo up; exec "$@"' sh} \
        chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME="$home" \
        setpriv --reuid "$user" --regid "$user" --init-groups sh -c "cd '$clone' && exec make demo" \
        </dev/null >"$folder/demo-$1.log" 2>&1 &
    demo=$!
    wait_demo "$1" 'the tour is printed' grep -q 'Ctrl-C' "$folder/demo-$1.log"
    for url in http://torimori.localhost:8080/ http://mihon.localhost:8081/; do
        wait_demo "$1" "$url answers" answers "$url"
    done
    there "$user" "cd '$clone' && examples/broker/thief" >"$folder/thief-$1.log" 2>&1 || {
        tail -n 40 "$folder/thief-$1.log"
        die "the thief, round $1"
    }
    say "the thief, round $1:$(tail -n 1 "$folder/thief-$1.log")"
    env kill -s INT -- "-$demo"
    for _ in $(seq 30); do
        [ -n "$(inside)" ] || break
        sleep 1
    done
    wait "$demo" || :
    demo=
}

nothing_left()
{
    left=$(inside)
    [ -z "$left" ] || {
        for process in $left; do tr '\0' ' ' <"/proc/$process/cmdline"; echo; done
        die "$1 left processes running"
    }
}

# Whether a round after the first has fetched or installed anything.
nothing_installed()
{
    for place in var/lib/dpkg/status var/lib/apt/lists "$clone/node_modules/.torimori-lock"; do
        [ ! "$root/$place" -nt "$folder/$1" ] || die "$2 has changed $place"
    done
}

make_system
make_user
say 'a bare system is there'
install_line
clone_project
say 'cloned'
for round in $(seq "${FRESH_ROUNDS:-2}"); do
    touch "$folder/round-$round"
    for step in $steps; do
        "run_$step" "$round"
        nothing_left "make $step, round $round,"
        [ "$round" = 1 ] || nothing_installed "round-$round" "make $step, round $round,"
    done
done
say "passed as $user:$steps, ${FRESH_ROUNDS:-2} times"
