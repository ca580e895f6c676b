#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# What the second oracle's test sends to the template mailbox, as `haul produce` reads it: readings of things over two
# hours up to END, in every form that msgpack has for them, good, late, out of order, twice, in packs, by the wrong key;
# and what can be wrong with a record, and with a message.
#     input.pl SEED MESSAGES END_MS PARTITIONS [FILE]…    each FILE is a message, sent behind the others
use strict;
use warnings;
use File::Basename;
use List::Util;
use lib dirname(__FILE__);
use Hash;
use Record;

@ARGV >= 4 or die "usage: input.pl SEED MESSAGES END_MS PARTITIONS [FILE]…\n";
my ($seed, $messages, $end, $partitions, @files) = @ARGV;
srand $seed;

sub chance { return rand() < $_[0] }
sub one_of { return $_[rand @_] }

sub base64 {
    my ($bytes) = @_;
    my $out = '';
    while ($bytes =~ /(.{1,45})/gs) { my $line = substr pack('u', $1), 1; chomp $line; $out .= $line }
    $out =~ tr|` -_|AA-Za-z0-9+/|;
    my $fill = (3 - length($bytes) % 3) % 3;
    return $fill ? substr($out, 0, -$fill) . '=' x $fill : $out;
}

sub send_bytes {
    my ($key, $bytes) = @_;
    printf qq({"key":"%s","bytes":%s}\n), $key, defined $bytes ? '"' . base64($bytes) . '"' : 'null';
}

# ---- a value in one of the forms that say the same ----
sub integer {
    my ($v) = @_;
    return Record::pack_int($v) if chance(0.8);
    return pack 'Cq>', 0xd3, $v if chance(0.5);
    return abs $v < 2**53 ? pack 'Cd>', 0xcb, $v : Record::pack_int($v);
}
sub number {
    my ($v) = @_;
    return pack 'Cf>', 0xca, $v if chance(0.1);
    return $v == int $v && chance(0.5) ? integer($v) : Record::pack_real($v);
}
sub text { my ($s) = @_; return chance(0.9) ? Record::pack_str($s) : pack('CN', 0xdb, length $s) . $s }
sub moment {
    my ($ms) = @_;
    return integer($ms) if $ms < 0 || chance(0.8);
    my ($s, $nano) = (int($ms / 1000), $ms % 1000 * 1000000 + int rand 1000000);
    return chance(0.5) && $s < 2**34 ? pack 'CcQ>', 0xd7, -1, $nano << 34 | $s : pack 'CCcNq>', 0xc7, 12, -1, $nano, $s;
}
sub anything {
    my ($depth) = @_;
    my $which = int rand($depth > 0 ? 9 : 7);
    return pack 'C', one_of(0xc0, 0xc2, 0xc3) if $which == 0;
    return Record::pack_bin('x' x int rand 40) if $which == 1;
    return pack 'CCca*', 0xc7, 3, 1, 'abc' if $which == 2;
    return text('some text') if $which == 3;
    return number(rand 100) if $which < 7;
    my $n = int rand 4;
    return join '', Record::pack_array($n), map { anything($depth - 1) } 1 .. $n if $which == 7;
    return join '', Record::pack_map($n), map { anything(0) . anything($depth - 1) } 1 .. $n;
}

# ---- a record: pairs of key and value, of which the keys may be names, in any order ----
my %name = (0 => 'v', 1 => 'kind', 2 => 'id', 3 => 'time', 4 => 'source', 5 => 'lon', 6 => 'lat', 7 => 'crs',
    16 => 'value', 17 => 'between');
sub key { # a reference is a key's bytes
    my ($key) = @_;
    return $$key if ref $key;
    return chance(0.1) && $name{$key} ? text($name{$key}) : Record::pack_int($key);
}
sub map_of {
    my (@pairs) = @_;
    @pairs = List::Util::shuffle(@pairs) if chance(0.1);
    my $n = @pairs;
    my $head = chance(0.95) ? Record::pack_map($n) : chance(0.5) ? pack 'Cn', 0xde, $n : pack 'CN', 0xdf, $n;
    return join '', $head, map { key($_->[0]) . $_->[1] } @pairs;
}

sub reading {
    my ($id, $time, $value) = @_;
    my $kind = chance(0.9) ? integer(240) : text('template_reading');
    my @pairs = ([1, $kind], [2, text($id)], [3, moment($time)], [16, number($value)]);
    push @pairs, [0, integer(one_of(1, 1, 1, 2, 300))] if chance(0.7);
    push @pairs, [4, text(one_of('', 'gateway-7', '网关'))] if chance(0.3);
    push @pairs, [5, number(115.5)], [6, number(28)] if chance(0.2);
    push @pairs, [7, integer(one_of(0, 0, 0, 3, 3, 3, 4))] if chance(0.2);
    push @pairs, [17, join '', Record::pack_array(3), map { number(rand 90) } 1 .. 3] if chance(0.1);
    push @pairs, [one_of(\text('colour'), 9, 80, 4000), anything(3)] if chance(0.1);
    return map_of(@pairs);
}

# One thing about it is wrong.
sub wrong_reading {
    my ($id, $time, $value) = @_;
    my %p = (1 => integer(240), 2 => text($id), 3 => moment($time), 16 => number($value));
    my @more;
    my @ways = (
        sub { $p{16} = Record::pack_real(one_of(9**9**9, -9**9**9, -sin 9**9**9)) },
        sub { $p{16} = number(one_of(1.1e9, -1e12)) },
        sub { $p{16} = one_of(text('12'), "\xc0", "\xc3", Record::pack_array(0)) },
        sub { $p{3} = moment(one_of(0, 4294967295000, 253402300799999)) },
        sub { $p{3} = moment($time + one_of(0.3, 30, 3000) * 86400000) },
        sub { $p{3} = moment($time - one_of(31, 400) * 86400000) },
        sub { $p{3} = one_of("\xc0", text('now'), number(1.5), pack('Cq>', 0xd3, -9223372036854775807)) },
        sub { $p{3} = pack 'CcQ>', 0xd7, -1, 2**63 },
        sub { $p{2} = one_of(text(''), text('x' x 65), text("A\n1"), text("A\xc2\x85")) },
        sub { $p{2} = one_of(text("\xb8\xd3"), Record::pack_bin('A1'), integer(7)) },
        sub { $p{1} = one_of(map { integer($_) } 16, 17, 200, 0, 199, 256) },
        sub { $p{1} = one_of(text('thing'), number(1.5)) },
        sub { delete $p{ one_of(keys %p) } },
        sub { push @more, [one_of(2, 3, 16), number(5)] },
        sub { push @more, [7, integer(one_of(5, -1))] },
        sub { push @more, [5, number(one_of(10, 181))] },
        sub { push @more, [0, integer(one_of(0, -3, 2**32))] },
        sub { push @more, [17, Record::pack_array(65) . "\x01" x 65] },
        sub { push @more, [\one_of("\xc0", number(0.5), "\xff", "\xc1"), "\x01"] },
        sub { push @more, [90, "\x91" x one_of(7, 8, 1000) . "\xc0"] },
        sub { push @more, [90, pack 'CNa9', one_of(0xdb, 0xdd, 0xdf), 2**32 - 1, ''] },
    );
    one_of(@ways)->();
    return map_of((map { [$_, $p{$_}] } sort keys %p), @more);
}

# Bytes of a good message, changed, cut, or with something behind them.
sub mutilate {
    my ($bytes) = @_;
    my $at = int rand length $bytes;
    return one_of(
        sub { substr($bytes, $at, 1) = chr int rand 256; $bytes },
        sub { substr $bytes, 0, $at },
        sub { $bytes . chr int rand 256 },
        sub { substr($bytes, $at, 0) = chr int rand 256; $bytes },
        sub { substr($bytes, $at, 1) = ''; $bytes },
        sub { join '', map { chr int rand 256 } 0 .. rand 90 },
        sub { Record::pack_array(257) . "\x80" x 257 },
        sub { pack('Cn', 0xdc, 200) . $bytes },
        sub { "\x90" },
        sub { "\xc0" x 65537 },
    )->();
}

# The oracle can tell what is to become of it, and it is no control record but a tick or a clock.
sub covered {
    my ($bytes) = @_;
    my @parts = eval { Record::message($bytes) };
    return 0 if $@;
    for my $r (grep { defined } map { $_->{record} } @parts) {
        return 0 if $r->{kind} < 16 && $r->{kind} != 2 && $r->{kind} != 3;
        return 0 if defined $r->{lon} && ($r->{crs} == 1 || $r->{crs} == 2);
    }
    return 1;
}

# ---- the stream ----
my @things = ((map { "T$_" } 1 .. 36), '赣A12345', 'thing "7" \\', 'x' x 64);
my (%value, $last, $last_key);
my $span = 7200000;
my $early = $end - $span - 1000;
for my $k (map { "EARLY$_" } 1 .. 5 * $partitions) { # a time for each partition before arrival is one
    send_bytes($k, map_of([1, integer(240)], [2, text($k)], [3, integer($early)], [16, integer(1)]));
}
for my $i (1 .. $messages) {
    my $now = $early + int $span * $i / $messages;
    my $next = sub { # of a third of the things at a time, and now and then a stranger
        my $third = int($i / 600) * @things / 3;
        my $id = chance(0.04) ? 'R' . int rand 500 : $things[(rand(@things / 3) + $third) % @things];
        $value{$id} = chance(0.02) ? 120 : ($value{$id} // 45) + rand(12) - 6;
        $value{$id} = 45 if $value{$id} < 30 || $value{$id} > 65 && chance(0.3);
        my $lag = chance(0.7) ? 0 : chance(0.9) ? int rand 8000 : int rand 900000;
        return ($id, $now - $lag, one_of(1, 1, 0, -1) < 1 ? int $value{$id} : $value{$id});
    };
    my ($id, $time, $value) = $next->();
    my $bytes = chance(0.04) ? wrong_reading($id, $time, $value) : reading($id, $time, $value);
    if (chance(0.1)) {
        my $n = 2 + int rand 5;
        $bytes = Record::pack_array($n) . $bytes;
        for (2 .. $n) { my @r = $next->(); $bytes .= chance(0.05) ? wrong_reading(@r) : reading(@r) }
    }
    $bytes = mutilate($bytes) if chance(0.04);
    next if !covered($bytes);
    my $key = chance(0.05) ? 'K' . int rand 100 : $id;
    $key =~ s/(["\\])/\\$1/g;
    ($key, $bytes) = ($last_key, $last) if $i > 1 && chance(0.02);
    send_bytes($key, $bytes);
    ($last_key, $last) = ($key, $bytes);
}
send_bytes('tombstone', undef);
for my $path (@files) {
    open my $in, '<:raw', $path or die "$path: $!\n";
    my $bytes = do { local $/; <$in> } // '';
    send_bytes(basename($path), $bytes) if covered($bytes) && length $bytes < 200000;
}
