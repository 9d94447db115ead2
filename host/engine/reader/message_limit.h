// Messages that are longer than a job allows.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <millrace/source.h>

namespace millrace {

/// Takes the messages above `max_record_bytes` out of what a read has put into `bytes`, closes the gaps and
/// counts them in `result`; where the others came from is then not known. A source of ours leaves them out
/// itself; one of the caller's may not.
void drop_oversized(std::span<std::byte> bytes, const Records& messages, std::size_t max_record_bytes,
                    ReadResult& result);

}  // namespace millrace
