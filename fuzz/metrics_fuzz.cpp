// Any bytes as the file that an earlier run left: numbers are taken from it or not, and what is written then
// is read again, to the last line.
#include <cstdint>
#include <string_view>

#include "metrics/earlier.h"
#include "metrics/metrics.h"

namespace penstock {
namespace {

config::Project fuzzed_project() {
  config::Project project;
  config::Sync sync;
  sync.name = "a";
  sync.destination.value = "b";
  project.syncs.push_back(std::move(sync));
  config::Destination destination;
  destination.name = "b";
  project.destinations.push_back(std::move(destination));
  return project;
}

size_t lines_of_samples(std::string_view text) {
  size_t lines = 0;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    if (end > 0 && text[0] != '#') ++lines;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

}  // namespace
}  // namespace penstock

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace penstock;
  Metrics metrics(real_clock(), "1");
  metrics.know(fuzzed_project());
  metrics.carry_on({reinterpret_cast<const char*>(data), size});
  const std::string text = metrics.text(Scrape::file);
  check(read_samples(text).size() == lines_of_samples(text), "what was written is read again");
  return 0;
}
