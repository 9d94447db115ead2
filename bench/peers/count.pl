# Word count in Perl. perl count.pl FILE
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;

my %counts;
while (<>) { $counts{$_}++ for split ' ' }
while (my ($word, $count) = each %counts) { print "$word\t$count\n" }
