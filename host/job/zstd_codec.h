// Zstandard, for the chunks of checkpoints.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "host/log/codec.h"

namespace millrace {

/// Keeps its memory from chunk to chunk: about 1 MiB when it has compressed and decompressed.
std::unique_ptr<Codec> make_zstd_codec();

}  // namespace millrace
