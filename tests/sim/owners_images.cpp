#include "sim/owners_images.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

#include "duck/duck.h"
#include "sim/warehouse.h"

namespace penstock::sim {
namespace {

struct KeptImage {
  std::string key, change, outcome, record, match, fates;
  bool existed = false;
  std::map<std::string, std::string> before;  // without the empty ones
};

std::string text_of_json(const std::optional<std::string>& json) {
  simdjson::dom::parser parser;
  simdjson::dom::element value;
  std::string_view text;
  if (!json || parser.parse(*json).get(value) != simdjson::SUCCESS) return "";
  return value.get(text) == simdjson::SUCCESS ? std::string(text) : "";
}

std::vector<KeptImage> kept_images(const std::string& file, const OwnersSync& sync) {
  auto database = duck::Database::borrow({});
  check(database.ok(), "a database opens");
  auto connection = database->connect();
  check(connection.ok(), "a database is connected");
  std::string columns =
      fmt::format("key, \"change\", outcome, record_id, CAST({} AS VARCHAR), fates, CAST(existed AS VARCHAR)",
                  duck::quote_name("match." + sync.match_field));
  for (const auto& field : sync.fields) columns += ", " + duck::quote_name("before." + field.name);
  auto rows = connection->texts(
      fmt::format("SELECT {} FROM read_parquet({}) ORDER BY key", columns, duck::quote_text(file)));
  check(rows.ok(), "the images are read");
  std::vector<KeptImage> images;
  for (const auto& row : *rows) {
    KeptImage& image = images.emplace_back();
    std::string* const texts[] = {&image.key,    &image.change, &image.outcome,
                                  &image.record, &image.match,  &image.fates};
    for (size_t i = 0; i < std::size(texts); ++i) *texts[i] = row[i].value_or("");
    image.existed = row[6] == "true";
    for (size_t i = 0; i < sync.fields.size(); ++i)
      if (auto text = text_of_json(row[7 + i]); !text.empty())
        image.before.emplace(sync.fields[i].name, std::move(text));
  }
  return images;
}

std::string show(const KeptImage& image) {
  std::string out =
      fmt::format("row {} {} {} record '{}' match '{}' {} {}:", image.key, image.change, image.outcome,
                  image.record, image.match, image.fates, image.existed ? "there" : "absent");
  for (const auto& [name, value] : image.before) out += fmt::format(" {}='{}'", name, value);
  return out;
}

class ComparedImages {
 public:
  ComparedImages(std::vector<KeptImage> images, const OwnersSync& sync, OwnersTwin& twin)
      : images_(std::move(images)), sync_(sync), heard_(twin.heard()), live_(twin.live()) {}

  std::vector<std::string> wrong() {
    for (const auto& [place, overwritten] : heard_.overwrites)
      if (overwritten.seen != overwritten.sent && live_.contains(place.first))
        check_overwrite(place.first, place.second, overwritten.seen);
    for (const auto& [record, removed] : heard_.removed) check_removal(record, removed);
    for (const auto& [record, made] : heard_.made)
      if (live_.contains(record)) check_made(record, made);
    for (const auto& image : images_)
      if (image.existed && image.outcome == "accepted") check_seen(image);
    if (!wrong_.empty())
      for (const auto& image : images_) wrong_.push_back("kept: " + show(image));
    return std::move(wrong_);
  }

 private:
  const KeptImage* of(const std::string& record) const {
    for (const auto& image : images_)
      if (image.record == record && image.outcome != "rejected") return &image;
    return nullptr;
  }
  size_t number_of(const std::string& field) const {
    const auto place = std::find_if(sync_.fields.begin(), sync_.fields.end(),
                                    [&](const auto& each) { return each.name == field; });
    return static_cast<size_t>(place - sync_.fields.begin());
  }
  static std::string value(const KeptImage& image, const std::string& field) {
    const auto found = image.before.find(field);
    return found == image.before.end() ? "" : found->second;
  }
  void check_overwrite(const std::string& record, const std::string& field, const std::string& seen) {
    const KeptImage* image = of(record);
    if (image == nullptr)
      return wrong_.push_back(fmt::format("nothing was kept of {}, whose '{}' was written", record, field));
    const char fate = image->fates[number_of(field)];
    if (!image->existed || fate != 'w' || value(*image, field) != seen)
      wrong_.push_back(fmt::format("of '{}' of {} '{}' was kept ({}, fate {}), it was '{}'", field, record,
                                   value(*image, field), image->existed ? "there" : "absent", fate, seen));
  }
  void check_removal(const std::string& record, const RemovedRecord& removed) {
    const KeptImage* image = of(record);
    if (image == nullptr) return wrong_.push_back(fmt::format("nothing was kept of {}, which went", record));
    if (image->change != "removed" || !image->existed || image->before != removed.seen.fields)
      wrong_.push_back(fmt::format("of {}, which went, was kept what it was not", record));
  }
  bool is_doubtful(const MadeRecord& made) const { return !made.told || heard_.died; }
  void check_made(const std::string& record, const MadeRecord& made) {
    const bool known = std::any_of(images_.begin(), images_.end(), [&](const KeptImage& image) {
      const bool same =
          image.record == record || (is_doubtful(made) && lowered(image.match) == lowered(made.match));
      return same && (!image.existed || is_doubtful(made));
    });
    if (!known) wrong_.push_back(fmt::format("it was not kept that {} was made", record));
  }
  void check_seen(const KeptImage& image) {
    // It came between our looking for it and our writing: what it held is not known.
    if (image.change != "removed" && image.fates.find_first_not_of('-') == image.fates.npos) return;
    const auto seen = heard_.seen.find(image.record);
    if (seen == heard_.seen.end() || !seen->second.exists)
      return wrong_.push_back(
          fmt::format("values of {} were kept, which was not read (row {})", image.record, image.key));
    if (seen->second.fields != image.before)
      wrong_.push_back(
          fmt::format("what was kept of {} is not what was read (row {})", image.record, image.key));
  }

  std::vector<KeptImage> images_;
  const OwnersSync& sync_;
  const HeardRun& heard_;
  std::map<std::string, Record> live_;
  std::vector<std::string> wrong_;
};

}  // namespace

std::vector<std::string> wrong_with_images(const std::string& file, const OwnersSync& sync,
                                           OwnersTwin& twin) {
  if (file.empty()) {
    if (twin.heard().written == 0) return {};
    return {"nothing was kept of what the run wrote"};
  }
  return ComparedImages(kept_images(file, sync), sync, twin).wrong();
}

}  // namespace penstock::sim
