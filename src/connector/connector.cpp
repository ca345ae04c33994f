#include "connector/connector.h"

#include <fmt/format.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "connector/encode.h"
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
      case SettingDeclaration::Type::body:
        return setting(named.name, anything());
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

Of<Settings> settings_of(std::string name, const std::string& summary,
                         const std::vector<Named<SettingDeclaration>>& declared) {
  std::vector<SettingField> fields;
  for (const auto& named : declared) fields.push_back(setting_field(named));
  return settings(std::move(name), summary, std::move(fields));
}

// `*` stands for any text.
bool fits(std::string_view pattern, std::string_view name) {
  const size_t star = pattern.find('*');
  if (star == pattern.npos) return pattern == name;
  const auto head = pattern.substr(0, star), tail = pattern.substr(star + 1);
  return name.size() >= head.size() + tail.size() && name.starts_with(head) && name.ends_with(tail);
}

// What the pattern's `*` stands for.
std::string rest_of(std::string_view pattern, std::string_view name) {
  const size_t star = pattern.find('*');
  return star == pattern.npos ? "" : std::string(name.substr(star, name.size() - pattern.size() + 1));
}

}  // namespace

Connector::Connector(Declaration declaration)
    : declaration_(std::move(declaration)),
      settings_shape_(
          settings_of(declaration_.name + " destination", declaration_.summary, declaration_.settings)),
      options_shape_(settings_of("list of options of a sync to " + declaration_.title,
                                 "What this kind of destination lets a sync choose.", declaration_.options)) {
}

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

const std::string& TargetFacts::match_field() const {
  static const std::string kNone;
  return match_fields.empty() ? kNone : match_fields[0];
}

std::string TargetFacts::field_types_json() const {
  std::string out = "{";
  const auto add = [&](const std::string& name, ValueType type) {
    if (out.size() > 1) out += ',';
    append_json_string(out, name);
    out += ':';
    append_json_string(out, storage_sql_type(type));
  };
  for (size_t i = 0; i < std::min(match_fields.size(), match_types.size()); ++i)
    add(match_fields[i], match_types[i]);
  for (size_t i = 0; i < std::min(fields.size(), field_types.size()); ++i)
    if (std::find(match_fields.begin(), match_fields.end(), fields[i]) == match_fields.end())
      add(fields[i], field_types[i]);
  return out + "}";
}

const FieldDeclaration* Connector::field(const Object& object, std::string_view name) {
  for (const auto& field : object.fields)
    if (field.name == name) return &field.value;
  for (const auto& field : object.fields)
    if (fits(field.name, name)) return &field.value;
  return nullptr;
}

// ---- Target

namespace {

// A body in which {option.NAME} stands for the sync's own template.
declare::Node with_bodies(const declare::Node& node, const std::map<std::string, declare::Node>& bodies) {
  if (node.is_scalar() && node.text.starts_with("{option.") && node.text.ends_with('}')) {
    const auto body = bodies.find(node.text.substr(8, node.text.size() - 9));
    if (body != bodies.end()) return body->second;
  }
  declare::Node out = node;
  for (auto& item : out.items) item = with_bodies(item, bodies);
  for (auto& entry : out.entries) entry.value = with_bodies(entry.value, bodies);
  return out;
}

bool node_names_record(const declare::Node& node) {
  if (node.is_scalar()) return node.text.find("{record_id") != std::string::npos;
  return std::any_of(node.items.begin(), node.items.end(), node_names_record) ||
         std::any_of(node.entries.begin(), node.entries.end(), [](const auto& entry) {
           return entry.key.find("{record_id") != std::string::npos || node_names_record(entry.value);
         });
}

// A field's own value, or the id of the record that it stands for.
bool is_of_field(const Placeholder& placeholder) {
  return placeholder.what == Placeholder::What::field || placeholder.what == Placeholder::What::reference;
}

// Names of the fields that have a place of their own in this text.
void note_fields(const TextTemplate& text, std::vector<std::string>& names) {
  for (const auto& piece : text.pieces())
    if (piece.placeholder && is_of_field(*piece.placeholder)) names.push_back(piece.placeholder->argument);
}

void note_taken(const TextTemplate& text, TakenFields& taken) {
  for (const auto& piece : text.pieces()) {
    if (!piece.placeholder) continue;
    const Placeholder& placeholder = *piece.placeholder;
    if (is_of_field(placeholder)) taken.names.push_back(placeholder.argument);
    if (placeholder.what != Placeholder::What::fields) continue;
    if (placeholder.argument.empty())
      taken.all = true;
    else
      taken.prefixes.push_back(placeholder.argument + ".");
  }
}

void note_taken(const declare::Node& node, TakenFields& taken) {
  if (node.is_scalar())
    if (const auto text = TextTemplate::parse(node.text); text.ok()) note_taken(*text, taken);
  for (const auto& item : node.items) note_taken(item, taken);
  for (const auto& entry : node.entries) {
    if (const auto text = TextTemplate::parse(entry.key); text.ok()) note_taken(*text, taken);
    note_taken(entry.value, taken);
  }
}

}  // namespace

