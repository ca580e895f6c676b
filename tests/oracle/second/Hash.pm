# SPDX-License-Identifier: Apache-2.0
# The two hashes that answers depend on, from their specifications: murmur2 as Kafka's Java client has it (which
# partition a key belongs to), and XXH3 of 64 bits for texts of 17 to 128 bytes (the id of an alert).
package Hash;
use strict;
use warnings;
no warnings 'portable';

sub murmur2 {
    my ($key) = @_;
    my $h = 0x9747b28c ^ length $key;
    my $whole = length($key) & ~3;
    for my $k (unpack 'V*', substr $key, 0, $whole) {
        $k = ($k * 0x5bd1e995) & 0xffffffff;
        $k ^= $k >> 24;
        $k = ($k * 0x5bd1e995) & 0xffffffff;
        $h = (($h * 0x5bd1e995) & 0xffffffff) ^ $k;
    }
    if (length $key > $whole) {
        my $rest = substr $key, $whole;
        $h ^= unpack 'V', $rest . "\0" x (4 - length $rest);
        $h = ($h * 0x5bd1e995) & 0xffffffff;
    }
    $h ^= $h >> 13;
    $h = ($h * 0x5bd1e995) & 0xffffffff;
    return $h ^ $h >> 15;
}

sub partition_of { my ($key, $partitions) = @_; return (murmur2($key) & 0x7fffffff) % $partitions }

# Perl's sums and products of 64 bits leave the integers when they overflow; under `integer` they wrap, as signed ones.
sub plus { use integer; my $sum = $_[0] + $_[1]; no integer; return $sum & ~0 }
sub product { use integer; my $p = $_[0] * $_[1]; no integer; return $p & ~0 }

# The product's 128 bits, its halves xored.
sub fold {
    my ($x, $y) = @_;
    my ($xl, $xh, $yl, $yh) = ($x & 0xffffffff, $x >> 32, $y & 0xffffffff, $y >> 32);
    my ($ll, $lh, $hl) = ($xl * $yl, $xl * $yh, $xh * $yl);
    my $middle = ($ll >> 32) + ($lh & 0xffffffff) + ($hl & 0xffffffff);
    my $high = plus(plus($xh * $yh, $lh >> 32), plus($hl >> 32, $middle >> 32));
    return $high ^ (($middle & 0xffffffff) << 32 | $ll & 0xffffffff);
}

# The first 128 bytes of the secret.
my @secret = unpack 'Q<*', pack 'H*',
    'b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671f'
  . 'cb79e64eccc0e578825ad07dccff7221b8084674f743248ee03590e6813a264c'
  . '3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8'
  . 'a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364';

sub xxh3 {
    my ($text) = @_;
    my $n = length $text;
    die "xxh3: $n bytes\n" if $n < 17 || $n > 128;
    my $h = product($n, 0x9E3779B185EBCA87);
    for (my $i = int(($n - 1) / 32); $i >= 0; $i--) { # pairs of 16 bytes, from the middle outwards
        for my $end (0, 1) {
            my ($low, $high) = unpack 'Q<2', substr $text, $end ? $n - 16 * ($i + 1) : 16 * $i, 16;
            my $at = 4 * $i + 2 * $end;
            $h = plus($h, fold($low ^ $secret[$at], $high ^ $secret[$at + 1]));
        }
    }
    $h ^= $h >> 37;
    $h = product($h, 0x165667919E3779F9);
    return $h ^ $h >> 32;
}

1;
