#include "plan/plan_file_facts.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <charconv>

#include "declare/json.h"

namespace penstock {
namespace {

constexpr std::string_view kFormat = "penstock plan";

// The counts by the names that people read.
std::vector<std::pair<const char*, uint64_t*>> named_counts(PlanCounts& counts) {
  return {{"rows", &counts.rows},
          {"added", &counts.added},
          {"changed", &counts.changed},
          {"removed", &counts.removed},
          {"unchanged", &counts.unchanged},
          {"invalid", &counts.invalid},
          {"waiting", &counts.waiting},
          {"waiting_removals", &counts.waiting_removals},
          {"because_of_mapping", &counts.remapped},
          {"because_of_doubt", &counts.unknown},
          {"sent_again", &counts.forced},
          {"passed_on", &counts.passed_on},
          {"handed_over", &counts.handed_over},
          {"to_send", &counts.to_send}};
}

std::string summary_of(const PlanFileFacts& facts) {
  PlanCounts counts = facts.counts;
  declare::JsonWriter json;
  json.begin_object();
  for (const auto& [name, count] : named_counts(counts)) json.key(name).integer(static_cast<int64_t>(*count));
  json.key("requests").integer(static_cast<int64_t>(facts.requests));
  return json.key("seconds").raw(fmt::format("{:.1f}", facts.seconds)).end_object().str();
}

bool read_summary(const std::string& text, PlanFileFacts& facts) {
  simdjson::dom::parser parser;
  simdjson::dom::element json;
  if (parser.parse(text).get(json) != simdjson::SUCCESS) return false;
  for (const auto& [name, count] : named_counts(facts.counts))
    if (json[name].get_uint64().get(*count) != simdjson::SUCCESS) return false;
  return json["requests"].get_uint64().get(facts.requests) == simdjson::SUCCESS &&
         json["seconds"].get_double().get(facts.seconds) == simdjson::SUCCESS;
}

std::string list_of(const std::vector<std::string>& texts) {
  declare::JsonWriter json;
  json.begin_array();
  for (const auto& text : texts) json.text(text);
  return json.end_array().str();
}

bool read_list(const std::string& text, std::vector<std::string>& into) {
  simdjson::dom::parser parser;
  simdjson::dom::array items;
  if (parser.parse(text).get_array().get(items) != simdjson::SUCCESS) return false;
  for (const auto item : items) {
    std::string_view one;
    if (item.get(one) != simdjson::SUCCESS) return false;
    into.emplace_back(one);
  }
  return true;
}

template <class T>
bool read_number(const std::string& text, T& into) {
  const auto read = std::from_chars(text.data(), text.data() + text.size(), into);
  return read.ec == std::errc() && read.ptr == text.data() + text.size();
}

}  // namespace

PlanFileEntries entries_of(const PlanFileFacts& facts) {
  PlanFileEntries entries = {{"penstock_format", std::string(kFormat)},
                             {"penstock_format_version", fmt::to_string(kPlanFileVersion)},
                             {"penstock_version", facts.version},
                             {"penstock_project", facts.project},
                             {"penstock_sync", facts.sync},
                             {"penstock_planned_at", iso8601(facts.planned_at)},
                             {"penstock_planned_at_us", fmt::to_string(unix_micros(facts.planned_at))},
                             {"penstock_kind", facts.kind},
                             {"penstock_configuration", facts.configuration},
                             {"penstock_generation", fmt::to_string(facts.generation)},
                             {"penstock_last_run", facts.last_run},
                             {"penstock_personal", list_of(facts.personal)},
                             {"penstock_summary", summary_of(facts)}};
  if (facts.limit) entries.emplace_back("penstock_limit", fmt::to_string(*facts.limit));
  if (facts.key) entries.emplace_back("penstock_key", *facts.key);
  return entries;
}

std::string entry_of(const PlanFileEntries& entries, std::string_view name) {
  for (const auto& [key, value] : entries)
    if (key == name) return value;
  return "";
}

Result<PlanFileFacts> facts_of(const PlanFileEntries& entries) {
  const auto text = [&](std::string_view name) { return entry_of(entries, name); };
  if (text("penstock_format") != kFormat)
    return Error{ErrorKind::config, "is no plan of penstock",
                 "write one with `penstock plan SYNC --out FILE`"};
  if (const std::string version = text("penstock_format_version");
      version != fmt::to_string(kPlanFileVersion))
    return Error{
        ErrorKind::config,
        fmt::format("has format version {}; this penstock reads version {}", version, kPlanFileVersion),
        "plan again with this version"};
  PlanFileFacts facts;
  facts.version = text("penstock_version");
  facts.project = text("penstock_project");
  facts.sync = text("penstock_sync");
  facts.kind = text("penstock_kind");
  facts.configuration = text("penstock_configuration");
  facts.last_run = text("penstock_last_run");
  int64_t planned_at = 0;
  bool good = read_number(text("penstock_planned_at_us"), planned_at) &&
              read_number(text("penstock_generation"), facts.generation) &&
              read_list(text("penstock_personal"), facts.personal) &&
              read_summary(text("penstock_summary"), facts);
  facts.planned_at = from_unix_micros(planned_at);
  for (const auto& [key, value] : entries) {
    if (key == "penstock_key") facts.key = value;
    if (key == "penstock_limit") good = read_number(value, facts.limit.emplace()) && good;
  }
  if (!good) return Error{ErrorKind::config, "is damaged: its metadata cannot be read", "plan again"};
  return facts;
}

}  // namespace penstock
