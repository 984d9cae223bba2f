#!/bin/sh
# test/fresh.sh [--user] [--alone] [test] [demo]: what a newcomer does, on a bare Debian 12 of its own.
#
# Makes a minimal Debian in a folder (debootstrap, the mirror this machine uses), follows the README
# there: install line, clone, `make test`, `make demo` answering at its addresses, stop; then both
# again. Standard input is closed, so a question is a failure; at the end nothing may be left running.
# With --user all of it is done by an ordinary user who has sudo; with --alone the demo has a network of
# its own, for machines where somebody else holds its ports: installing and building, which need the
# real one, are then done before it. Needs root. Without words: both.
set -eu

here=$(cd "$(dirname "$0")/.." && pwd)
user=root
alone=
steps=
for word; do
    case $word in
    --user) user=newcomer ;;
    --alone) alone=yes ;;
    test | demo) steps="$steps $word" ;;
    *) sed -n '2,11s/^# \{0,1\}//p' "$0"; exit 2 ;;
    esac
done
[ -n "$steps" ] || steps='test demo'
[ "$(id -u)" = 0 ] || { echo 'fresh: needs root, for chroot' >&2; exit 2; }

release=bookworm
folder=$(mktemp -d "${TMPDIR:-/var/tmp}/torimori-fresh.XXXXXX")
root=$folder/root
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
    for mount in dev/shm dev/pts dev proc; do
        ! mountpoint -q "$root/$mount" || umount -l "$root/$mount"
    done
    [ -n "${FRESH_KEEP:-}" ] || rm -rf --one-file-system "$folder"
}
trap leave EXIT
trap 'exit 130' INT TERM

# Lines `URI suite` of the package sources of this machine, as far as they are this release's.
sources()
{
    apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' |
        grep " $release" | sort -u
}

# In the new system, with a bare environment and nothing to answer from.
there()
{
    chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME="$home" LANG=C.UTF-8 \
        ${NODE_EXTRA_CA_CERTS:+NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt} \
        setpriv --reuid "$1" --regid "$1" --init-groups sh -euc "$2" </dev/null
}

make_system()
{
    mirror=$(sources | sed -n "s/ $release\$//p" | grep -v security | head -n 1)
    [ -n "$mirror" ] || die 'this machine has no package source of this release'
    debootstrap --variant=minbase "$release" "$root" "$mirror" >"$folder/debootstrap.log" 2>&1 ||
        die "debootstrap: $(tail -n 3 "$folder/debootstrap.log")"
    sources | sed 's/.*/deb & main/' >"$root/etc/apt/sources.list"
    cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
    # What this machine trusts to reach the mirrors and npm, the new one has to trust too.
    mkdir -p "$root/usr/local/share/ca-certificates"
    cp -r /usr/local/share/ca-certificates/. "$root/usr/local/share/ca-certificates/"
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev" 2>/dev/null || mount --bind /dev "$root/dev"
    mount --make-rslave "$root/dev"
    for missing in git make python3 curl sudo node; do
        ! chroot "$root" sh -c "command -v $missing" >/dev/null || die "$missing is there: not a bare system"
    done
}

make_user()
{
    home=/root
    [ "$user" = root ] && return
    home=/home/$user
    there root 'apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install sudo' \
        >"$folder/sudo.log" 2>&1
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

run_test()
{
    there "$user" 'cd ~/torimori && CI=true make test' >"$folder/test-$1.log" 2>&1 || {
        tail -n 60 "$folder/test-$1.log"
        die "make test, round $1"
    }
    say "make test, round $1: $(tail -n 1 "$folder/test-$1.log")"
}

# The new system shares this machine's network, so an answer must not come from somebody else's demo.
answers()
{
    ${alone:+nsenter -t "$demo" -n} chroot "$root" curl -sf -o /dev/null --max-time 5 "$1" 2>/dev/null
}

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

# Waits until both addresses answer, then stops the demo as Ctrl-C does (a shell would have its
# background processes ignore that).
run_demo()
{
    wait_for_ports
    [ -z "$alone" ] || there "$user" 'cd ~/torimori && make install-demo build' >"$folder/build.log" 2>&1 ||
        die "make build: $(tail -n 5 "$folder/build.log")"
    env --default-signal=INT,QUIT setsid ${alone:+unshare -n sh -c 'ip link set lo up; exec "$@"' sh} chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME="$home" LANG=C.UTF-8 \
        setpriv --reuid "$user" --regid "$user" --init-groups sh -c 'cd ~/torimori && exec make demo' \
        </dev/null >"$folder/demo-$1.log" 2>&1 &
    demo=$!
    for url in http://torimori.localhost:8080/ http://mihon.localhost:8081/; do
        until answers "$url"; do
            kill -0 "$demo" 2>/dev/null || { tail -n 40 "$folder/demo-$1.log"; die "make demo, round $1, ended"; }
            [ $(($(date +%s) - began)) -lt "${FRESH_SECONDS:-7200}" ] || die "make demo, round $1: $url is silent"
            sleep 2
        done
        say "make demo, round $1: $url answers"
    done
    env kill -s INT -- "-$demo"
    for _ in $(seq 30); do
        [ -n "$(inside)" ] || break
        sleep 1
    done
    wait "$demo" || :
}

nothing_left()
{
    left=$(inside)
    [ -z "$left" ] || {
        for process in $left; do tr '\0' ' ' <"/proc/$process/cmdline"; echo; done
        die "$1 left processes running"
    }
}

make_system
make_user
say 'a bare system is there'
install_line
git -c safe.directory='*' clone -q --bare "$here" "$root/srv/torimori.git"
chroot "$root" chown -R "$user" /srv
there "$user" "git clone -q file:///srv/torimori.git ~/torimori" 2>"$folder/clone.log" ||
    die "clone: $(cat "$folder/clone.log")"
say 'cloned'
for round in 1 2; do
    for step in $steps; do
        "run_$step" "$round"
        nothing_left "make $step, round $round,"
    done
done
say "passed as $user:$steps, twice"
