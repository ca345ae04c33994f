// Amounts as people write them: 15m, 3MB, 5%, 190/10s. Parsing is exact and total; a failed Result's
// message is a phrase that says what is expected ("a duration such as 15m or 1h30m").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace penstock::declare {

// A part of a whole, 0 to 1.
struct Share {
  double fraction = 0;
  bool operator==(const Share&) const = default;
};

// So many in so long.
struct Rate {
  uint64_t count = 0;
  Duration per{};
  bool operator==(const Rate&) const = default;
};

// An upper bound as a share of the rows or as a number of rows; exactly one is set.
struct ShareOrCount {
  std::optional<Share> share;
  std::optional<uint64_t> count;
  bool operator==(const ShareOrCount&) const = default;
};

// us, ms, s, m, h, d, w; largest first when combined: 1h30m. At most 100 years.
Result<Duration> parse_duration(std::string_view text);
// Bytes: B, KB/MB/GB/TB in thousands, KiB/MiB/GiB/TiB in 1024s; a space before the unit is fine.
Result<uint64_t> parse_size(std::string_view text);
// "5%", "0.5%".
Result<Share> parse_share(std::string_view text);
// "190/10s", "4/s", "100/m".
Result<Rate> parse_rate(std::string_view text);
Result<ShareOrCount> parse_share_or_count(std::string_view text);
// Whole numbers may hold underscores between digits: 1_000_000.
Result<int64_t> parse_integer(std::string_view text);
Result<double> parse_number(std::string_view text);
// http:// or https:// with a host.
Result<std::string> parse_url(std::string_view text);

// The shortest exact text that the parsers read back.
std::string show(Duration duration);
std::string show_size(uint64_t bytes);
std::string show(Share share);
std::string show(const Rate& rate);

}  // namespace penstock::declare
