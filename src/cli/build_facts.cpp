#include "cli/build_facts.h"

#include <duckdb.h>
#include <fmt/format.h>

#include "cli/version.h"
#include "declare/json.h"

namespace penstock::cli {
namespace {

#include "build_facts.inc"  // kCommit and kDate: written by cmake/build_facts.cmake

}  // namespace

BuildFacts build_facts() {
  return {kVersion, kCommit, kDate, "clang " __clang_version__, duckdb_library_version()};
}

std::string version_text() {
  const BuildFacts facts = build_facts();
  std::string text(kVersionText);
  const std::pair<std::string_view, std::string_view> lines[] = {
      {"commit", facts.commit}, {"date", facts.date}, {"compiler", facts.compiler}, {"duckdb", facts.duckdb}};
  for (const auto& [name, value] : lines)
    if (!value.empty()) text += fmt::format("\n{:<9} {}", name, value);
  return text;
}

std::string version_json() {
  const BuildFacts facts = build_facts();
  declare::JsonWriter json;
  json.begin_object()
      .key("version")
      .text(facts.version)
      .text_if("commit", facts.commit)
      .text_if("date", facts.date);
  return json.key("compiler").text(facts.compiler).key("duckdb").text(facts.duckdb).end_object().str();
}

}  // namespace penstock::cli
