#include "run/configuration.h"

#include <fmt/format.h>

#include <sstream>

#include "declare/json.h"
#include "declare/nearest.h"
#include "declare/node.h"
#include "net/crypto.h"

namespace penstock {
namespace {

// A part's name as people call it, under the word that a plan file has.
struct Part {
  const char* word;
  const char* title;
};
constexpr Part kParts[] = {{"model", "the model's primary key"},
                           {"mapping", "the mapping"},
                           {"sync", "the sync's settings"},
                           {"destination", "the destination"},
                           {"connector", "the connector"}};

std::string sync_text(const config::Sync& sync) {
  declare::JsonWriter json;
  json.begin_object().key("mode").text(config::name_of(*sync.mode)).key("object").text(*sync.object);
  json.key("on_removed").text(config::name_of(sync.on_removed));
  json.key("follow").boolean(sync.match_change == config::MatchChange::follow);
  json.key("resend").boolean(sync.in_doubt == config::InDoubt::resend);
  json.key("skip_equal").boolean(sync.skip_equal);
  json.key("options").raw(sync.options ? declare::as_json(*sync.options) : "null");
  return json.end_object().str();
}

// As it is written: what a reference leads to may differ between the machine that plans and the one that
// runs.
std::string destination_text(const config::Destination& destination) {
  declare::JsonWriter json;
  json.begin_object().key("name").text(destination.name).key("type").text(*destination.type);
  for (const auto& setting : destination.settings.all())
    if (!setting.secret || setting.node.text.starts_with("${"))
      json.key(setting.name).raw(declare::as_json(setting.node));
  return json.end_object().str();
}

std::string model_text(const config::Model& model) {
  declare::JsonWriter json;
  json.begin_array().text(model.name);
  for (const auto& column : model.primary_key) json.text(*column);
  return json.end_array().str();
}

std::string text_of(std::string_view part, const PreparedSync& prepared) {
  if (part == "model") return model_text(*prepared.model);
  if (part == "mapping") return prepared.mapped.mapping.description();
  if (part == "sync") return sync_text(*prepared.sync);
  if (part == "destination") return destination_text(*prepared.destination);
  return fmt::to_string(prepared.target->connector().digest());
}

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

}  // namespace

std::string configuration_digest(const PreparedSync& prepared) {
  constexpr size_t kDigits = 16;
  std::string out;
  for (const auto& part : kParts)
    out += fmt::format("{}{}:{}", out.empty() ? "" : " ", part.word,
                       hex(sha256(text_of(part.word, prepared))).substr(0, kDigits));
  return out;
}

std::string changed_parts(const std::string& before, const std::string& now) {
  const auto had = words_of(before), has = words_of(now);
  std::vector<std::string> changed;
  for (const auto& part : kParts) {
    const auto of = [&](const std::vector<std::string>& words) {
      for (const auto& word : words)
        if (word.starts_with(std::string(part.word) + ":")) return word;
      return std::string();
    };
    if (of(had) != of(has)) changed.emplace_back(part.title);
  }
  return changed.empty() ? "" : declare::list_names(changed, changed.size(), "and");
}

}  // namespace penstock
