#include "warehouse_plan/head.h"

#include <fmt/format.h>
#include <simdjson.h>

#include "declare/json.h"

namespace penstock {
namespace {

using simdjson::dom::element;

uint64_t number_in(const element& object, std::string_view name) {
  uint64_t number = 0;
  return object[name].get(number) == simdjson::SUCCESS ? number : 0;
}

bool is_set(const element& object, std::string_view name) {
  bool value = false;
  return object[name].get(value) == simdjson::SUCCESS && value;
}

KeyCounts counts_in(const element& object) {
  return {.keys = number_in(object, "keys"),
          .accepted = number_in(object, "accepted"),
          .current = number_in(object, "current"),
          .gone = number_in(object, "gone"),
          .foreign = number_in(object, "foreign"),
          .waiting = number_in(object, "waiting")};
}

KeyCounts counts_of(const element& object, std::string_view name) {
  element counts;
  return object[name].get(counts) == simdjson::SUCCESS ? counts_in(counts) : KeyCounts{};
}

}  // namespace

std::string counts_text(const KeyCounts& counts) {
  return fmt::format(R"({{"keys":{},"accepted":{},"current":{},"gone":{},"foreign":{},"waiting":{}}})",
                     counts.keys, counts.accepted, counts.current, counts.gone, counts.foreign,
                     counts.waiting);
}

KeyCounts added_up(const KeyCounts& all, const KeyCounts& before, const KeyCounts& after) {
  return {.keys = all.keys - before.keys + after.keys,
          .accepted = all.accepted - before.accepted + after.accepted,
          .current = all.current - before.current + after.current,
          .gone = all.gone - before.gone + after.gone,
          .foreign = all.foreign - before.foreign + after.foreign,
          .waiting = all.waiting - before.waiting + after.waiting};
}

KeyCounts parse_counts(std::string_view text) {
  simdjson::dom::parser parser;
  element root;
  if (parser.parse(simdjson::padded_string(text)).get(root) != simdjson::SUCCESS) return {};
  return counts_in(root);
}

Result<std::optional<DrawMark>> read_mark(Disk& disk, const std::string& path) {
  const auto exists = disk.exists(path);
  if (!exists.ok()) return exists.error();
  if (!*exists) return std::optional<DrawMark>();
  auto text = disk.read(path);
  if (!text.ok()) return text.error();
  simdjson::dom::parser parser;
  element root;
  if (parser.parse(simdjson::padded_string(*text)).get(root) != simdjson::SUCCESS)
    return Error{ErrorKind::disk, path + " is damaged", "restore it from a backup"};
  DrawMark mark;
  mark.generation = number_in(root, "generation");
  mark.loaded = number_in(root, "loaded");
  mark.head_counts = counts_of(root, "head_counts");
  mark.loaded_counts = counts_of(root, "loaded_counts");
  std::string_view digest_of;
  if (root["digest_of"].get(digest_of) == simdjson::SUCCESS) mark.digest_of = digest_of;
  mark.all = is_set(root, "all");
  mark.has_unplaced = is_set(root, "has_unplaced");
  mark.drawing = is_set(root, "drawing");
  return std::optional<DrawMark>(std::move(mark));
}

Result<void> write_mark(Disk& disk, const std::string& path, const DrawMark& mark) {
  declare::JsonWriter out;
  out.begin_object();
  out.key("generation").integer(static_cast<int64_t>(mark.generation));
  out.key("loaded").integer(static_cast<int64_t>(mark.loaded));
  out.key("head_counts").raw(counts_text(mark.head_counts));
  out.key("loaded_counts").raw(counts_text(mark.loaded_counts));
  out.key("digest_of").text(mark.digest_of);
  out.key("all").boolean(mark.all).key("has_unplaced").boolean(mark.has_unplaced);
  out.key("drawing").boolean(mark.drawing);
  return disk.replace(path, out.end_object().str());
}

}  // namespace penstock
