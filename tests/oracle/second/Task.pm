# SPDX-License-Identifier: Apache-2.0
# A task of the template processor, in the order in which DESIGN.md's "Time" and "Delivery" tell it, and the rules of
# processors/template/README.md. One thing after the other: nothing is batched, kept back or done twice.
package Task;
use strict;
use warnings;
use Hash;
use Record;

use constant { BEFORE => -9223372036854775807 - 1, NEVER => 9223372036854775807 };
use constant { NUMBER => 10, KIND => 240, SILENT => 0, PAINT => 1 }; # the mailbox, its kind of record, the timers
use constant { VALUE => 16 };

# What --wrong may turn, one at a time.
our %wrong = map { $_ => 0 } qw(late raise clear silent old paint duplicate evict place future since);

my @counts = qw(records records_processed records_dropped records_quarantined records_forwarded records_duplicate
    records_beyond_hole records_stale records_engine records_late records_lost_upstream timers_fired entities_evicted
    documents_painted alerts_raised records_emitted fields_unknown messages upstreams_stalled driver_ids_dropped old);

# $world: { partitions, desk, options => { hash => … }, first => hash }
sub new {
    my ($class, $partition, $world) = @_;
    return bless {
        partition => $partition, world => $world, options => $world->{options}{ $world->{first} }, version => 0,
        offset => 0, index => 0, step => 0, last_offset => -1,
        outside => BEFORE, watermark => BEFORE, thing => {}, view => {}, upstream => [],
        sent => [map { [] } 1 .. $world->{partitions} + $world->{desk} + 1],
        count => { map { $_ => 0 } @counts },
    }, $class;
}

# ---- what is sent: forwards, alerts, dead letters ----
sub send_to {
    my ($t, $channel, $what) = @_;
    push @{ $t->{sent}[$channel] }, $what;
    $t->{count}{records_emitted}++;
}