bool names_record(const Operation& operation) {
  return operation.request->find("{record_id") != std::string::npos ||
         (operation.body && node_names_record(*operation.body));
}

bool TakenFields::takes_by_name(std::string_view field) const {
  return std::find(names.begin(), names.end(), field) != names.end();
}

bool TakenFields::takes(std::string_view field) const {
  return all || takes_by_name(field) ||
         std::any_of(prefixes.begin(), prefixes.end(),
                     [&](const auto& prefix) { return field.starts_with(prefix); });
}

Result<Target> Target::bind(ConnectorRef connector, TargetSettings settings, TargetFacts facts) {
  Target target;
  target.connector_ = std::move(connector);
  target.settings_ = std::move(settings);
  target.facts_ = std::move(facts);
  const Declaration& declaration = target.connector_->declaration();
  target.object_ = target.connector_->object(target.facts_.object);
  if (target.object_ == nullptr)
    return Error{ErrorKind::config,
                 fmt::format("{} has no object '{}'", declaration.title, target.facts_.object),
                 fmt::format("its objects are {}", list_names(target.connector_->object_names()))};
  for (const auto& object : declaration.objects)
    if (&object.value == target.object_) target.object_rest_ = rest_of(object.name, target.facts_.object);
  target.base_ = target.filled(*declaration.base);
  target.bind_limits();
  while (target.base_.ends_with('/')) target.base_.pop_back();
  for (const auto& header : declaration.headers)
    target.headers_.emplace_back(header.name, target.filled(header.value));
  if (auto bound = target.bind_route(); !bound.ok()) return bound.error();
  target.text_facts_ = target.body_facts();
  target.text_facts_.constant = nullptr;  // the target may be moved
  for (const auto& reference : target.references_)
    if (target.is_personal(reference.value)) target.text_facts_.match_is_personal = true;
  return target;
}

const std::optional<Route>& Target::route() const {
  const auto of_kind = [this](const Routes& routes) -> const std::optional<Route>& {
    switch (facts_.match_kind) {
      case MatchKind::id:
        return routes.id;
      case MatchKind::unique:
        return routes.unique;
      case MatchKind::search:
        return routes.search;
    }
    die("a kind of match without a route");
  };
  if (object_->routes)
    if (const auto& own = of_kind(*object_->routes)) return own;
  return of_kind(connector_->declaration().routes);
}

Result<void> Target::bind_route() {
  const std::optional<Route>& route = this->route();
  // Asking for fields matches nothing, and what is only added needs no route either.
  if (!route && facts_.match_fields.empty()) return success();
  if (!route)
    return Error{
        ErrorKind::config,
        fmt::format("{} cannot match on '{}'", connector_->declaration().title, facts_.match_field()), ""};
  if (auto bound = bind_references(*route); !bound.ok()) return bound;
  struct Slot {
    const std::string& name;
    std::optional<BoundOperation>& into;
  };
  for (const auto& slot :
       {Slot{route->find, usual_.find}, Slot{route->read, usual_.read}, Slot{route->create, usual_.create},
        Slot{route->update, usual_.update}, Slot{route->upsert, usual_.upsert},
        Slot{route->remove, usual_.remove}, Slot{route->replace, usual_.replace}}) {
    auto bound = bind_operation(slot.name);
    if (!bound.ok()) return bound.error();
    slot.into = *std::move(bound);
  }
  return route->bulk ? bind_bulk(*route->bulk) : success();
}

