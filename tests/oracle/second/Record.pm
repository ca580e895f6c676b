# SPDX-License-Identifier: Apache-2.0
# Records as msgpack, read and written from the msgpack specification and from what include/haul/record.h and
# records.def say of them. A refusal is a die with { reason, field }.
package Record;
use strict;
use warnings;
no warnings 'portable';

use constant { NEVER_LESS => -9223372036854775807, NEVER_MORE => 9223372036854775807 };
use constant { RECORD_MAX => 65536, TIME_LOW => -62167219200000, TIME_HIGH => 253402300799999 };

# ---- what there is: kind => [name, lon and lat required, [number, name, type, low, high, required] …] ----
our %kind = (
    1 => ['options', 0, [16, 'version', 'int', 1, 4294967295, 1], [17, 'hash', 'text', 32, 32, 1],
        [18, 'what', 'text', 1, 32, 1]],
    2 => ['tick', 0],
    3 => ['clock', 0, [16, 'watermark', 'int', NEVER_LESS, NEVER_MORE, 1], [17, 'through', 'int', 0, NEVER_MORE, 1],
        [18, 'gone', 'bool', 0, 1, 0]],
    4 => ['answer', 0, [16, 'version', 'int', 1, 4294967295, 1]],
    5 => ['repaint', 0],
    16 => ['vehicle_position', 1, [16, 'speed_kmh', 'real', 0, 400, 0], [17, 'heading_deg', 'real', 0, 360, 0],
        [18, 'altitude_m', 'real', -500, 9000, 0], [19, 'status', 'int', 0, 4294967295, 0],
        [20, 'alarm', 'int', 0, 4294967295, 0], [21, 'mileage_km', 'real', 0, 10000000, 0],
        [22, 'fuel_l', 'real', 0, 10000, 0], [23, 'satellites', 'int', 0, 255, 0],
        [24, 'serial', 'int', 0, 4294967295, 0], [25, 'plate', 'text', 0, 24, 0], [26, 'driver', 'text', 0, 64, 0],
        [27, 'group', 'text', 0, 32, 0], [28, 'accel_mps2', 'real', -100, 100, 0],
        [29, 'lateral_mps2', 'real', -100, 100, 0], [30, 'battery_pct', 'real', 0, 100, 0],
        [31, 'accuracy_m', 'real', 0, 10000, 0]],
    17 => ['vehicle_event', 0, [16, 'what', 'text', 1, 32, 1], [17, 'alarm', 'int', 0, 4294967295, 0],
        [18, 'level', 'int', 0, 3, 0], [19, 'door', 'int', 0, 15, 0]],
    200 => ['alert', 0, [16, 'action', 'text', 4, 6, 1], [17, 'rule', 'text', 1, 64, 1],
        [18, 'entity', 'text', 1, 80, 1],
        [19, 'since', 'int', NEVER_LESS, NEVER_MORE, 1], [20, 'severity', 'int', 1, 4, 1],
        [21, 'score', 'real', 0, 1, 1], [22, 'value', 'real', -1e15, 1e15, 0],
        [23, 'threshold', 'real', -1e15, 1e15, 0], [24, 'unit', 'text', 0, 16, 0],
        [25, 'option', 'text', 0, 96, 0], [26, 'options_version', 'int', 0, 4294967295, 0],
        [27, 'why_en', 'text', 0, 400, 0],
        [28, 'why_zh', 'text', 0, 400, 0], [29, 'do_en', 'text', 0, 200, 0], [30, 'do_zh', 'text', 0, 200, 0],
        [31, 'cause', 'text', 0, 96, 0], [32, 'log', 'text', 0, 96, 0], [33, 'state', 'bytes', 0, 8192, 0],
        [34, 'record', 'bytes', 0, 4096, 0], [35, 'touches', 'text', 0, 400, 0]],
    240 => ['template_reading', 0, [16, 'value', 'real', -1e9, 1e9, 1], [17, 'between', 'reals', -1e9, 1e9, 0]],
);
# Kinds that haul knows and this oracle does not: a message of one is none for it.
my %foreign = (18 => 'fence_transition', 32 => 'cold_sample', 33 => 'cold_event', 34 => 'cold_exposure',
    35 => 'cold_handover', 48 => 'hub_scan', 49 => 'hub_machine', 50 => 'hub_chute', 51 => 'hub_dock', 52 => 'hub_agv',
    53 => 'hub_count', 54 => 'hub_order', 55 => 'hub_sighting', 56 => 'hub_teleport', 201 => 'action',
    216 => 'redrive');