# A dead letter: stage, reason, field, position and the broker's time, then its bytes.
sub quarantine {
    my ($t, $stage, $reason, $field, $raw) = @_;
    $t->{count}{records_quarantined}++;
    my $m = $t->{message};
    my $append = $m->{append_time} ? $m->{append} : '-';
    my @why = ($stage, $reason, $field eq '' ? '-' : $field);
    $t->send_to($#{ $t->{sent} }, join ' ', @why, $m->{offset}, $t->{index}, $append, unpack 'H*', $raw);
}

# ---- what comes from other tasks: here, forwarded records ----
sub in_sequence {
    my ($t) = @_;
    my $s = $t->{message}{sender};
    return 1 if !$s || $s->{sequence} == 0;
    my ($u) = grep { $_->{partition} == $s->{partition} } @{ $t->{upstream} };
    if (!$u) {
        $u = { partition => $s->{partition}, incarnation => 0, sequence => 0 };
        push @{ $t->{upstream} }, $u;
    }
    my $sequence = $s->{sequence} + $t->{index};
    my $held = $s->{acked} < $sequence ? $s->{acked} : $sequence - 1; # what the log is known to hold before this
    if ($s->{incarnation} < $u->{incarnation}) {
        $t->{count}{records_stale}++;
        return 0;
    }
    @{$u}{qw(incarnation sequence)} = ($s->{incarnation}, $held) if $s->{incarnation} > $u->{incarnation};
    if ($held > $u->{sequence}) {
        $t->{count}{records_lost_upstream} += $held - $u->{sequence};
        $u->{sequence} = $held;
    }
    if ($sequence <= $u->{sequence} && !$wrong{duplicate}) {
        $t->{count}{records_duplicate}++;
        return 0;
    }
    if ($sequence > $u->{sequence} + 1) {
        $t->{count}{records_beyond_hole}++;
        return 0;
    }
    $u->{sequence} = $sequence;
    return 1;
}

# ---- clocks ----
# Nothing upstream has a clock for this mailbox: its watermark is the outside clock.
sub outside {
    my ($t, $event) = @_;
    my $append = $t->{message}{append};
    my $clock = ($event < $append ? $event : $append) - $t->{options}{lateness} - $wrong{late};
    $t->{outside} = $clock if $clock > $t->{outside};
}

sub begin_step { my ($t, $time) = @_; $t->{step}++; $t->{time} = $time }

sub end_step {
    my ($t, $e) = @_;
    $t->paint($e) if $e && delete $e->{due_now};
    $t->{watermark} = $t->{outside} if $t->{outside} > $t->{watermark};
}

# ---- things and their timers ----
sub thing {
    my ($t, $id) = @_;
    my $e = $t->{thing}{$id};
    return ($e, 0) if $e;
    for (my $gone = 0; $gone < 8 && keys %{ $t->{thing} } >= $t->{options}{entities_max}; $gone++) { $t->evict }
    $e = { id => $id, newest => BEFORE, painted => BEFORE, due => [NEVER, NEVER], state => [0, 0, 0, 0, 0] };
    $t->{thing}{$id} = $e;
    return ($e, 1);
}

# Above the quota the one goes that was heard of longest ago, by its id among equals; its alert clears.
sub evict {
    my ($t) = @_;
    my $oldest;
    for my $e (values %{ $t->{thing} }) {
        my $order = !$oldest ? -1 : $e->{newest} <=> $oldest->{newest} || $e->{id} cmp $oldest->{id};
        $oldest = $e if $order < 0 || $wrong{evict} && $order > 0;
    }
    $t->clear($oldest);
    delete $t->{thing}{ $oldest->{id} };
    delete $t->{view}{ $oldest->{id} };
    $t->{count}{entities_evicted}++;
}

# The first timer by (due, id, number).
sub first_timer {
    my ($t) = @_;
    my ($first, $which, $due);
    for my $e (values %{ $t->{thing} }) {
        for my $i (SILENT, PAINT) {
            my $at = $e->{due}[$i];
            next if $at == NEVER || $first && $at > $due;
            next if $first && $at == $due && ($e->{id} cmp $first->{id} || $i <=> $which) > 0;
            ($first, $which, $due) = ($e, $i, $at);
        }
    }
    return ($first, $which, $due);
}

sub fire_due {
    my ($t) = @_;
    while (1) {
        my ($e, $which, $due) = $t->first_timer;
        return if !$e || $due > $t->{watermark};
        $t->begin_step($due);
        $t->{now} = undef;
        $t->{count}{timers_fired}++;
        $e->{due}[$which] = NEVER;
        if ($which == PAINT) { $t->paint($e) }
        else { $e->{state}[4] = 1; $e->{due_now} = 1 }
        $t->end_step($e);
    }
}

# ---- documents: at once on a transition, else once in view.interval ----
sub paint {
    my ($t, $e) = @_;
    $e->{painted} = $t->{time};
    $e->{due}[PAINT] = NEVER;
    $t->{count}{documents_painted}++;
    my $time = $e->{newest} > $t->{time} ? $e->{newest} : $t->{time};
    my (undef, undef, $readings, $value, $silent) = @{ $e->{state} };
    $t->{view}{ $e->{id} } = sprintf '{"id":%s,"time":%s,"value":%s,"readings":%d,"silent":%s,"high":%s}',
        json_text($e->{id}), json_time($time), json_real($value, 3), $readings,
        $silent ? 'true' : 'false', $e->{alert} ? 'true' : 'false';
}

sub paint_soon {
    my ($t, $e) = @_;
    my $due = $e->{painted} + $t->{options}{view_interval} + 500 * $wrong{paint} if $e->{painted} != BEFORE;
    if (!defined $due || $t->{time} >= $due) { $e->{due_now} = 1 }
    elsif ($e->{due}[PAINT] == NEVER) { $e->{due}[PAINT] = $due }
}

# ---- the template's rules ----
# State: newest, sum in thousandths, readings, value, silent.
sub reading {
    my ($t, $e, $fresh, $r) = @_;
    my $s = $e->{state};
    return 0 if !$fresh && ($wrong{old} ? $r->{time} <= $s->[0] : $r->{time} < $s->[0]);
    my $value = $r->{field}{ +VALUE };
    my $was = $e->{alert};
    @$s = ($r->{time}, $s->[1] + rounded($value * 1000), $s->[2] + 1, $value, 0);
    my $o = $t->{options};
    if ($wrong{raise} ? $value > $o->{raise} : $value >= $o->{raise}) { $t->raise($e, $value) }
    elsif ($wrong{clear} ? $value < $o->{clear} : $value <= $o->{clear}) { $t->clear($e) }
    $e->{due}[SILENT] = $r->{time} + $o->{silent_after} + $wrong{silent};
    if (!$was == !$e->{alert}) { $t->paint_soon($e) }
    else { $e->{due_now} = 1 }
    return 1;
}

# An alert opens once; while it is open, it changes when it gets worse.
sub raise {
    my ($t, $e, $value) = @_;
    my $score = $value >= 2 * $t->{options}{raise} ? 1 : 0.5;
    my $action = $e->{alert} ? 'change' : 'open';
    return if $e->{alert} && $score <= $e->{alert}{score};
    if ($action eq 'open') {
        my $seed = sprintf '%d/%d|high|0:%s|%d.%d|%d', NUMBER, $t->{partition}, $e->{id},
            $t->{last_offset}, $t->{index}, $t->{step};
        $e->{alert} = { id => Hash::xxh3($seed) || 1 };
        $t->{count}{alerts_raised}++;
    }
    $e->{alert}{score} = $score;
    my $limit = $t->{options}{raise};
    $t->say($e, $action, $score, $value, $limit, json_real($value, 2), json_real($limit, 2));
}

sub clear {
    my ($t, $e) = @_;
    return if !$e->{alert};
    $t->say($e, 'clear', 0, 0, 0, 'value', 'limit');
    delete $e->{alert};
}

sub say {
    my ($t, $e, $action, $score, $value, $limit, $value_text, $limit_text) = @_;
    my $id = sprintf '%016x', $e->{alert}{id};
    my %field = (
        16 => $action, 17 => 'template.high', 18 => "thing:$e->{id}", 19 => $t->{time} + $wrong{since}, 20 => 3,
        21 => $score, 22 => $value, 23 => $limit, 25 => 'template.high.raise', 26 => $t->{version},
        27 => substr("$e->{id} reads $value_text, at or above $limit_text", 0, 400),
        28 => substr("$e->{id} 读数 $value_text，达到 $limit_text", 0, 400),
        29 => 'Look at the thing.', 30 => '检查该对象。',
        32 => sprintf('template/%d@%d.%d#%d', $t->{partition}, $t->{last_offset}, $t->{index}, $t->{step}),
    );
    if ($action eq 'open') { # the state before the step, as it lies in memory, and the record
        $field{33} = pack 'q<3 d< C x7', @{ $e->{before} };
        $field{34} = $t->{now}{raw} if length $t->{now}{raw} <= 2048;
    }
    my $bytes = Record::encode({ v => 1, kind => 200, id => $id, time => $t->{time}, source => $t->{now}{source},
        crs => 0, field => \%field });
    $t->send_to($t->{world}{partitions} + Hash::partition_of($id, $t->{world}{desk}), unpack 'H*', $bytes);
}

# ---- a record ----
# What of a reading no time or place can be: the reason and the field.
sub gate {
    my ($t, $r) = @_;
    my ($m, $o) = ($t->{message}, $t->{options});
    return ('no_append_time', '') if !$m->{append_time};
    return ('time_in_future', 'time') if $r->{time} - $m->{append} > $o->{future_max} + $wrong{future} * 86400000;
    return ('time_in_past', 'time') if $m->{append} - $r->{time} > $o->{past_max};
    return if !$r->{positioned} || $r->{crs} == 0;
    return ('bad_crs', 'crs') if $r->{crs} == 4;
    die "not covered: a position in system $r->{crs}\n" if $r->{crs} != 3;
    $r->{crs} = 0; # CGCS2000 is WGS-84 to a hand's breadth
    $r->{raw} = Record::encode($r);
    return;
}

sub telemetry {
    my ($t, $r) = @_;
    $t->{count}{fields_unknown} += $r->{unknown};
    my $foreign = !$t->{message}{sender};
    my ($reason, $field) = $r->{kind} != KIND ? ('unexpected_kind', 'kind') : $foreign ? $t->gate($r) : ();
    return $t->quarantine('TRANSFORMATION', $reason, $field, $r->{raw}) if $reason;
    my $home = Hash::partition_of($r->{id}, $t->{world}{partitions});
    if ($foreign && $home != $t->{partition} && !$wrong{place}) {
        $t->{count}{records_forwarded}++;
        return $t->send_to($home, unpack 'H*', $r->{raw});
    }
    my ($e, $fresh) = $t->thing($r->{id});
    $t->{count}{records_late}++ if $r->{time} < $e->{newest} || $r->{time} < $t->{watermark};
    $e->{before} = [@{ $e->{state} }];
    if ($t->reading($e, $fresh, $r)) {
        $t->{count}{records_processed}++;
        $e->{newest} = $r->{time} if $r->{time} > $e->{newest};
    } else {
        $t->{count}{records_dropped}++;
        $t->{count}{old}++;
    }
    $t->outside($r->{time}) if $foreign;
    return $e;
}

# What the engine itself appends, and operators by its commands.
sub control {
    my ($t, $r) = @_;
    my ($kind, $field) = @{$r}{qw(kind field)};
    $t->{count}{records_engine}++;
    if ($kind == 2) { $t->outside($t->{message}{append}) }
    elsif ($kind == 1 && $field->{18} eq 'options' && $field->{16} > $t->{version}) {
        $t->{options} = $t->{world}{options}{ $field->{17} } or die "options $field->{17} are not in haul.blobs\n";
        $t->{version} = $field->{16};
    }
    elsif ($kind == 5) {
        for my $e (grep { $_->{painted} != BEFORE } values %{ $t->{thing} }) {
            $e->{due}[PAINT] = $e->{painted} < $t->{watermark} ? $e->{painted} : $t->{watermark};
        }
    }
}

# ---- a message ----
sub take {
    my ($t, $m) = @_;
    my @parts = @{ $m->{parts} //= [Record::message($m->{value})] };
    $t->{message} = $m;
    $t->{offset} = $m->{offset};
    for my $i (0 .. $#parts) {
        my ($r, $refused, $field, $raw, $frame) = @{ $parts[$i] }{qw(record refused field raw frame)};
        my $telemetry = $r && $r->{kind} >= 16;
        my $e;
        $t->{index} = $i;
        $t->fire_due;
        $t->begin_step($telemetry ? $r->{time} : $m->{append});
        if ($i == 0) {
            $t->{last_offset} = $m->{offset};
            $t->{count}{messages}++;
        }
        if ($r && !$telemetry) { $t->control($r) }
        elsif ($t->in_sequence) {
            $t->{now} = $r;
            if ($r) { $e = $t->telemetry($r) }
            else { $t->quarantine($frame ? 'KAFKA_CONSUME' : 'VALUE_CONVERTER', $refused, $field, $raw) }
        }
        $t->{count}{records}++;
        if ($i == $#parts) { @{$t}{qw(offset index)} = ($m->{offset} + 1, 0) }
        $t->end_step(ref $e ? $e : undef);
    }
    $t->fire_due;
}

# ---- text ----
sub rounded { my ($v) = @_; return $v < 0 ? -rounded(-$v) : sprintf('%d', $v) + ($v - int $v >= 0.5 ? 1 : 0) }

# At most so many decimals, without zeros at their end.
sub json_real {
    my ($v, $decimals) = @_;
    my $size = abs $v;
    my $whole = int $size;
    my $rest = rounded(($size - $whole) * 10**$decimals);
    ($whole, $rest) = ($whole + 1, 0) if $rest >= 10**$decimals;
    my $text = sprintf '%d', $whole;
    $text .= sprintf '.%0*d', $decimals, $rest if $rest;
    $text =~ s/0+\z// if $rest;
    return ($v < 0 && ($whole || $rest) ? '-' : '') . $text;
}

my %escape = ("\b" => '\b', "\f" => '\f', "\n" => '\n', "\r" => '\r', "\t" => '\t', '"' => '\"', '\\' => '\\\\');
sub json_text {
    my ($s) = @_;
    $s =~ s/(["\\\x00-\x1f\x7f])/$escape{$1} \/\/ sprintf '\u%04x', ord $1/ge;
    return qq("$s");
}

sub json_time {
    my ($ms) = @_;
    return 'null' if $ms == BEFORE || $ms == NEVER;
    my $part = $ms % 1000; # not negative
    my ($s, $min, $h, $day, $month, $year) = gmtime(($ms - $part) / 1000);
    return sprintf '"%04d-%02d-%02dT%02d:%02d:%02d.%03dZ"', $year + 1900, $month + 1, $day, $h, $min, $s, $part;
}

sub dump {
    my ($t) = @_;
    my $out = '';
    for my $id (sort keys %{ $t->{thing} }) {
        my $e = $t->{thing}{$id};
        my ($newest, $sum, $readings, $value, $silent) = @{ $e->{state} };
        $out .= sprintf '{"entity":%s,"newest":%s,"painted":%s,"due":[%s],',
            json_text("thing:$id"), json_time($e->{newest}), json_time($e->{painted}),
            join ',', map { json_time($_) } @{ $e->{due} };
        $out .= sprintf '"high":%u,', $e->{alert}{id} if $e->{alert};
        $out .= sprintf qq("state":{"newest_ms":%d,"sum_milli":%d,"readings":%d,"value":%s,"silent":%d}}\n),
            $newest, $sum, $readings, json_real($value, 9), $silent;
    }
    $out .= sprintf '{"task":"template","partition":%d,"offset":%d,"index":0,"step":%d,"watermark":%s,"outside":%s,'
        . '"options":"%s",', $t->{partition}, $t->{offset}, $t->{step},
        json_time($t->{watermark}), json_time($t->{outside}), $t->{options}{hash};
    $out .= sprintf '"%s":%d,', $_, $t->{count}{$_} for @counts;
    $out .= sprintf qq("sequences":[%s],"upstreams":[%s]}\n), join(',', map { scalar @$_ } @{ $t->{sent} }),
        join ',', map { "[${\NUMBER},$_->{partition},$_->{sequence},null]" } @{ $t->{upstream} };
    return $out;
}

1;
