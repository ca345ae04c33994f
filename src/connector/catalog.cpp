// The shipped connectors are compiled in, as the very files that stand in connectors/.
#include "connector/connector.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/embedded.h"

namespace penstock::connector {
namespace {

// One array and one line of the list for every connectors/*.yaml: written by cmake/penstock.cmake.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wc23-extensions"
#include "shipped_connectors.inc"
#pragma clang diagnostic pop

}  // namespace

Catalog::Catalog() = default;

void Catalog::add(const declare::SourceFileRef& file, declare::Diagnostics& diagnostics) {
  auto declaration = read_declaration(file, diagnostics);
  if (!declaration) return;
  auto connector = std::make_shared<Connector>(*std::move(declaration));
  connector->digest_ = XXH3_64bits(file->text().data(), file->text().size());
  parsed_[connector->name()] = std::move(connector);
}

ConnectorRef Catalog::find(std::string_view name) const {
  if (const auto found = parsed_.find(name); found != parsed_.end()) return found->second;
  for (const auto& one : kShipped) {
    if (one.name != name) continue;
    declare::Diagnostics diagnostics;
    const auto file = std::make_shared<declare::SourceFile>("connectors/" + std::string(name) + ".yaml",
                                                            std::string(one.text));
    auto declaration = read_declaration(file, diagnostics);
    check(declaration.has_value(), "a shipped connector has errors: " + as_text(diagnostics));
    auto connector = std::make_shared<Connector>(*std::move(declaration));
    connector->digest_ = XXH3_64bits(one.text.data(), one.text.size());
    return parsed_[std::string(name)] = std::move(connector);
  }
  return nullptr;
}

std::string_view shipped_text(std::string_view name) {
  for (const auto& one : kShipped)
    if (one.name == name) return one.text;
  return {};
}

std::vector<std::string> Catalog::names() const {
  std::vector<std::string> names;
  for (const auto& one : kShipped) names.emplace_back(one.name);
  for (const auto& [name, connector] : parsed_)
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace penstock::connector
