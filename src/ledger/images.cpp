#include "ledger/images.h"

#include <algorithm>
#include <tuple>

namespace penstock {

void Images::add(std::string_view record, const BeforeImages& before) {
  for (size_t i = 0; i < before.images.size(); ++i)
    places_.push_back(
        {before.images[i].row, static_cast<uint32_t>(records_.size()), static_cast<uint32_t>(i)});
  records_.push_back(record);
}

// A record that was read again was as it was read last.
void Images::complete() {
  std::sort(places_.begin(), places_.end(), [](const Place& a, const Place& b) {
    return std::tie(a.row, a.record, a.index) < std::tie(b.row, b.record, b.index);
  });
  size_t kept = 0;
  for (size_t i = 0; i < places_.size(); ++i)
    if (i + 1 == places_.size() || places_[i + 1].row != places_[i].row) places_[kept++] = places_[i];
  places_.resize(kept);
}

const BeforeImage* Images::Cursor::find(uint64_t row) {
  const auto& places = images_->places_;
  const auto found = std::lower_bound(places.begin(), places.end(), row,
                                      [](const Place& place, uint64_t wanted) { return place.row < wanted; });
  if (found == places.end() || found->row != row) return nullptr;
  if (record_ != found->record) {
    auto record = decode_record(images_->records_[found->record]);
    check(record.ok(), "a record that was read before is read again");
    read_ = std::get<BeforeImages>(*std::move(record));
    record_ = found->record;
  }
  return &read_.images[found->index];
}

}  // namespace penstock
