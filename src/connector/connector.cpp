#include "connector/connector.h"

#include <fmt/format.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "connector/json_path.h"

namespace penstock::connector {
namespace {

using namespace declare;

SettingField setting_field(const Named<SettingDeclaration>& named) {
  const SettingDeclaration& declared = named.value;
  SettingField field = [&] {
    switch (declared.type) {
      case SettingDeclaration::Type::url:
        return setting(named.name, reference_url());
      case SettingDeclaration::Type::boolean:
        return setting(named.name, boolean());
      case SettingDeclaration::Type::integer:
        return setting(named.name, integer());
      case SettingDeclaration::Type::choice: {
        std::vector<std::pair<std::string, std::string>> choices;
        for (const auto& choice : declared.choices) choices.emplace_back(choice.name, choice.value);
        return setting(named.name, choice_of(std::move(choices)));
      }
      case SettingDeclaration::Type::text:
        return setting(named.name, reference_text());
    }
    die("a setting without a type");
  }();
  field.help(declared.help);
  if (declared.required) field.required();
  if (declared.secret) field.secret();
  if (declared.by_default) field.by_default(*declared.by_default);
  if (!declared.example.empty()) field.example(declared.example);
  return field;
}

Of<Settings> settings_of(const Declaration& declaration) {
  std::vector<SettingField> fields;
  for (const auto& named : declaration.settings) fields.push_back(setting_field(named));
  return settings(declaration.name + " destination", declaration.summary, std::move(fields));
}

// `*` stands for any text.
bool fits(std::string_view pattern, std::string_view name) {
  const size_t star = pattern.find('*');
  if (star == pattern.npos) return pattern == name;
  const auto head = pattern.substr(0, star), tail = pattern.substr(star + 1);
  return name.size() >= head.size() + tail.size() && name.starts_with(head) && name.ends_with(tail);
}

}  // namespace

Connector::Connector(Declaration declaration)
    : declaration_(std::move(declaration)), settings_shape_(settings_of(declaration_)) {}

const Object* Connector::object(std::string_view name) const {
  for (const auto& object : declaration_.objects)
    if (fits(object.name, name)) return &object.value;
  return nullptr;
}

std::vector<std::string> Connector::object_names() const {
  std::vector<std::string> names;
  for (const auto& object : declaration_.objects)
    if (object.name.find('*') == std::string::npos) names.push_back(object.name);
  return names;
}

std::optional<MatchKind> Connector::match_kind(const Object& object, std::string_view field) {
  for (const auto& match : object.match)
    if (match.name == field) return match.value;
  return object.other_match;
}

const FieldDeclaration* Connector::field(const Object& object, std::string_view name) {
  for (const auto& field : object.fields)
    if (field.name == name) return &field.value;
  for (const auto& field : object.fields)
    if (fits(field.name, name)) return &field.value;
  return nullptr;
}

// ---- Target

Result<Target> Target::bind(ConnectorRef connector, TargetSettings settings, TargetFacts facts) {
  Target target;
  target.connector_ = std::move(connector);
  target.settings_ = std::move(settings);
  target.facts_ = std::move(facts);
  const Declaration& declaration = target.connector_->declaration();
  if (target.connector_->object(target.facts_.object) == nullptr)
    return Error{ErrorKind::config,
                 fmt::format("{} has no object '{}'", declaration.title, target.facts_.object),
                 fmt::format("its objects are {}", list_names(target.connector_->object_names()))};
  target.base_ = target.filled(*declaration.base);
  while (target.base_.ends_with('/')) target.base_.pop_back();
  for (const auto& header : declaration.headers)
    target.headers_.emplace_back(header.name, target.filled(header.value));
  if (auto bound = target.bind_route(); !bound.ok()) return bound.error();
  return target;
}

Result<void> Target::bind_route() {
  const Routes& routes = connector_->declaration().routes;
  const std::optional<Route>& route = facts_.match_kind == MatchKind::id       ? routes.id
                                      : facts_.match_kind == MatchKind::unique ? routes.unique
                                                                               : routes.search;
  if (!route)
    return Error{ErrorKind::config,
                 fmt::format("{} cannot match on '{}'", connector_->declaration().title, facts_.match_field),
                 ""};
  struct Slot {
    const std::string& name;
    std::optional<BoundOperation>& into;
  };
  for (const auto& slot : {Slot{route->find, usual_.find}, Slot{route->create, usual_.create},
                           Slot{route->update, usual_.update}, Slot{route->upsert, usual_.upsert},
                           Slot{route->remove, usual_.remove}}) {
    auto bound = bind_operation(slot.name);
    if (!bound.ok()) return bound.error();
    slot.into = *std::move(bound);
  }
  return route->bulk ? bind_bulk(*route->bulk) : success();
}

Result<void> Target::bind_bulk(const BulkRoute& route) {
  bulk_from_ = static_cast<uint64_t>(route.from);
  bulk_ = usual_;
  const std::pair<const std::string&, std::optional<BoundOperation>&> slots[] = {
      {route.create, bulk_.create},
      {route.update, bulk_.update},
      {route.upsert, bulk_.upsert},
      {route.remove, bulk_.remove}};
  for (const auto& [name, into] : slots) {
    if (name.empty()) continue;
    auto bound = bind_operation(name);
    if (!bound.ok()) return bound.error();
    into = *std::move(bound);
  }
  return success();
}

const BoundOperation* Target::operation(std::string_view name) const {
  for (const Operations* operations : {&usual_, &bulk_})
    for (const auto* slot : {&operations->find, &operations->create, &operations->update, &operations->upsert,
                             &operations->remove})
      if (*slot && (*slot)->name == name) return &**slot;
  return nullptr;
}

Result<std::optional<BoundOperation>> Target::bind_operation(const std::string& name) const {
  if (name.empty()) return std::optional<BoundOperation>();
  BoundOperation bound;
  bound.name = name;
  for (const auto& operation : connector_->declaration().operations)
    if (operation.name == name) bound.operation = &operation.value;
  check(bound.operation != nullptr, "a route's operation was checked");
  const std::string& request = *bound.operation->request;
  const size_t space = request.find(' ');
  bound.method = request.substr(0, space);
  auto path = TextTemplate::parse(std::string_view(request).substr(space + 1));
  if (!path.ok()) return path.error();
  bound.path = *std::move(path);
  if (bound.operation->body) {
    const bool is_mapped =
        std::find(facts_.fields.begin(), facts_.fields.end(), facts_.match_field) != facts_.fields.end();
    BodyFacts body_facts{
        .field_names = facts_.fields,
        .match_member = is_mapped || facts_.match_kind == MatchKind::id ? "" : facts_.match_field,
        .personal = facts_.personal,
        .match_is_personal = facts_.match_is_personal,
        .read_fields = {},
        .values = &values(),
        .constant = [this](const Placeholder& placeholder) { return constant(placeholder); }};
    if (!facts_.match_field.empty()) body_facts.read_fields.push_back(facts_.match_field);
    for (size_t i = 0; i < facts_.fields.size(); ++i)
      if (facts_.read[i] && facts_.fields[i] != facts_.match_field)
        body_facts.read_fields.push_back(facts_.fields[i]);
    auto body = Body::compile(*bound.operation->body, std::move(body_facts));
    if (!body.ok()) return body.error();
    bound.body = *std::move(body);
  }
  return std::optional<BoundOperation>(std::move(bound));
}

std::string Target::constant(const Placeholder& placeholder) const {
  switch (placeholder.what) {
    case Placeholder::What::setting: {
      const auto found = settings_.values.find(placeholder.argument);
      return found == settings_.values.end() ? std::string() : found->second;
    }
    case Placeholder::What::object:
      return facts_.object;
    case Placeholder::What::match_field:
      return facts_.match_field;
    default:
      die("a placeholder that is not constant");
  }
}

std::string Target::filled(const std::string& text) const {
  const auto parsed = TextTemplate::parse(text);
  check(parsed.ok(), "a text of a declaration was checked");
  return parsed->fill([this](const Placeholder& placeholder) { return constant(placeholder); });
}

namespace {

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    if (plain)
      out += c;
    else
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

// The id of a job may be a path of its own: customers/123/offlineUserDataJobs/456.
std::string job_in_path(std::string_view id) {
  std::string out = percent_encoded(id);
  for (size_t at = out.find("%2F"); at != out.npos; at = out.find("%2F", at)) out.replace(at, 3, "/");
  return out;
}

// "https://api.example.com" of an address of any length.
std::string_view origin_of(std::string_view url) {
  const size_t scheme = url.find("://");
  return scheme == url.npos ? std::string_view() : url.substr(0, url.find_first_of("/?#", scheme + 3));
}

}  // namespace

namespace {

// An address that the destination gave: whatever is there needs no login of ours.
Result<JobCall> named_address(std::string_view url) {
  if (origin_of(url).starts_with("http"))
    return JobCall{.method = "GET", .url = std::string(url), .body = "", .with_login = false};
  return Error{ErrorKind::transient, fmt::format("'{}' is no address", url), ""};
}

}  // namespace

Result<JobCall> Target::job_call(const JobRequest& request, std::string_view job,
                                 std::string_view page) const {
  const auto value = [&](const Placeholder& placeholder) {
    if (placeholder.what == Placeholder::What::job) return std::string(job);
    return placeholder.what == Placeholder::What::page ? std::string(page) : constant(placeholder);
  };
  JobCall call;
  if (request.request->empty()) return named_address(page);
  const size_t space = request.request->find(' ');
  call.method = request.request->substr(0, space);
  if (page.starts_with("http://") || page.starts_with("https://")) {
    if (origin_of(page) != origin_of(base_))
      return Error{ErrorKind::transient,
                   fmt::format("the next page is said to be at {}, which is not where "
                               "the destination is",
                               origin_of(page)),
                   ""};
    call.url = page;
  } else {
    const auto path = TextTemplate::parse(std::string_view(*request.request).substr(space + 1));
    if (!path.ok()) return path.error();
    call.url = base_ + path->fill([&](const Placeholder& placeholder) {
      return placeholder.what == Placeholder::What::job ? job_in_path(job)
                                                        : percent_encoded(value(placeholder));
    });
  }
  if (!request.body) return call;
  // Compiled for each request: there are few, and every one differs.
  BodyFacts facts;
  facts.values = &values();
  facts.constant = value;
  auto body = Body::compile(*request.body, std::move(facts));
  if (!body.ok()) return body.error();
  body->begin(call.body);
  body->add(call.body, RowView{}, 0);
  body->end(call.body);
  return call;
}

std::string Target::url(const BoundOperation& operation, const RowView* row) const {
  return base_ + operation.path.fill([&](const Placeholder& placeholder) {
    std::string text;
    if (placeholder.what == Placeholder::What::match && row != nullptr)
      append_text(text, row->match[0], row->row);
    else if (placeholder.what == Placeholder::What::record_id && row != nullptr)
      text = row->record_id;
    else if (placeholder.what == Placeholder::What::job)
      return job_in_path(row == nullptr ? "" : row->job);
    else
      text = constant(placeholder);
    return percent_encoded(text);
  });
}

LimitRule Target::limit(std::string_view group) const {
  for (const auto& named : connector_->declaration().limits) {
    if (named.name != group) continue;
    for (const auto& rule : named.value.rates)
      if (conditions_hold(rule.when, settings_.values)) return {rule.rate, named.value.learn};
  }
  die("a limit group was checked");
}

std::string Target::without_secrets(std::string text) const {
  return connector::without_secrets(std::move(text), settings_.secrets);
}

std::optional<std::string> Target::discover_fields_url() const {
  const auto& fields = connector_->declaration().discover.fields;
  if (!fields) return std::nullopt;
  return base_ + filled(fields->request->substr(fields->request->find(' ') + 1));
}

Result<std::vector<DiscoveredField>> read_discovered_fields(const DiscoverFields& rule,
                                                            std::string_view body) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  simdjson::dom::array entries;
  if (parser.parse(body.data(), body.size()).get(root) != simdjson::SUCCESS || !at_path(root, rule.each) ||
      at_path(root, rule.each)->get(entries) != simdjson::SUCCESS)
    return Error{ErrorKind::transient, fmt::format("the list of fields has no '{}'", rule.each), ""};
  std::vector<DiscoveredField> fields;
  for (const auto entry : entries)
    fields.push_back({.name = text_at(entry, rule.name),
                      .title = text_at(entry, rule.title),
                      .type = text_at(entry, rule.type),
                      .unique = text_at(entry, rule.unique) == "true",
                      .read_only = text_at(entry, rule.read_only) == "true",
                      .options = {}});
  return fields;
}

}  // namespace penstock::connector
