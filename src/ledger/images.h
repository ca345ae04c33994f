// What records held before the rows of a run were written to them. Private to this folder.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "ledger/records.h"

namespace penstock {

// An index over the journal's records of them: 16 bytes for each row. The rest stays in the file until it is
// asked for. Thread-safe once complete.
class Images {
 public:
  // `record` lives as long as this.
  void add(std::string_view record, const BeforeImages& before);
  // All were added.
  void complete();
  bool empty() const { return places_.empty(); }

  // Looks up one row after the other: cheap when those that were read together follow one another.
  class Cursor {
   public:
    explicit Cursor(const Images& images) : images_(&images) {}
    // Null: the row's record was not read. Borrowed until the next call.
    const BeforeImage* find(uint64_t row);

   private:
    const Images* images_;
    std::optional<uint32_t> record_;
    BeforeImages read_;
  };

 private:
  struct Place {
    uint64_t row;
    uint32_t record, index;
  };
  std::vector<std::string_view> records_;
  std::vector<Place> places_;  // by row, once complete
};

}  // namespace penstock