my @envelope = qw(v kind id time source lon lat crs);
my %number = ((map { $kind{$_}[0] => $_ } keys %kind), reverse %foreign);

sub fields_of { my (undef, undef, @fields) = @{ $kind{ $_[0] } }; return map { $_->[0] => $_ } @fields }
my %fields = map { $_ => { fields_of($_) } } keys %kind;

sub refuse { my ($reason, $field) = @_; die { reason => $reason, field => $field // '' } }

# ---- msgpack ----
my %sized = ( # first byte => [form, bytes of the length]
    0xc4 => ['bin', 1], 0xc5 => ['bin', 2], 0xc6 => ['bin', 4],
    0xc7 => ['ext', 1], 0xc8 => ['ext', 2], 0xc9 => ['ext', 4],
    0xd9 => ['str', 1], 0xda => ['str', 2], 0xdb => ['str', 4],
    0xdc => ['array', 2], 0xdd => ['array', 4], 0xde => ['map', 2], 0xdf => ['map', 4],
);
my %fixed = ( # first byte => [form, bytes behind it]
    0xc0 => ['nil', 0], 0xc2 => ['bool', 0], 0xc3 => ['bool', 0], 0xca => ['float', 4], 0xcb => ['float', 8],
    (map { 0xcc + $_ => ['int', 1 << $_], 0xd0 + $_ => ['int', 1 << $_] } 0 .. 3),
    (map { 0xd4 + $_ => ['ext', 1 + (1 << $_)] } 0 .. 4),
);

# What the first bytes of a value say: its form, bytes of its own, values inside it, where its content begins.
sub head {
    my ($m, $at, $field) = @_;
    my $left = length($$m) - $at;
    refuse('truncated', $field) if $left < 1;
    my $b = ord substr $$m, $at, 1;
    my ($form, $bytes, $inside, $start);
    if ($b < 0x80 || $b >= 0xe0) { ($form, $bytes, $start) = ('int', 1, $at) }
    elsif ($b < 0x90) { ($form, $bytes, $inside) = ('map', 1, 2 * ($b & 15)) }
    elsif ($b < 0xa0) { ($form, $bytes, $inside) = ('array', 1, $b & 15) }
    elsif ($b < 0xc0) { ($form, $bytes, $start) = ('str', 1 + ($b & 31), $at + 1) }
    elsif ($b == 0xc1) { refuse('not_msgpack', $field) }
    elsif ($fixed{$b}) { ($form, $bytes, $start) = ($fixed{$b}[0], 1 + $fixed{$b}[1], $at + 1) }
    else {
        my $wide;
        ($form, $wide) = @{ $sized{$b} };
        refuse('truncated', $field) if $left < 1 + $wide;
        my $n = unpack $wide == 1 ? 'C' : $wide == 2 ? 'n' : 'N', substr $$m, $at + 1, $wide;
        ($bytes, $start) = (1 + $wide, $at + 1 + $wide);
        if ($form eq 'array') { $inside = $n }
        elsif ($form eq 'map') { $inside = 2 * $n }
        else { $bytes += $n + ($form eq 'ext' ? 1 : 0) }
    }
    refuse('truncated', $field) if $bytes > $left;
    return ($form, $bytes, $inside, $start);
}

# Where the value at $at ends; undef when it does not, or is no msgpack.
sub extent {
    my ($m, $at) = @_;
    for (my $owed = 1; $owed > 0; $owed--) {
        my ($form, $bytes, $inside) = eval { head($m, $at) } or return undef;
        $at += $bytes;
        $owed += $inside // 0;
        return undef if $owed - 1 > length($$m) - $at;
    }
    return $at;
}

# Passes over a value of a record, of which $owed values must still come behind it.
sub skip {
    my ($m, $at, $owed) = @_;
    my @open = (1); # values still to come in each container that we are in; the first is no container
    my $pending = $owed + 1;
    while (@open) {
        if ($open[-1] == 0) { pop @open; next }
        my ($form, $bytes, $inside) = head($m, $at);
        $at += $bytes;
        $open[-1]--;
        $pending += ($inside // 0) - 1;
        refuse('truncated') if $pending > length($$m) - $at;
        next if !defined $inside;
        refuse('too_deep') if @open == 8; # the record is the first level
        push @open, $inside;
    }
    return $at;
}

# ---- values ----
# The number at $at: (value, 'int' or 'real', where it ends); a whole number above 2^63 - 1 is a real.
sub number_at {
    my ($m, $at, $field) = @_;
    my ($form, $bytes, undef, $start) = head($m, $at, $field);
    refuse('wrong_type', $field) if $form ne 'int' && $form ne 'float';
    my $b = ord substr $$m, $at, 1;
    my $content = substr $$m, $start, $bytes - ($start - $at);
    my $end = $at + $bytes;
    return (unpack($b == 0xca ? 'f>' : 'd>', $content), 'real', $end) if $form eq 'float';
    return ($b < 0x80 ? $b : $b - 256, 'int', $end) if $bytes == 1;
    my $v = unpack(('C', 'n', 'N', 'Q>', 'c', 's>', 'l>', 'q>')[$b - 0xcc], $content);
    return ($v, $v > NEVER_MORE ? 'real' : 'int', $end);
}

sub finite { my ($v) = @_; return $v == $v && $v - $v == 0 }

sub real {
    my ($m, $at, $field, $low, $high) = @_;
    my ($v, $form, $end) = number_at($m, $at, $field);
    refuse(finite($v) ? 'out_of_range' : 'not_finite', $field) if !($v >= $low && $v <= $high);
    return ($v, $end);
}

sub integer {
    my ($m, $at, $field, $low, $high) = @_;
    my ($v, $form, $end) = number_at($m, $at, $field);
    if ($form eq 'real') {
        refuse('not_finite', $field) if !finite($v);
        refuse('out_of_range', $field) if $v >= 9223372036854775808.0 || $v < -9223372036854775808.0;
        refuse('wrong_type', $field) if $v != int $v;
        $v = 0 + sprintf '%d', $v;
    }
    refuse('out_of_range', $field) if defined $low && $v < $low || defined $high && $v > $high;
    return ($v, $end);
}

sub string {
    my ($m, $at, $field, $form) = @_;
    refuse('truncated', $field) if $at >= length $$m;
    my $b = ord substr $$m, $at, 1;
    my $is = ($b & 0xe0) == 0xa0 || $b >= 0xd9 && $b <= 0xdb ? 'str' : $b >= 0xc4 && $b <= 0xc6 ? 'bin' : '';
    refuse($b == 0xc1 ? 'not_msgpack' : 'wrong_type', $field) if $is ne $form;
    my (undef, $bytes, undef, $start) = head($m, $at, $field);
    return (substr($$m, $start, $at + $bytes - $start), $at + $bytes);
}

my $utf8 = qr/\A(?:[\x00-\x7f]|[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|\xed[\x80-\x9f][\x80-\xbf]
    |[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}
    |\xf4[\x80-\x8f][\x80-\xbf]{2})*+\z/x;

sub text {
    my ($m, $at, $field, $low, $high) = @_;
    my ($v, $end) = string($m, $at, $field, 'str');
    refuse('out_of_range', $field) if length $v < $low || length $v > $high;
    refuse('invalid_utf8', $field) if $v !~ $utf8;
    return ($v, $end);
}

sub id {
    my ($m, $at) = @_;
    my ($v, $end) = text($m, $at, 'id', 1, 64);
    refuse('out_of_range', 'id') if $v =~ /[\x00-\x1f\x7f]|\xc2[\x80-\x9f]/;
    return ($v, $end);
}

# Milliseconds, or the timestamp of msgpack.
sub time_at {
    my ($m, $at) = @_;
    my $b = $at < length $$m ? ord substr $$m, $at, 1 : 0;
    return integer($m, $at, 'time', TIME_LOW, TIME_HIGH) if !($b >= 0xc7 && $b <= 0xc9 || $b >= 0xd4 && $b <= 0xd8);
    my (undef, $bytes, undef, $start) = head($m, $at, 'time');
    my ($type, $data) = unpack 'c a*', substr $$m, $start, $at + $bytes - $start;
    my ($second, $nano);
    if (length $data == 4) { ($second, $nano) = (unpack('N', $data), 0) }
    elsif (length $data == 8) { my $v = unpack 'Q>', $data; ($second, $nano) = ($v & 0x3ffffffff, $v >> 34) }
    elsif (length $data == 12) { ($nano, $second) = unpack 'N q>', $data }
    refuse('wrong_type', 'time') if $type != -1 || !defined $second;
    refuse('out_of_range', 'time') if $nano > 999999999 || $second < TIME_LOW / 1000 || $second > int(TIME_HIGH / 1000);
    return ($second * 1000 + int($nano / 1000000), $at + $bytes);
}

sub kind_at {
    my ($m, $at) = @_;
    my $b = $at < length $$m ? ord substr $$m, $at, 1 : 0;
    my ($v, $end);
    if (($b & 0xe0) == 0xa0 || $b >= 0xd9 && $b <= 0xdb) {
        ($v, $end) = string($m, $at, 'kind', 'str');
        $v = $number{$v} // 0;
    } else {
        ($v, $end) = integer($m, $at, 'kind');
    }
    die "not covered: kind $v\n" if $foreign{$v};
    refuse('unknown_kind', 'kind') if !exists $kind{$v};
    return ($v, $end);
}

sub value_at {
    my ($m, $at, $row, $owed) = @_;
    my (undef, $name, $type, $low, $high) = @$row;
    return real($m, $at, $name, $low, $high) if $type eq 'real';
    return integer($m, $at, $name, $low, $high) if $type eq 'int';
    return text($m, $at, $name, $low, $high) if $type eq 'text';
    if ($type eq 'bytes') {
        my ($v, $end) = string($m, $at, $name, 'bin');
        refuse('out_of_range', $name) if length $v < $low || length $v > $high;
        return ($v, $end);
    }
    refuse('truncated', $name) if $at >= length $$m;
    my $b = ord substr $$m, $at, 1;
    refuse('not_msgpack', $name) if $b == 0xc1;
    if ($type eq 'bool') {
        refuse('wrong_type', $name) if $b != 0xc2 && $b != 0xc3;
        return ($b - 0xc2, $at + 1);
    }
    refuse('wrong_type', $name) if !($b >= 0x90 && $b <= 0x9f || $b == 0xdc || $b == 0xdd);
    my (undef, $bytes, $n) = head($m, $at, $name);
    $at += $bytes;
    refuse('truncated', $name) if $n + $owed > length($$m) - $at;
    refuse('too_many', $name) if $n > 64;
    my @row;
    for (1 .. $n) { (my $v, $at) = real($m, $at, $name, $low, $high); push @row, $v }
    return (\@row, $at);
}

# ---- a record ----
# A key: its number (or undef: one that nobody has), where it ends, and whether it is a name that a kind may know.
sub key_at {
    my ($m, $at, $kind) = @_;
    my $b = $at < length $$m ? ord substr $$m, $at, 1 : 0;
    if (($b & 0xe0) == 0xa0 || $b >= 0xd9 && $b <= 0xdb) {
        my ($name, $end) = string($m, $at, '', 'str');
        if (defined $kind) {
            for my $row (values %{ $fields{$kind} }) { return ($row->[0], $end) if $row->[1] eq $name }
        }
        for my $i (0 .. $#envelope) { return ($i, $end) if $envelope[$i] eq $name }
        return (undef, $end, !defined $kind);
    }
    refuse('bad_key') if $at < length $$m && $b != 0xc1 && !($b < 0x80 || $b >= 0xcc && $b <= 0xd3 || $b >= 0xe0);
    my ($v, $form, $end) = number_at($m, $at, '');
    refuse('bad_key') if $form eq 'int' && $v < 0;
    return ($form eq 'int' && $v < 80 ? $v : undef, $end);
}

# A field came before the kind: the kind is looked up among the $pairs that follow the value at $at.
sub kind_ahead {
    my ($m, $at, $pairs) = @_;
    $at = skip($m, $at, 2 * $pairs);
    while ($pairs-- > 0) {
        (my $key, $at) = key_at($m, $at);
        return (kind_at($m, $at))[0] if defined $key && $key == 1;
        $at = skip($m, $at, 2 * $pairs);
    }
    refuse('missing_field', 'kind');
}

sub envelope_at {
    my ($m, $at, $key, $r) = @_;
    my $name = $envelope[$key];
    refuse('duplicate_field', $name) if $r->{seen}{$key}++;
    my ($v, $end);
    if ($name eq 'v') {
        ($v, $end) = integer($m, $at, 'v', undef, 4294967295);
        refuse('unknown_version', 'v') if $v < 1;
        $v = 255 if $v > 255;
    }
    elsif ($name eq 'kind') { ($v, $end) = kind_at($m, $at) }
    elsif ($name eq 'id') { ($v, $end) = id($m, $at) }
    elsif ($name eq 'time') { ($v, $end) = time_at($m, $at) }
    elsif ($name eq 'source') { ($v, $end) = text($m, $at, 'source', 0, 64) }
    elsif ($name eq 'lon') { ($v, $end) = real($m, $at, 'lon', -180, 180) }
    elsif ($name eq 'lat') { ($v, $end) = real($m, $at, 'lat', -90, 90) }
    else {
        ($v, $end) = integer($m, $at, 'crs');
        refuse('bad_crs', 'crs') if $v < 0 || $v > 4;
    }
    $r->{$name} = $v;
    return $end;
}

sub complete {
    my ($r) = @_;
    refuse('missing_field', 'kind') if !defined $r->{kind};
    for my $name (qw(id time)) { refuse('missing_field', $name) if !defined $r->{$name} }
    my ($name, $positioned, @rows) = @{ $kind{ $r->{kind} } };
    if ($positioned || defined $r->{lon} || defined $r->{lat}) {
        refuse('missing_field', 'lon') if !defined $r->{lon};
        refuse('missing_field', 'lat') if !defined $r->{lat};
    }
    for my $row (@rows) { refuse('missing_field', $row->[1]) if $row->[5] && !exists $r->{field}{ $row->[0] } }
}

# The record at $at: (record, where it ends).
sub decode {
    my ($m, $at) = @_;
    my %r = (v => 1, crs => 0, source => '', unknown => 0, field => {}, seen => {});
    my $begin = $at;
    my ($form, $bytes, $inside) = head($m, $at);
    refuse('not_a_map') if $form ne 'map';
    $at += $bytes;
    refuse('truncated') if $inside > length($$m) - $at;
    my $kind; # once it is known
    for (my $pairs = $inside / 2 - 1; $pairs >= 0; $pairs--) {
        my $from = $at;
        (my $key, $at, my $named) = key_at($m, $from, $kind);
        if (defined $key && $key < 8) {
            $at = envelope_at($m, $at, $key, \%r);
            $kind = $r{kind} // $kind;
            next;
        }
        if (!defined $kind && ($named || defined $key && $key >= 16)) {
            $kind = kind_ahead($m, $at, $pairs);
            ($key) = key_at($m, $from, $kind) if $named;
        }
        my $row = defined $key && $key >= 16 ? $fields{$kind}{$key} : undef;
        if (!defined $row) {
            $r{unknown}++;
            $at = skip($m, $at, 2 * $pairs);
            next;
        }
        refuse('duplicate_field', $row->[1]) if exists $r{field}{$key};
        ($r{field}{$key}, $at) = value_at($m, $at, $row, 2 * $pairs);
    }
    complete(\%r);
    $r{positioned} = defined $r{lon};
    $r{raw} = substr $$m, $begin, $at - $begin;
    return (\%r, $at);
}

# A message's records, in order: each { record } or { refused, field, raw, frame }.
sub message {
    my ($value) = @_;
    my $whole = sub { return { refused => $_[0], field => '', raw => $value // '', frame => 1 } };
    return $whole->('empty') if !defined $value || $value eq '';
    return $whole->('too_large') if length $value > RECORD_MAX;
    my $m = \$value;
    my ($at, $n) = (0, 1);
    my $b = ord $value;
    if (!($b >= 0x80 && $b <= 0x8f || $b == 0xde || $b == 0xdf)) {
        return $whole->('not_msgpack') if $b == 0xc1;
        return $whole->('not_a_map') if !($b >= 0x90 && $b <= 0x9f || $b == 0xdc || $b == 0xdd);
        (undef, $at, $n) = eval { head($m, 0) } or return $whole->('truncated');
        return $whole->('empty') if $n == 0;
        return $whole->('too_many') if $n > 256;
        return $whole->('truncated') if $n > length($value) - $at;
    }
    my @out;
    for (my $i = 0; $i < $n; $i++) {
        my ($r, $end) = eval { decode($m, $at) };
        if (defined $end) {
            push @out, { record => $r };
            $at = $end;
            next;
        }
        die $@ if !ref $@;
        my ($reason, $field) = @{$@}{qw(reason field)};
        $end = extent($m, $at);
        push @out, { refused => $reason, field => $field, raw => substr $value, $at, ($end // length $value) - $at };
        return @out if !defined $end; # nobody knows where the next would begin
        $at = $end;
    }
    push @out, { refused => 'too_many', field => '', raw => substr $value, $at } if $at < length $value;
    return @out;
}

# ---- writing: the shortest integers, 64-bit floats, numbers as keys in their order ----
sub pack_int {
    my ($v) = @_;
    if ($v >= 0) {
        return pack 'C', $v if $v < 0x80;
        return pack 'CC', 0xcc, $v if $v <= 0xff;
        return pack 'Cn', 0xcd, $v if $v <= 0xffff;
        return $v <= 0xffffffff ? pack 'CN', 0xce, $v : pack 'CQ>', 0xcf, $v;
    }
    return pack 'c', $v if $v >= -0x20;
    return pack 'Cc', 0xd0, $v if $v >= -0x80;
    return pack 'Cs>', 0xd1, $v if $v >= -0x8000;
    return $v >= -0x80000000 ? pack 'Cl>', 0xd2, $v : pack 'Cq>', 0xd3, $v;
}
sub pack_str {
    my ($s) = @_;
    my $n = length $s;
    return ($n < 32 ? pack 'C', 0xa0 | $n : $n < 256 ? pack 'CC', 0xd9, $n : pack 'Cn', 0xda, $n) . $s;
}
sub pack_bin { my ($s) = @_; return (length $s < 256 ? pack 'CC', 0xc4, length $s : pack 'Cn', 0xc5, length $s) . $s }
sub pack_array { my ($n) = @_; return $n < 16 ? pack 'C', 0x90 | $n : pack 'Cn', 0xdc, $n }
sub pack_map { my ($n) = @_; return $n < 16 ? pack 'C', 0x80 | $n : pack 'Cn', 0xde, $n }
sub pack_real { return pack 'Cd>', 0xcb, $_[0] }

sub pack_value {
    my ($type, $v) = @_;
    return pack_real($v) if $type eq 'real';
    return pack_int($v) if $type eq 'int';
    return pack_str($v) if $type eq 'text';
    return pack_bin($v) if $type eq 'bytes';
    return pack 'C', $v ? 0xc3 : 0xc2 if $type eq 'bool';
    return join '', pack_array(scalar @$v), map { pack_real($_) } @$v;
}

# A record in the form of what decode gives.
sub encode {
    my ($r) = @_;
    my @pairs = ([0, pack_int($r->{v})], [1, pack_int($r->{kind})], [2, pack_str($r->{id})], [3, pack_int($r->{time})]);
    push @pairs, [4, pack_str($r->{source})] if $r->{source} ne '';
    push @pairs, [5, pack_real($r->{lon})], [6, pack_real($r->{lat})] if $r->{positioned};
    push @pairs, [7, pack_int($r->{crs})] if $r->{crs} != 0;
    for my $key (sort { $a <=> $b } keys %{ $r->{field} }) {
        push @pairs, [$key, pack_value($fields{ $r->{kind} }{$key}[2], $r->{field}{$key})];
    }
    return join '', pack_map(scalar @pairs), map { pack_int($_->[0]) . $_->[1] } @pairs;
}

1;
