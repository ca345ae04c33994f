#include "rehearse/stage.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <charconv>

#include "connector/csv.h"
#include "connector/encode.h"

namespace penstock::rehearse {
namespace {

using config::Mode;
using connector::Connector;
using connector::MatchKind;
using connector::Object;
using connector::Operation;
using connector::SettingDeclaration;

// Stands in every value of a row, and in nothing else: so requests show whom they are about.
std::string marker(size_t row) {
  return fmt::format("qz{:07}zq", row);
}

// A pattern's name, with something in the place of its star.
std::string without_star(std::string name) {
  if (const size_t star = name.find('*'); star != name.npos) name.replace(star, 1, "sample");
  return name;
}

std::string example_of(const SettingDeclaration& setting) {
  using Type = SettingDeclaration::Type;
  if (setting.by_default) return *setting.by_default;
  if (setting.type == Type::url) return "http://destination.example";
  if (setting.type == Type::choice && !setting.choices.empty()) return setting.choices[0].name;
  if (setting.type == Type::integer) return "1";
  if (setting.type == Type::boolean) return "false";
  const bool is_reference = setting.example.find("${") != std::string::npos;
  return setting.example.empty() || is_reference ? "rehearsal" : setting.example;
}

connector::TargetSettings example_settings(const connector::Declaration& declaration) {
  connector::TargetSettings settings;
  for (const auto& setting : declaration.settings)
    if (setting.value.required || setting.value.by_default)
      settings.values.emplace(setting.name, example_of(setting.value));
  return settings;
}

std::vector<std::string> fields_of(const Object& object, const std::vector<std::string>& match) {
  std::vector<std::string> names;
  for (const auto& field : object.fields) {
    std::string name = without_star(field.name);
    if (std::find(match.begin(), match.end(), name) == match.end()) names.push_back(std::move(name));
  }
  if (names.empty() && object.fields.empty()) names = {"name", "note"};
  // Where only the match travels a sync repeats it.
  if (names.empty() && !match.empty()) names = {match[0]};
  return names;
}

// A match without which a mode makes no sense has one for it; modes insert and append do without.
std::vector<std::pair<std::vector<std::string>, MatchKind>> matches_of(const Object& object) {
  std::vector<std::pair<std::vector<std::string>, MatchKind>> matches;
  for (const auto& match : object.match) matches.push_back({{match.name}, match.value});
  if (object.several && object.fields.size() > 1)
    matches.push_back({{without_star(object.fields[0].name), without_star(object.fields[1].name)},
                       object.other_match.value_or(MatchKind::unique)});
  else if (object.other_match)
    matches.push_back({{"sample_key"}, *object.other_match});
  else
    for (const MatchKind kind : {MatchKind::unique, MatchKind::search})
      matches.push_back({{"sample_key"}, kind});
  return matches;
}

}  // namespace

std::vector<Way> ways_of(const Connector& connector) {
  std::vector<Way> ways;
  for (const auto& object : connector.declaration().objects) {
    const std::string name = without_star(object.name);
    for (const auto& [fields, kind] : matches_of(object.value))
      for (const Mode mode :
           {Mode::insert, Mode::update, Mode::upsert, Mode::mirror, Mode::append, Mode::remove})
        for (const bool bulk : {false, true}) ways.push_back({name, fields, kind, mode, bulk});
    for (const Mode mode : {Mode::insert, Mode::append})
      ways.push_back({name, {}, MatchKind::search, mode, false});
  }
  return ways;
}

Result<connector::TargetFacts> Stage::facts() const {
  const Object* object = connector_->object(way_.object);
  check(object != nullptr, "a way is of an object that there is");
  connector::TargetFacts facts;
  facts.sync = "rehearsal";
  facts.object = way_.object;
  facts.match_fields = way_.match;
  facts.match_kind = way_.kind;
  facts.fields = fields_of(*object, way_.match);
  for (const auto& option : connector_->declaration().options) {
    const std::string text = example_of(option.value);
    if (option.value.type != SettingDeclaration::Type::body) {
      facts.options.emplace(option.name, text);
      continue;
    }
    declare::Diagnostics diagnostics;
    const auto node = declare::parse_yaml(std::make_shared<declare::SourceFile>("option", text), diagnostics);
    if (!node) return as_error(diagnostics);
    facts.bodies.emplace(option.name, *node);
  }
  return facts;
}

Result<connector::Target> bind_example(const connector::ConnectorRef& connector,
                                       const connector::TargetFacts& facts) {
  return connector::Target::bind(connector, example_settings(connector->declaration()), facts);
}

namespace {

// Fields for which requests have a place, where they have one for none of the given fields: {field.A}.
std::vector<std::string> places_in(const connector::Target& target, const std::vector<std::string>& fields) {
  std::vector<std::string> places;
  for (const auto* operation : {target.create(), target.update(), target.upsert(), target.remove()}) {
    if (operation == nullptr) continue;
    for (const auto& field : fields)
      if (operation->takes.takes(field)) return {};
    places.insert(places.end(), operation->takes.names.begin(), operation->takes.names.end());
  }
  std::sort(places.begin(), places.end());
  places.erase(std::unique(places.begin(), places.end()), places.end());
  return places;
}

}  // namespace

Result<Stage> Stage::make(connector::ConnectorRef connector, Way way) {
  Stage stage;
  stage.way_ = std::move(way);
  stage.connector_ = connector;
  auto facts = stage.facts();
  if (!facts.ok()) return facts.error();
  auto target = bind_example(connector, *facts);
  if (!target.ok()) return target.error();
  if (auto places = places_in(*target, facts->fields); !places.empty()) {
    facts->fields = std::move(places);
    target = bind_example(connector, *facts);
    if (!target.ok()) return target.error();
  }
  // All that they hold is to be known.
  for (size_t i = 0; i < facts->fields.size(); ++i) facts->read.set(i);
  target = bind_example(connector, *facts);
  if (!target.ok()) return target.error();
  stage.target_ = std::make_unique<connector::Target>(*std::move(target));
  if (stage.way_.bulk && !stage.target_->bulk_from())
    return Error{ErrorKind::config, "there are no operations for large plans", ""};
  stage.target_->use_bulk(stage.way_.bulk);
  RouteRules rules;
  rules.mode = stage.way_.mode;
  rules.write.assign(facts->fields.size(), WritePolicy::always);
  rules.omit_null.assign(facts->fields.size(), false);
  auto router = Router::make(*stage.target_, std::move(rules));
  if (!router.ok()) return router.error();
  stage.router_ = std::make_unique<Router>(*std::move(router));
  return stage;
}

const connector::BoundOperation& Stage::writes() const {
  const auto first = [](auto* a, auto* b) { return a != nullptr ? a : b; };
  switch (way_.mode) {
    case Mode::insert:
      // What was not found is written by an upsert where there is one: a lost reply does no harm then.
      if (way_.kind == MatchKind::search && !way_.match.empty() && target_->upsert() != nullptr)
        return *target_->upsert();
      [[fallthrough]];
    case Mode::append:
      return *first(target_->create(), target_->update());
    case Mode::update:
      return *target_->update();
    case Mode::remove:
      return *target_->remove();
    case Mode::upsert:
    case Mode::mirror:
    case Mode::replace:
      break;
  }
  return *first(target_->upsert(), target_->create());
}

bool Stage::needs_records() const {
  return way_.mode == Mode::update || way_.mode == Mode::remove || target_->create() == nullptr;
}

bool Stage::speaks_http() const {
  const std::string& base = *connector_->declaration().base;
  return base.starts_with("http") || base.starts_with("{setting.");
}

std::string Stage::value(const Rows& rows, size_t row, size_t field) const {
  return fmt::format("{}-{}{}", marker(row), field, rows.more);
}

std::string Stage::sql(const Rows& rows) const {
  const std::string mark = "printf('qz%07dzq', i)";
  const std::string change = rows.removed ? "removed" : rows.known ? "changed" : "added";
  const bool by_id = way_.kind == MatchKind::id && !way_.match.empty();
  const std::string id = by_id ? mark : fmt::format("'{}' || {}", kMadeId, mark);
  std::string columns = fmt::format(
      "CAST(i AS UBIGINT), '{}', 'k' || i, CAST(0 AS UBIGINT), CAST(i + 1 AS UBIGINT), CAST(i + 1 AS "
      "UBIGINT), "
      "{}, CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR)",
      change, rows.known || rows.removed ? id : "CAST(NULL AS VARCHAR)");
  for (size_t i = 0; i < way_.match.size(); ++i)
    columns += i == 0 ? ", " + mark : fmt::format(", {} || '-m{}'", mark, i);
  const auto& names = target_->facts().fields;
  const Object& object = *connector_->object(way_.object);
  for (size_t i = 0; i < names.size(); ++i) {
    const auto* field = Connector::field(object, names[i]);
    const bool is_needed = (field != nullptr && field->required) ||
                           std::find(way_.match.begin(), way_.match.end(), names[i]) != way_.match.end();
    // One value is kept: it shows whose row it is where nothing else of it travels.
    if (rows.nulls && !is_needed && (i > 0 || !way_.match.empty())) {
      columns += ", CAST(NULL AS VARCHAR)";
      continue;
    }
    columns += fmt::format(", {} || {}", mark, duck::quote_text(fmt::format("-{}{}", i, rows.more)));
    if (i == 0 && rows.bytes > 0)
      columns +=
          fmt::format(" || repeat('x', CASE WHEN {} THEN {} ELSE 0 END)",
                      rows.big_row == SIZE_MAX ? "true" : fmt::format("i = {}", rows.big_row), rows.bytes);
  }
  return fmt::format("SELECT {} FROM range({}) AS t(i)", columns, rows.count);
}

std::vector<KnownRow> Stage::known_rows(duck::Connection& connection, const Rows& rows) const {
  std::vector<KnownRow> known(rows.count);
  const auto& names = target_->facts().fields;
  const bool by_id = way_.kind == MatchKind::id && !way_.match.empty();
  auto source = QueriedRows::open(connection, sql(rows), std::vector<ValueType>(way_.match.size()),
                                  std::vector<ValueType>(names.size()));
  check(source.ok(), "rows can be made up");
  for (size_t row = 0; row < rows.count;) {
    auto chunk = source->read();
    check(chunk.ok() && *chunk != nullptr, "as many rows as were asked for");
    for (size_t i = 0; i < (*chunk)->rows(); ++i, ++row) {
      KnownRow& one = known[row];
      if (!way_.match.empty()) one.match = marker(row);
      for (const Values& match : (*chunk)->match()) one.matches.emplace_back(match.bytes(i));
      one.record_id = by_id ? one.match : std::string(kMadeId) + marker(row);
      for (size_t field = 0; field < names.size(); ++field)
        if (!(*chunk)->fields()[field].is_null(i))
          one.fields.emplace(names[field], (*chunk)->fields()[field].bytes(i));
      Row sent;
      sent.chunk = *chunk;
      sent.index = static_cast<uint32_t>(i);
      sent.send.set();
      one.once = target_->once(sent.view());
    }
  }
  return known;
}

Played Stage::play(duck::Connection& connection, const Rows& rows,
                   const std::function<void(Destination&)>& direct) {
  SimLoop loop;
  Destination destination(
      loop, *target_, known_rows(connection, rows),
      [count = rows.count](const HttpRequest& request) { return rows_named_in(request, count); });
  if (needs_records() || rows.known || rows.removed) destination.is_found = [](size_t) { return true; };
  if (direct) direct(destination);
  auto source = QueriedRows::open(connection, sql(rows), std::vector<ValueType>(way_.match.size()),
                                  std::vector<ValueType>(target_->facts().fields.size()));
  check(source.ok(), "rows can be made up");
  DeliveryOptions options;
  options.run = "rehearsal";
  Played played = rehearse::play({loop, destination, *target_, *router_, options}, *source);
  heard_ = destination.heard();
  trouble_ = destination.trouble();
  return played;
}

Look Stage::look(duck::Connection& connection, const connector::BoundOperation& operation,
                 const Rows& rows) const {
  Look look{.rows = known_rows(connection, rows), .request = {}};
  auto source = QueriedRows::open(connection, sql(rows), std::vector<ValueType>(way_.match.size()),
                                  std::vector<ValueType>(target_->facts().fields.size()));
  check(source.ok(), "rows can be made up");
  std::vector<Row> sent;
  while (sent.size() < rows.count) {
    auto chunk = source->read();
    check(chunk.ok() && *chunk != nullptr, "as many rows as were asked for");
    for (size_t i = 0; i < (*chunk)->rows(); ++i) {
      Row& row = sent.emplace_back();
      row.chunk = *chunk;
      row.index = static_cast<uint32_t>(i);
      row.record_id = look.rows[sent.size() - 1].record_id;
    }
  }
  std::vector<connector::RowView> views;
  for (const Row& row : sent) views.push_back(row.view());
  const connector::RequestFacts facts{.page = operation.find->first, .run = "rehearsal"};
  look.request.method = operation.method;
  look.request.url = target_->url(operation, views, facts);
  look.request.body = connector::encode(operation, views, facts);
  return look;
}

std::vector<size_t> rows_named_in(const HttpRequest& request, size_t rows) {
  std::vector<size_t> named;
  std::vector<bool> seen(rows);
  for (const std::string& text : {percent_decode(request.url), request.body})
    for (size_t at = text.find("qz"); at != text.npos; at = text.find("qz", at + 2)) {
      if (at + 11 > text.size() || text.compare(at + 9, 2, "zq") != 0) continue;
      size_t number = 0;
      const char* end = text.data() + at + 9;
      if (std::from_chars(text.data() + at + 2, end, number).ptr != end || number >= rows || seen[number])
        continue;
      seen[number] = true;
      named.push_back(number);
    }
  return named;
}

namespace {

bool collect_json(std::string_view json, std::vector<std::string>& texts);

void collect(simdjson::dom::element element, std::vector<std::string>& texts) {
  std::string_view text;
  if (element.is_array())
    for (const auto item : simdjson::dom::array(element)) collect(item, texts);
  if (element.is_object())
    for (const auto member : simdjson::dom::object(element)) collect(member.value, texts);
  if (element.get(text) != simdjson::SUCCESS) return;
  texts.emplace_back(text);
  // JSON that travels as a text.
  if (text.starts_with('{') || text.starts_with('[')) (void)collect_json(text, texts);
}

bool collect_json(std::string_view json, std::vector<std::string>& texts) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  if (parser.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS) return false;
  collect(root, texts);
  return true;
}

bool collect_csv(std::string_view csv, std::vector<std::string>& texts) {
  const auto json = connector::csv_as_json(csv);
  return json.ok() && collect_json(*json, texts);
}

void collect_form(std::string_view form, std::vector<std::string>& texts) {
  while (!form.empty()) {
    const size_t end = form.find('&');
    const std::string_view pair = form.substr(0, end);
    form = end == form.npos ? std::string_view() : form.substr(end + 1);
    if (const size_t equals = pair.find('='); equals != pair.npos)
      texts.push_back(percent_decode(pair.substr(equals + 1)));
  }
}

// Of several lines of JSON each is a value of its own.
bool collect_lines(std::string_view lines, std::vector<std::string>& texts) {
  while (!lines.empty()) {
    const size_t end = lines.find('\n');
    const std::string_view line = lines.substr(0, end);
    lines = end == lines.npos ? std::string_view() : lines.substr(end + 1);
    if (!line.empty() && !collect_json(line, texts)) return false;
  }
  return true;
}

// What stands between the head of an upload's part and the next boundary.
std::string_view part_of(std::string_view body) {
  const size_t first = body.find("\r\n");
  const std::string_view boundary = body.substr(0, first);
  const size_t start = body.find("\r\n\r\n");
  if (first == body.npos || start == body.npos) return {};
  const size_t end = body.find(boundary, start);
  return body.substr(start + 4, end == body.npos ? body.npos : end - start - 4);
}

}  // namespace

std::optional<std::vector<std::string>> texts_in(const Operation& operation, const HttpRequest& request) {
  using Content = Operation::Content;
  std::vector<std::string> texts{percent_decode(request.url)};
  if (request.body.empty()) return texts;
  bool good = true;
  switch (operation.content) {
    case Content::json:
      good = collect_json(request.body, texts);
      break;
    case Content::ndjson:
      good = collect_lines(request.body, texts);
      break;
    case Content::csv:
      good = collect_csv(request.body, texts);
      break;
    case Content::multipart:
      good = collect_csv(part_of(request.body), texts);
      break;
    case Content::form:
      collect_form(request.body, texts);
      for (size_t i = 0, count = texts.size(); i < count; ++i)
        if (texts[i].starts_with('{') || texts[i].starts_with('[')) (void)collect_json(texts[i], texts);
      break;
    case Content::text:
      texts.push_back(request.body);
      break;
  }
  if (!good) return std::nullopt;
  return texts;
}

}  // namespace penstock::rehearse
