#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# The second oracle: what haul must hold of the template processor, written a third time, in another language, from the
# documentation. It shares nothing with haul and nothing with the first oracle: neither msgpack nor hashes, neither the
# decoder nor the domain's rules. Perl 5 as a bare Debian has it, no module from outside.
#     oracle.pl [--partitions N] [--desk N] [--wrong RULE] [--until PARTITION=OFFSET]… dump|sent|log|teeth RAW
# RAW is what `haul tail template blobs desk deadletters --raw --until-end` prints: the messages as they lie in Kafka.
#     dump  what `haul dump` must print
#     sent  the records that the tasks send, each with its sequence: forwards, alerts, dead letters
#     log   the same as the log has it, each once, however often it was sent: equal to `sent`
#     teeth the rules of which nothing could be told if they were others: turned, they change neither dump nor sent
# --until is where haul has stopped reading; behind it only the engine's ticks may lie. --wrong turns one rule of the
# oracle's own: then the dumps, or what is sent, must differ. At what it does not cover it ends and says so: bridges,
# senders but the template's own tasks, redriven dead letters, positions in GCJ-02 or BD-09, kinds that its test does not
# send. A rebuild, a reset, a new answer version and a change of partitions are left to the first oracle.
use strict;
use warnings;
use File::Basename;
use lib dirname(__FILE__);
use Getopt::Long;
use Hash;
use Record;
use Task;

my %unit = (ms => 1, s => 1000, min => 60000, h => 3600000, d => 86400000);
sub duration {
    my ($text) = @_;
    $text =~ /\A(\d+)(ms|s|min|h|d)\z/ or die "not covered: the duration $text\n";
    return $1 * $unit{$2};
}

# The options of a blob: a section, then its lines "  name: value".
sub options_of {
    my ($hash, $text) = @_;
    my ($section, %line) = ('');
    for (split /\n/, $text) {
        if (/\A(\w+):\z/) { $section = $1 }
        elsif (/\A  ([\w.]+): (.*)\z/) { $line{"$section.$1"} = $2 }
    }
    my %o = (hash => $hash, raise => $line{'template.high.raise'}, clear => $line{'template.high.clear'},
        entities_max => $line{'engine.entities_max'}, lateness => 'engine.lateness',
        view_interval => 'engine.view.interval', future_max => 'engine.time.future_max',
        past_max => 'engine.time.past_max', silent_after => 'template.silent_after');
    $o{$_} = duration($line{ $o{$_} }) for qw(lateness view_interval future_max past_max silent_after);
    return \%o;
}

# "template/1:1:17:12": incarnation 1 of the task on partition 1, its record 17, told that 12 are in the log.
sub sender_of {
    my ($header) = @_;
    my $n = qr/0|[1-9]\d{0,18}/;
    return undef if !defined $header || $header !~ m{\A(\w+)/($n):($n):($n):($n)\z} || $3 == 0;
    die "not covered: messages of $1\n" if $1 ne 'template';
    return { partition => $2, incarnation => $3, sequence => $4, acked => $5 };
}

sub bytes { return $_[0] eq '-' ? undef : pack 'H*', $_[0] }

sub read_messages {
    my ($path) = @_;
    my @messages;
    open my $in, '<', $path or die "$path: $!\n";
    while (<$in>) {
        chomp;
        my ($topic, $partition, $offset, $stamp, $time, $key, $headers, $value) = split /\t/, $_, -1;
        $topic =~ /haul\.(\w+)\z/ or die "$path: no topic of haul in line $.\n";
        my %header; # the last of a name counts
        for (split /,/, $headers) { my ($n, $v) = split /=/, $_, -1; $header{ pack 'H*', $n } = bytes($v) }
        push @messages, { topic => $1, partition => $partition, offset => $offset, append => $time,
            append_time => $stamp eq 'append', key => bytes($key), value => bytes($value),
            header => \%header, sender => sender_of($header{haul}) };
    }
    return @messages;
}