std::optional<ValuePlace> Target::place_of(const std::string& field) const {
  const auto in = [&](const std::vector<std::string>& names, bool is_match) -> std::optional<ValuePlace> {
    const auto found = std::find(names.begin(), names.end(), field);
    if (found == names.end()) return std::nullopt;
    return ValuePlace{is_match, static_cast<size_t>(found - names.begin())};
  };
  const auto match = in(facts_.match_fields, true);
  return match ? match : in(facts_.fields, false);
}

bool Target::is_personal(ValuePlace place) const {
  return place.is_match ? facts_.match_is_personal : facts_.personal[place.index];
}

// Those of fields that the sync maps.
Result<void> Target::bind_references(const Route& route) {
  for (const auto& declared : route.references) {
    const auto place = place_of(declared.name);
    if (!place) continue;
    BoundReference& reference = references_.emplace_back(BoundReference{declared.name, *place, {}});
    const std::string& option = declared.value.option;
    if (!option.empty() && (!facts_.options.contains(option) || facts_.options.at(option).empty())) continue;
    auto find = bind_operation(declared.value.find, place);
    if (!find.ok()) return find.error();
    reference.find = *std::move(find);
  }
  return success();
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
    for (const auto* slot : {&operations->find, &operations->read, &operations->create, &operations->update,
                             &operations->upsert, &operations->remove, &operations->replace})
      if (*slot && (*slot)->name == name) return &**slot;
  return nullptr;
}

Result<std::optional<BoundOperation>> Target::bind_operation(const std::string& name,
                                                             std::optional<ValuePlace> looks_for) const {
  if (name.empty()) return std::optional<BoundOperation>();
  BoundOperation bound;
  bound.name = name;
  bound.looks_for = looks_for;
  for (const auto& operation : connector_->declaration().operations)
    if (operation.name == name) bound.operation = &operation.value;
  check(bound.operation != nullptr, "a route's operation was checked");
  const std::string& request = *bound.operation->request;
  const size_t space = request.find(' ');
  bound.method = request.substr(0, space);
  auto path = TextTemplate::parse(std::string_view(request).substr(space + 1));
  if (!path.ok()) return path.error();
  bound.path = *std::move(path);
  std::vector<std::string> apart;
  note_fields(bound.path, apart);
  for (const auto& header : bound.operation->headers) {
    auto text = TextTemplate::parse(header.value);
    if (!text.ok()) return text.error();
    note_fields(*text, apart);
    bound.headers.emplace_back(header.name, *std::move(text));
  }
  if (bound.operation->find) bound.find = bind_find(*bound.operation->find);
  bound.read_fields = fields_read_by(bound.find);
  if (auto done = bind_body(*bound.operation, std::move(apart), bound); !done.ok()) return done.error();
  bound.needs_record = names_record(*bound.operation);
  note_taken(bound.path, bound.takes);
  for (const auto& header : bound.headers) note_taken(header.second, bound.takes);
  if (bound.operation->body) note_taken(with_bodies(*bound.operation->body, facts_.bodies), bound.takes);
  return std::optional<BoundOperation>(std::move(bound));
}

FindRule Target::bind_find(FindRule rule) const {
  for (std::string* path : {&rule.each, &rule.value, &rule.next}) *path = filled(*path);
  for (auto* paths : {&rule.record_id, &rule.fields})
    for (std::string& path : *paths) path = filled(path);
  return rule;
}

bool Target::writes_whole() const {
  const auto whole = [](const std::optional<BoundOperation>& slot) { return slot && slot->operation->whole; };
  const auto any = [&](const Operations& set) {
    return whole(set.create) || whole(set.update) || whole(set.upsert);
  };
  return any(usual_) || any(bulk_);
}

Result<void> Target::bind_body(const Operation& operation, std::vector<std::string> apart,
                               BoundOperation& bound) const {
  if (!operation.body) return success();
  const Node template_ = with_bodies(*operation.body, facts_.bodies);
  BodyFacts facts = body_facts();
  facts.apart = std::move(apart);
  facts.lines = operation.content == Operation::Content::ndjson;
  facts.read_fields = bound.read_fields;
  if (bound.looks_for && is_personal(*bound.looks_for)) facts.match_is_personal = true;
  if (operation.content == Operation::Content::csv || operation.content == Operation::Content::multipart) {
    auto csv = CsvBody::compile(template_, std::move(facts));
    if (!csv.ok()) return csv.error();
    bound.csv = *std::move(csv);
    return success();
  }
  auto body = Body::compile(template_, std::move(facts));
  if (!body.ok()) return body.error();
  bound.body = *std::move(body);
  return success();
}

