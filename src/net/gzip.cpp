#include "net/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <limits>

#include "base/result.h"

namespace penstock {
namespace {

constexpr int kGzipFormat = 15 + 16;  // zlib.h, deflateInit2: a window of 2^15 bytes, in a gzip wrapper
constexpr int kMemoryLevel = 8;
constexpr size_t kStepMax = std::numeric_limits<uInt>::max() / 2;  // zlib counts in 32 bits

}  // namespace

std::string gzip(std::string_view plain, GzipEffort effort) {
  z_stream stream{};
  const int level = effort == GzipEffort::fast ? Z_BEST_SPEED : Z_BEST_COMPRESSION;
  check(deflateInit2(&stream, level, Z_DEFLATED, kGzipFormat, kMemoryLevel, Z_DEFAULT_STRATEGY) == Z_OK,
        "zlib did not start");
  std::string packed(deflateBound(&stream, static_cast<uLong>(plain.size())), '\0');
  int state = Z_OK;
  while (state != Z_STREAM_END) {
    const size_t step = std::min(plain.size(), kStepMax);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
    stream.avail_in = static_cast<uInt>(step);
    const size_t room = std::min(packed.size() - stream.total_out, kStepMax);
    stream.next_out = reinterpret_cast<Bytef*>(packed.data() + stream.total_out);
    stream.avail_out = static_cast<uInt>(room);
    state = deflate(&stream, step == plain.size() ? Z_FINISH : Z_NO_FLUSH);
    check(state == Z_OK || state == Z_STREAM_END, "zlib did not compress");
    plain.remove_prefix(step - stream.avail_in);
  }
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

}  // namespace penstock