# "options/template/<hash>:<i>/<n>": parts of a text; the first that was ever stored is the one that tasks begin with.
sub read_options {
    my ($world, @blobs) = @_;
    my %text;
    for (@blobs) {
        next if ($_->{key} // '') !~ m{\Aoptions/template/([0-9a-f]{32}):(\d+)/(\d+)\z} || !defined $_->{value};
        my ($hash, $i, $n) = ($1, $2, $3);
        next if $i != ($text{$hash}{n} // 0) || $world->{options}{$hash}; # it was stored a second time
        $text{$hash}{text} .= $_->{value};
        next if ++$text{$hash}{n} < $n;
        $world->{options}{$hash} = options_of($hash, $text{$hash}{text});
        $world->{first} //= $hash;
    }
    die "no options in haul.blobs\n" if !$world->{first};
}

# What tasks have sent, as the log holds it; what came twice is once.
sub print_log {
    my (@messages) = @_;
    my %line;
    for my $m (grep { $_->{sender} && $_->{sender}{sequence} > 0 } @messages) {
        my ($s, $h) = @{$m}{qw(sender header)};
        my $from = "$s->{partition} $m->{topic}";
        if ($m->{topic} eq 'deadletters') {
            my $e = sub { $h->{"__connect.errors.$_[0]"} };
            my @why = ($e->('stage'), $e->('exception.class.name'), $h->{'haul.field'} // '-');
            my @where = ($e->('offset'), $h->{'haul.index'}, $h->{'haul.append'} // '-');
            $line{ join ' ', $from, $s->{sequence}, @why, @where, unpack 'H*', $m->{value} // '' } = 1;
            next;
        }
        my @parts = Record::message($m->{value});
        for my $i (0 .. $#parts) {
            my $raw = $parts[$i]{record} ? $parts[$i]{record}{raw} : $parts[$i]{raw};
            $line{ join ' ', $from, $m->{partition}, $s->{sequence} + $i, unpack 'H*', $raw } = 1;
        }
    }
    print map { "$_\n" } sort keys %line;
}

# What a task has sent: its partition, where to, the sequence, the bytes.
sub sent_by {
    my ($t) = @_;
    my ($world, @lines) = $t->{world};
    for my $channel (0 .. $#{ $t->{sent} }) {
        my $to = $channel < $world->{partitions} ? "template $channel" : $channel == $#{ $t->{sent} } ? 'deadletters'
            : 'desk ' . ($channel - $world->{partitions});
        my $n = 0;
        push @lines, map { join(' ', $t->{partition}, $to, ++$n, $_) . "\n" } @{ $t->{sent}[$channel] };
    }
    return @lines;
}

sub print_dump {
    my (@tasks) = @_;
    my %view = map { %{ $_->{view} } } @tasks;
    print map { "thing:$_ $view{$_}\n" } sort keys %view;
    print $_->dump for @tasks;
}

# The task of a partition behind its messages, up to where haul has read it.
sub run {
    my ($world, $partition, $until, @messages) = @_;
    my $t = Task->new($partition, $world);
    for my $m (@messages) {
        if (!defined $until || $m->{offset} < $until) { $t->take($m); next }
        my ($first, @more) = Record::message($m->{value});
        my $tick = $first->{record} && $first->{record}{kind} == 2 && !@more;
        die "template/$partition: offset $m->{offset} was not read\n" if !$tick;
    }
    return $t;
}

sub all_of {
    my ($t) = @_;
    return join '', $t->dump, (map { "$_ $t->{view}{$_}\n" } sort keys %{ $t->{view} }), sent_by($t);
}

# The rules that could be others.
sub print_unnoticed {
    my ($tasks, $again) = @_;
    my @right = map { all_of($_) } @$tasks;
    RULE: for my $rule (sort keys %Task::wrong) {
        next if $rule eq 'duplicate' && !grep { $_->{count}{records_duplicate} } @$tasks; # there was none
        local $Task::wrong{$rule} = 1;
        for my $p (0 .. $#right) { next RULE if all_of($again->($p)) ne $right[$p] }
        print "$rule\n";
    }
}

my (%world, %until, $rule) = (partitions => 1, desk => 1);
GetOptions('partitions=i' => \$world{partitions}, 'desk=i' => \$world{desk}, 'wrong=s' => \$rule,
    'until=i' => \%until) && @ARGV == 2
    or die 'usage: oracle.pl [--partitions N] [--desk N] [--wrong RULE] [--until PARTITION=OFFSET]… '
        . "dump|sent|log|teeth RAW\n";
my ($what, $path) = @ARGV;
if (defined $rule) {
    exists $Task::wrong{$rule} or die "--wrong: one of @{[ sort keys %Task::wrong ]}\n";
    $Task::wrong{$rule} = 1;
}
my @messages = read_messages($path);
if ($what eq 'log') { print_log(@messages); exit }
read_options(\%world, grep { $_->{topic} eq 'blobs' } @messages);
my @log;
push @{ $log[$_->{partition}] }, $_ for grep { $_->{topic} eq 'template' } @messages;
my $again = sub { return run(\%world, $_[0], $until{ $_[0] }, @{ $log[$_[0]] // [] }) };
my @tasks = map { $again->($_) } 0 .. $world{partitions} - 1;
if ($what eq 'sent') { print sort map { sent_by($_) } @tasks }
elsif ($what eq 'teeth') { print_unnoticed(\@tasks, $again) }
else { print_dump(@tasks) }
