#include "run/sync_options.h"

#include <fmt/format.h>

namespace penstock {

using declare::Diagnostics;

std::string setting_text(const declare::Settings::Setting& setting) {
  const auto& type = setting.shape->type();
  if (type == typeid(std::string)) return *static_cast<const std::string*>(setting.value.get());
  if (type == typeid(bool)) return *static_cast<const bool*>(setting.value.get()) ? "true" : "false";
  if (type == typeid(int64_t)) return fmt::to_string(*static_cast<const int64_t*>(setting.value.get()));
  return "";
}

namespace {

void check_body(const declare::Node& node, Diagnostics& diagnostics) {
  if (node.is_scalar()) {
    const auto text = connector::TextTemplate::parse(node.text);
    if (!text.ok()) diagnostics.error(node.place, text.error().message).remedy = text.error().remedy;
  }
  for (const auto& item : node.items) check_body(item, diagnostics);
  for (const auto& entry : node.entries) {
    const auto key = connector::TextTemplate::parse(entry.key);
    if (!key.ok()) diagnostics.error(entry.key_place, key.error().message).remedy = key.error().remedy;
    check_body(entry.value, diagnostics);
  }
}

}  // namespace

void read_options(const config::Sync& sync, const connector::Connector& connector,
                  const declare::Resolver* resolver, connector::TargetFacts& facts,
                  Diagnostics& diagnostics) {
  declare::Node given;
  given.kind = declare::Node::Kind::map;
  given.place = sync.place;
  if (sync.options) given = *sync.options;
  declare::Settings options;
  if (!declare::read(connector.options_shape(), given, options, diagnostics)) return;
  for (const auto& option : options.all()) {
    if (option.shape->type() == typeid(declare::Node)) {
      check_body(option.node, diagnostics);
      facts.bodies.emplace(option.name, option.node);
    } else if (option.shape->type() == typeid(declare::Reference)) {
      if (resolver == nullptr) continue;
      auto text = declare::resolve(*static_cast<const declare::Reference*>(option.value.get()), *resolver);
      if (text.ok())
        facts.options.emplace(option.name, *std::move(text));
      else
        diagnostics.error(option.node.place, text.error().message).remedy = text.error().remedy;
    } else {
      facts.options.emplace(option.name, setting_text(option));
    }
  }
}

}  // namespace penstock
