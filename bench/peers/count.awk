# Word count in awk; fields are split at white space. awk -f count.awk FILE
# SPDX-License-Identifier: Apache-2.0
{ for (i = 1; i <= NF; i++) counts[$i]++ }
END { for (word in counts) printf "%s\t%d\n", word, counts[word] }
