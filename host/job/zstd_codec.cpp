// One zstd frame a chunk, with the size of what it holds.
// SPDX-License-Identifier: Apache-2.0
#include "host/job/zstd_codec.h"

#include <new>

#include <zstd.h>

#include "host/log/encoding.h"

namespace millrace {
namespace {

// The lowest that codes letters by how often they come: half the size of those below, in about the same time.
constexpr int kLevel = 1;

template <auto free>
struct FreeWith {
  void operator()(auto* context) const { free(context); }
};

class ZstdCodec final : public Codec {
 public:
  ZstdCodec() : compressor_(ZSTD_createCCtx()), decompressor_(ZSTD_createDCtx()) {
    if (!compressor_ || !decompressor_) throw std::bad_alloc();
  }

  bool compress(std::string_view data, std::size_t most, std::string& out) override {
    const std::size_t before = out.size();
    out.resize(before + most);
    const std::size_t made =
        ZSTD_compressCCtx(compressor_.get(), out.data() + before, most, data.data(), data.size(), kLevel);
    const bool fits = ZSTD_isError(made) == 0;
    out.resize(before + (fits ? made : 0));
    return fits;
  }

  // What the library returns in place of a size, where there is none, is above any that it is given.
  void decompress(std::string_view stored, std::size_t most, std::string& out) override {
    const unsigned long long size = ZSTD_getFrameContentSize(stored.data(), stored.size());
    if (size == 0 || size > most) throw CorruptError("what is compressed does not say how much it is");
    out.resize(size);
    if (ZSTD_decompressDCtx(decompressor_.get(), out.data(), out.size(), stored.data(), stored.size()) != size)
      throw CorruptError("what is compressed is not what it says");
  }

 private:
  std::unique_ptr<ZSTD_CCtx, FreeWith<ZSTD_freeCCtx>> compressor_;
  std::unique_ptr<ZSTD_DCtx, FreeWith<ZSTD_freeDCtx>> decompressor_;
};

}  // namespace

std::unique_ptr<Codec> make_zstd_codec() {
  return std::make_unique<ZstdCodec>();
}

}  // namespace millrace