BodyFacts Target::body_facts() const {
  BodyFacts facts{.field_names = facts_.fields,
                  .match_names = facts_.match_fields,
                  .match_is_record = facts_.match_kind == MatchKind::id,
                  .personal = facts_.personal,
                  .match_is_personal = facts_.match_is_personal,
                  .seed = XXH3_64bits(facts_.sync.data(), facts_.sync.size()),
                  .values = &values(),
                  .constant = [this](const Placeholder& placeholder) { return constant(placeholder); }};
  for (const auto& reference : references_) {
    facts.reference_names.push_back(reference.name);
    facts.reference_is_personal.push_back(!reference.find && is_personal(reference.value));
  }
  return facts;
}

// What is matched on, unless that is the record's own id; that id where it stands among the fields; and what
// the mapped fields hold, as far as that is to be known. Each once.
std::vector<std::string> Target::fields_read_by(const std::optional<FindRule>& find) const {
  std::vector<std::string> names;
  const auto add = [&](std::string_view name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.emplace_back(name);
  };
  if (find && !find->members && !find->record_id.empty())
    for (const auto& fields : find->fields) {
      const std::string inside = fields == "." ? "" : fields + ".";
      if (find->record_id[0].starts_with(inside)) add(find->record_id[0].substr(inside.size()));
    }
  if (facts_.match_kind != MatchKind::id)
    for (const auto& field : facts_.match_fields) add(field);
  for (size_t i = 0; i < facts_.fields.size(); ++i)
    if (facts_.read[i]) add(facts_.fields[i]);
  return names;
}

std::string Target::constant(const Placeholder& placeholder) const {
  const auto value_in = [&](const std::map<std::string, std::string>& values) {
    const auto found = values.find(placeholder.argument);
    return found == values.end() ? std::string() : found->second;
  };
  switch (placeholder.what) {
    case Placeholder::What::setting:
      return value_in(settings_.values);
    case Placeholder::What::option:
      return value_in(facts_.options);
    case Placeholder::What::object:
      return facts_.object;
    case Placeholder::What::object_word:
      if (placeholder.argument == "rest") return object_rest_;
      for (const auto& word : object_->words)
        if (word.name == placeholder.argument) return word.value;
      return "";
    case Placeholder::What::field_types:
      return facts_.field_types_json();
    case Placeholder::What::match_field:
      return facts_.match_field();
    default:
      die("a placeholder that is not constant");
  }
}

std::string Target::filled(const std::string& text) const {
  const auto parsed = TextTemplate::parse(text);
  check(parsed.ok(), "a text of a declaration was checked");
  return parsed->fill([this](const Placeholder& placeholder) { return constant(placeholder); });
}

void Target::bind_limits() {
  for (const auto& [name, place, group] : connector_->declaration().limits) {
    LimitRule limit;
    for (const auto& rule : group.rates)
      if (conditions_hold(rule.when, settings_.values)) {
        limit.rates = rule.rates;
        break;
      }
    if (group.concurrency) limit.concurrency = static_cast<uint64_t>(*group.concurrency);
    limit.adaptive = group.adaptive || (limit.rates.empty() && !limit.concurrency);
    limit.learn = group.learn;
    if (!group.per->empty()) {
      auto text = TextTemplate::parse(*group.per);
      check(text.ok(), "a text of a declaration was checked");
      for (const auto& piece : text->pieces())
        limit.by_row = limit.by_row || (piece.placeholder && is_of_row(piece.placeholder->what));
      limit.per = *std::move(text);
    }
    limits_.emplace(name, std::move(limit));
  }
}

const LimitRule& Target::limit(std::string_view group) const {
  const auto found = limits_.find(group);
  check(found != limits_.end(), "a limit group was checked");
  return found->second;
}

bool Target::limits_by_key() const {
  return std::any_of(limits_.begin(), limits_.end(),
                     [](const auto& limit) { return limit.second.per.has_value(); });
}

std::string Target::limit_key(const LimitRule& limit, std::span<const RowView> rows,
                              const RequestFacts& request) const {
  if (!limit.per) return "";
  return limit.per->fill(
      [&](const Placeholder& placeholder) { return request_text(placeholder, rows, request); });
}

std::string Target::account() const {
  std::string account = connector_->name() + '\0' + base_;
  for (const auto& secret : settings_.secrets) account += '\0' + secret;
  return account;
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
