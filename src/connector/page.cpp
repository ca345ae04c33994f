#include "connector/page.h"

#include <fmt/format.h>

#include "connector/login.h"
#include "declare/units.h"

namespace penstock::connector {
namespace {

// A pipe would end the cell.
std::string in_cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

std::string_view name_of(MatchKind kind) {
  switch (kind) {
    case MatchKind::id:
      return "the record's id";
    case MatchKind::unique:
      return "native upsert";
    case MatchKind::search:
      return "bulk search";
  }
  return "";
}

// The settings that must be given, and those of the login.
std::string sample_settings(const Declaration& d, const std::vector<std::string>& of_login) {
  std::string out;
  for (const auto& setting : d.settings) {
    const bool is_of_login = std::find(of_login.begin(), of_login.end(), setting.name) != of_login.end();
    if (setting.value.required || is_of_login)
      out += fmt::format("{}: {}\n", setting.name,
                         setting.value.example.empty() ? "..." : setting.value.example);
  }
  return out;
}

std::string settings_section(const Declaration& d) {
  std::string out = "## The destination\n\n```yaml\n";
  const auto logins = choices_of(d.auth);
  for (size_t i = logins.size(); i-- > 0;) {
    if (i + 1 < logins.size()) out += "```\n\nor, for another login,\n\n```yaml\n";
    out += fmt::format("# destinations/{}.yaml\ntype: {}\n", d.name, d.name) +
           sample_settings(d, settings_of_login(d, logins[i].use));
  }
  out += "```\n\n| setting | default | |\n| --- | --- | --- |\n";
  for (const auto& setting : d.settings) {
    const std::string by_default = setting.value.required     ? "**required**"
                                   : setting.value.by_default ? fmt::format("`{}`", *setting.value.by_default)
                                                              : "";
    out += fmt::format("| `{}` | {} | {}{}", setting.name, by_default, in_cell(setting.value.help),
                       setting.value.secret ? " Secret: never shown." : "");
    for (const auto& choice : setting.value.choices)
      out += fmt::format("<br>`{}`: {}", choice.name, in_cell(choice.value));
    out += " |\n";
  }
  return out;
}

std::string objects_of(const Declaration& d) {
  std::string out =
      "## Objects\n\n| `object:` | | matched by, and how the record is found |\n| --- | --- | --- |\n";
  for (const auto& object : d.objects) {
    std::string matches;
    for (const auto& match : object.value.match)
      matches += fmt::format("`{}` ({}), ", match.name, name_of(match.value));
    matches += object.value.other_match
                   ? fmt::format("any other field ({})", name_of(*object.value.other_match))
                   : "any other field (the destination is asked how)";
    out +=
        fmt::format("| {} | {} | {} |\n", object.name == "*" ? "any other" : fmt::format("`{}`", object.name),
                    in_cell(object.value.title), matches);
  }
  return out;
}

const Operation* operation_named(const Declaration& d, const std::string& name) {
  for (const auto& operation : d.operations)
    if (operation.name == name) return &operation.value;
  return nullptr;
}

std::string records_a_request(const Operation& look_up) {
  return look_up.rows == 1 ? "one record a request" : fmt::format("{} records a request", look_up.rows);
}

// How it is known what records hold; empty: it is not.
std::string reading_of(const Declaration& d, const Route& route) {
  const Operation* find = operation_named(d, route.find);
  const bool finds = find != nullptr && !find->find->fields.empty();
  if (const Operation* read = operation_named(d, route.read))
    return "yes, " + records_a_request(*read) + (finds || route.find.empty() ? "" : ", once they are found");
  return finds ? "yes, as they are found, " + records_a_request(*find) : "";
}

// Of objects that go another way than the connector's routes.
std::string readings_of_objects(const Declaration& d) {
  std::string told, untold;
  for (const auto& object : d.objects) {
    if (!object.value.routes) continue;
    const Routes& routes = *object.value.routes;
    std::string reading;
    for (const auto* route : {&routes.id, &routes.unique, &routes.search})
      if (*route && reading.empty()) reading = reading_of(d, **route);
    if (reading.empty())
      untold += fmt::format("{}`{}`", untold.empty() ? "" : ", ", object.name);
    else
      told += fmt::format("Of `{}`: {}. ", object.name, reading);
  }
  if (!untold.empty()) told += fmt::format("Of {}: no. ", untold);
  return told;
}

std::string route_row(const Declaration& d, std::string_view kind, const std::optional<Route>& route) {
  if (!route) return "";
  const bool writes_both = !route->upsert.empty() || (!route->create.empty() && !route->find.empty());
  std::string modes;
  const auto add = [&](bool can, std::string_view mode) {
    if (can) modes += fmt::format("{}`{}`", modes.empty() ? "" : ", ", mode);
  };
  add(!route->create.empty(), "insert");
  add(!route->update.empty(), "update");
  add(writes_both, "upsert");
  add(writes_both && !route->remove.empty(), "mirror");
  add(!route->create.empty(), "append");
  add(!route->remove.empty(), "delete");
  const std::string reading = reading_of(d, *route);
  return fmt::format("| {} | {} | {} |\n", kind, modes, reading.empty() ? "no" : reading);
}

std::string modes_of(const Declaration& d) {
  std::string out = "## Modes\n\n| found by | modes | read before written |\n| --- | --- | --- |\n" +
                    route_row(d, name_of(MatchKind::id), d.routes.id) +
                    route_row(d, name_of(MatchKind::unique), d.routes.unique) +
                    route_row(d, name_of(MatchKind::search), d.routes.search);
  std::string objects = readings_of_objects(d);
  if (!objects.empty()) objects.pop_back();
  const bool reads = out.find("| yes, ") != out.npos || objects.find(": yes, ") != objects.npos;
  if (!reads) return out;
  return out +
         "\n*Read before written*: what records hold can be known before it is overwritten. Before-images, "
         "`write: if_unchanged`, drift and undo need that.\n" +
         (objects.empty() ? "" : objects + "\n");
}

std::vector<std::string> names_of_limits(const LimitNames& names) {
  std::vector<std::string> all;
  for (const auto& name : names) all.push_back(fmt::format("`{}`", *name));
  return all;
}

std::string operations_of(const Declaration& d) {
  std::string out =
      "## Requests\n\n| operation | request | rows | bytes | limit |\n| --- | --- | --- | --- | --- |\n";
  for (const auto& operation : d.operations)
    out += fmt::format("| `{}` | `{}` | {} | {} | {} |\n", operation.name, in_cell(*operation.value.request),
                       operation.value.rows,
                       operation.value.bytes == 0 ? "" : declare::show_size(operation.value.bytes),
                       fmt::join(names_of_limits(operation.value.limit), ", "));
  return out;
}

std::string limits_of(const Declaration& d) {
  std::string out = "## Limits\n\n| limit | rate | |\n| --- | --- | --- |\n";
  for (const auto& group : d.limits) {
    if (group.value.rates.empty())
      out += fmt::format("| `{}` | {} | |\n", group.name, limit_text(group.value, nullptr));
    for (const auto& rule : group.value.rates) {
      std::string when;
      for (const auto& condition : rule.when)
        when += fmt::format("{}with `{}: {}`", when.empty() ? "" : ", ", condition.name, condition.value);
      if (when.empty() && group.value.rates.size() > 1) when = "otherwise";
      out += fmt::format("| `{}` | {} | {} |\n", group.name, limit_text(group.value, &rule), when);
    }
  }
  out += "\n`rate_share` of a destination takes a part of each. ";
  const bool learns = std::any_of(d.limits.begin(), d.limits.end(),
                                  [](const auto& group) { return !group.value.learn.empty(); });
  return out + (learns ? "What responses say about a limit wins.\n"
                       : "Responses do not tell how much of a limit is left.\n");
}

}  // namespace

std::string limit_text(const LimitGroup& group, const RateRule* rule) {
  std::vector<std::string> parts;
  std::vector<std::string> rates;
  if (rule != nullptr)
    for (const auto& rate : rule->rates) rates.push_back(declare::show(rate));
  if (!rates.empty()) parts.push_back(fmt::to_string(fmt::join(rates, " and ")));
  if (group.concurrency) parts.push_back(fmt::format("{} at once", *group.concurrency));
  if (group.adaptive || (rates.empty() && !group.concurrency)) parts.push_back("as many as it takes");
  std::string text = fmt::to_string(fmt::join(parts, ", "));
  if (!group.per->empty()) text += fmt::format(" for each {}", *group.per);
  return text;
}

std::string connector_page(const Declaration& d) {
  std::string out = fmt::format(
      "# {}\n\n{} Checked against the vendor's pages in {}.\n\n"
      "*Made from `connectors/{}.yaml`; what a sync's files look like is on [projects](../projects.md).*\n",
      d.title, d.summary, d.facts, d.name);
  if (!d.setup.empty()) out += fmt::format("\n## At the vendor\n\n{}", d.setup);
  if (!out.ends_with('\n')) out += '\n';
  for (const auto& section :
       {settings_section(d), objects_of(d), modes_of(d), operations_of(d), limits_of(d)})
    out += "\n" + section;
  if (!d.quirks.empty()) out += "\n## Good to know\n\n";
  for (const auto& quirk : d.quirks) out += fmt::format("- {}\n", quirk);
  return out;
}

}  // namespace penstock::connector
