// Reads a text of metrics that an earlier process of ours has written.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace penstock {

// One line: penstock_rows_total{sync="contacts",outcome="accepted"} 12
struct EarlierSample {
  std::string name;
  std::map<std::string, std::string, std::less<>> labels;
  double value = 0;
};

// Nullopt: the line is a comment, or none of ours.
std::optional<EarlierSample> read_sample(std::string_view line);
std::vector<EarlierSample> read_samples(std::string_view text);

}  // namespace penstock
