// Any bytes as the files of a project: reading them must end, crash nothing, and place every diagnostic.
//
// The input is penstock.yaml, then a sync, then a model's SQL file, with lines of "%%%" between them.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/test_projects.h"

namespace penstock::config {
namespace {

std::vector<std::string> split(std::string_view input) {
  constexpr std::string_view kBetween = "\n%%%\n";
  std::vector<std::string> parts;
  for (size_t at = input.find(kBetween); at != std::string_view::npos; at = input.find(kBetween)) {
    parts.emplace_back(input.substr(0, at));
    input.remove_prefix(at + kBetween.size());
  }
  parts.emplace_back(input);
  return parts;
}

void check_place(const Place& place) {
  check(place.known(), "a diagnostic has a place");
  check(place.line <= place.file->lines(), "a place is inside its file");
  check(place.line == 0 || place.column >= 1, "a place has a column");
}

void try_project(std::string_view input) {
  constexpr const char* kPaths[] = {"penstock.yaml", "syncs/customers_to_crm.yaml", "models/orders.sql"};
  Files files = good_files();
  const auto parts = split(input);
  for (size_t i = 0; i < parts.size() && i < std::size(kPaths); ++i) files[kPaths[i]] = parts[i];
  const Loaded loaded = load(files);
  for (const auto& each : loaded.diagnostics.sorted()) {
    check_place(each.place);
    for (const auto& note : each.notes) check_place(note.place);
    check(!as_text(each).empty() && !as_json(each).empty(), "a diagnostic can be shown");
  }
  for (const Model& model : loaded.project.models)
    if (model.sql)
      for (size_t at = 0; at <= model.sql->text.size(); at += 7) check_place(model.sql->at(at));
}

}  // namespace
}  // namespace penstock::config

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  penstock::config::try_project({reinterpret_cast<const char*>(data), size});
  return 0;
}
