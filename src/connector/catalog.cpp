// The shipped connectors are compiled in, as the very files that stand in connectors/.
#include "connector/connector.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace penstock::connector {
namespace {

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wc23-extensions"
constexpr unsigned char kHubspot[] = {
#embed "../../connectors/hubspot.yaml"
};
constexpr unsigned char kFiles[] = {
#embed "../../connectors/files.yaml"
};
constexpr unsigned char kKafka[] = {
#embed "../../connectors/kafka.yaml"
};
constexpr unsigned char kMysql[] = {
#embed "../../connectors/mysql.yaml"
};
constexpr unsigned char kPostgres[] = {
#embed "../../connectors/postgres.yaml"
};
constexpr unsigned char kRedis[] = {
#embed "../../connectors/redis.yaml"
};
#pragma clang diagnostic pop

struct Shipped {
  std::string_view name;
  std::string_view text;
};

template <size_t size>
std::string_view text_of(const unsigned char (&bytes)[size]) {
  return {reinterpret_cast<const char*>(bytes), size};
}

// Listed by hand: one line a connector.
const std::vector<Shipped>& shipped() {
  static const std::vector<Shipped> all = {
      {"files", text_of(kFiles)},
      {"hubspot", text_of(kHubspot)},
      {"kafka", text_of(kKafka)},
      {"mysql", text_of(kMysql)},
      {"postgres", text_of(kPostgres)},
      {"redis", text_of(kRedis)},
  };
  return all;
}

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
  for (const auto& one : shipped()) {
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

std::vector<std::string> Catalog::names() const {
  std::vector<std::string> names;
  for (const auto& one : shipped()) names.emplace_back(one.name);
  for (const auto& [name, connector] : parsed_)
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace penstock::connector
