#include "sim/warehouse.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace penstock::sim {
namespace {

constexpr const char* kNames[] = {"Ana", "bo", "Bo", "Zoë", "O'Neil", "x\"y", "-", "Łukasz"};
constexpr const char* kCities[] = {"Oslo", "Rome", "", "São Paulo"};
constexpr const char* kStages[] = {"lead", "customer", "other"};
constexpr const char* kNoStage = "bogus";

std::string sql_text(const Text& text) {
  if (!text) return "NULL";
  std::string out = "'";
  for (const char c : *text) out += c == '\'' ? "''" : std::string(1, c);
  return out + "'";
}

std::string sql_number(const std::optional<int64_t>& number) {
  return number ? std::to_string(*number) : "NULL";
}

const char* sql_of(Origin origin) {
  switch (origin) {
    case Origin::key:
      return "CAST(id AS VARCHAR)";
    case Origin::name:
      return "name";
    case Origin::upper_name:
      return "upper(name)";
    case Origin::city:
      return "city";
    case Origin::score:
      return "score";
    case Origin::score_next:
      return "score + 1";
    case Origin::tier:
      return "case when score > 2 then 'gold' else 'standard' end";
    case Origin::stage:
      return "stage";
    case Origin::constant:
      return "'warehouse'";
  }
  return "";
}

// As far as the names here need it.
std::string upper(std::string text) {
  for (char& c : text)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  if (const size_t at = text.find("ë"); at != text.npos) text.replace(at, 2, "Ë");
  return text;
}

Text value_of(Origin origin, const Customer& c) {
  const auto number = [&](int64_t more) {
    return c.score ? Text(std::to_string(*c.score + more)) : std::nullopt;
  };
  switch (origin) {
    case Origin::key:
      return c.id ? Text(std::to_string(*c.id)) : std::nullopt;
    case Origin::name:
      return c.name;
    case Origin::upper_name:
      return c.name ? Text(upper(*c.name)) : std::nullopt;
    case Origin::city:
      return c.city;
    case Origin::score:
      return number(0);
    case Origin::score_next:
      return number(1);
    case Origin::tier:
      return c.score && *c.score > 2 ? "gold" : "standard";
    case Origin::stage:
      return c.stage;
    case Origin::constant:
      return "warehouse";
  }
  return std::nullopt;
}

}  // namespace

std::string lowered(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return text;
}

std::string key_of(const Customer& customer) {
  return customer.id ? std::to_string(*customer.id) : "";
}

std::string Customer::show() const {
  return fmt::format("{} {} {} {} {} {}", sql_number(id), sql_text(match), sql_text(name), sql_text(city),
                     sql_number(score), stage);
}

Text rendered(const FieldPlan& field, const Customer& customer) {
  Text value = value_of(field.origin, customer);
  if (value) return value;
  return field.omit_null ? std::nullopt : Text("");
}

bool is_poison(const Customer& customer, const FieldPlans& fields) {
  if (customer.match && customer.match->starts_with("not an address")) return true;
  return customer.stage == kNoStage && std::any_of(fields.begin(), fields.end(), [](const auto& field) {
           return field.origin == Origin::stage;
         });
}

std::string Edition::model_yaml() const {
  std::string rows;
  for (const auto& c : customers)
    rows += fmt::format("{}({}, {}, {}, {}, {}, {})", rows.empty() ? "" : ",\n    ", sql_number(c.id),
                        sql_text(c.match), sql_text(c.name), sql_text(c.city), sql_number(c.score),
                        sql_text(c.stage));
  if (rows.empty()) rows = "(NULL, NULL, NULL, NULL, NULL, NULL)";
  return fmt::format(
      "source: warehouse\nprimary_key: id\nsql: |\n  select cast(id as bigint) as id, cast(found_by as "
      "varchar) as found_by,\n    cast(name as varchar) as name, cast(city as varchar) as city, cast(score "
      "as "
      "integer) as score,\n    cast(stage as varchar) as stage\n  from (values {})\n    t(id, found_by, "
      "name, "
      "city, score, stage)\n  where {}\n",
      rows, customers.empty() ? "false" : "true");
}

std::string Edition::fields_yaml() const {
  std::string out;
  for (const auto& field : fields)
    out += fmt::format("  {}: {{ sql: \"{}\", write: {}, \"null\": {} }}\n", field.name, sql_of(field.origin),
                       field.write, field.omit_null ? "omit" : "clear");
  return out;
}

bool Edition::has_key(const std::string& key) const {
  return std::any_of(customers.begin(), customers.end(), [&](const auto& c) { return key_of(c) == key; });
}

const Customer* Edition::valid(const std::string& key) const {
  const Customer* found = nullptr;
  for (const auto& c : customers) {
    if (key.empty() || key_of(c) != key) continue;
    if (found != nullptr) return nullptr;
    found = &c;
  }
  return found != nullptr && found->match ? found : nullptr;
}

std::vector<std::string> Edition::valid_keys() const {
  std::vector<std::string> keys;
  for (const auto& c : customers)
    if (valid(key_of(c)) != nullptr) keys.push_back(key_of(c));
  return keys;
}

std::string Edition::show() const {
  std::string out;
  for (const auto& c : customers) out += "      " + c.show() + "\n";
  for (const auto& field : fields)
    out += fmt::format("      {} = {}{}{}\n", field.name, sql_of(field.origin),
                       field.write == "always" ? "" : " " + field.write, field.omit_null ? " omit" : "");
  return out;
}

// ---- Changes

Warehouse::Warehouse(Random& random, CustomerRules rules) : random_(random), rules_(std::move(rules)) {
  edition_.fields = {{.name = kKeyField, .origin = Origin::key}, {.name = "p_name", .origin = Origin::name}};
  for (uint64_t i = random_.below(4); i > 0; --i) change_mapping();
  for (uint64_t i = 0; i < rules_.rows; ++i) add();
}

std::string Warehouse::match_text(uint64_t number) const {
  switch (rules_.match) {
    case CustomerRules::Match::email:
      return fmt::format("u{}@x.org", number);
    case CustomerRules::Match::name:
      return fmt::format("Deal {}", number);
    case CustomerRules::Match::record:
      return rules_.ids[number % rules_.ids.size()];
  }
  return "";
}

std::string Warehouse::some_match() {
  return match_text(random_.below(3 * rules_.rows + 5));
}

bool Warehouse::is_free_for(const std::string& match, std::optional<int64_t> id) const {
  if (std::any_of(edition_.customers.begin(), edition_.customers.end(),
                  [&](const auto& c) { return c.match == match && c.id != id; }))
    return false;
  const auto owner = owners_.find(match);
  if (owner == owners_.end() || owner->second == id) return true;
  return rules_.exchanges || (rules_.hand_overs && is_free(owner->second));
}

void Warehouse::note_owners() {
  for (const auto& customer : edition_.customers)
    if (customer.id && customer.match) owners_[*customer.match] = *customer.id;
}

Text Warehouse::unused_match(std::optional<int64_t> id) {
  for (int attempt = 0; attempt < 100; ++attempt) {
    std::string match = some_match();
    const bool is_held = std::any_of(edition_.customers.begin(), edition_.customers.end(),
                                     [&](const auto& c) { return c.match == match; });
    if (!is_held && is_free_for(match, id)) return match;
  }
  return std::nullopt;
}

bool Warehouse::is_free(int64_t id) const {
  return !edition_.has_key(std::to_string(id));
}

Customer Warehouse::fresh(int64_t id) {
  Customer customer{
      .id = id, .match = unused_match(id), .name = {}, .city = {}, .score = {}, .stage = "lead"};
  alter(customer);
  alter(customer);
  return customer;
}

void Warehouse::add() {
  const auto id = static_cast<int64_t>(random_.below(4 * rules_.rows + 8));
  if (is_free(id)) edition_.customers.push_back(fresh(id));
}

void Warehouse::alter(Customer& customer) {
  switch (random_.below(4)) {
    case 0:
      customer.name = random_.chance(0.15) ? Text() : Text(kNames[random_.below(std::size(kNames))]);
      return;
    case 1:
      customer.city = random_.chance(0.15) ? Text() : Text(kCities[random_.below(std::size(kCities))]);
      return;
    case 2:
      customer.score = random_.chance(0.15) ? std::optional<int64_t>()
                                            : std::optional(static_cast<int64_t>(random_.below(6)));
      return;
    default:
      customer.stage = kStages[random_.below(std::size(kStages))];
  }
}

void Warehouse::change() {
  auto& customers = edition_.customers;
  note_owners();
  for (uint64_t i = random_.below(2 + rules_.rows / 3); i > 0; --i) {
    const uint64_t what = random_.below(100);
    if (what < 20 || customers.empty()) {
      add();
      continue;
    }
    const size_t at = random_.below(customers.size());
    Customer& customer = customers[at];
    versions_.push_back(customer);
    if (what < 60) {
      alter(customer);
    } else if (what < 72) {
      customers.erase(customers.begin() + static_cast<ptrdiff_t>(at));
    } else if (what < 82) {
      revert();
    } else if (what < 88) {
      customer.match = unused_match(customer.id);
    } else if (what < 91) {
      change_key(customer);
    } else if (what < 94 && rules_.exchanges) {
      std::swap(customer.match, customers[random_.below(customers.size())].match);
    } else if (random_.chance(rules_.poison)) {
      poison(customer);
    } else if (random_.chance(rules_.invalid)) {
      spoil(customer);
    }
  }
}

// A row is again what it once was, unless its match value has another owner by now.
void Warehouse::revert() {
  const Customer old = versions_[random_.below(versions_.size())];
  auto& customers = edition_.customers;
  if (!old.id || !old.match || !is_free_for(*old.match, old.id)) return;
  std::erase_if(customers, [&](const auto& c) { return c.id == old.id; });
  customers.push_back(old);
}

// The same customer under another key.
void Warehouse::change_key(Customer& customer) {
  const auto id = static_cast<int64_t>(random_.below(4 * rules_.rows + 8));
  if (rules_.hand_overs && is_free(id)) customer.id = id;
}

void Warehouse::spoil(Customer& customer) {
  switch (random_.below(3)) {
    case 0:
      customer.match.reset();
      return;
    case 1:
      customer.id.reset();
      return;
    default: {
      Customer twin = customer;
      alter(twin);
      edition_.customers.push_back(twin);
    }
  }
}

void Warehouse::poison(Customer& customer) {
  if (rules_.match == CustomerRules::Match::email && random_.chance(0.5))
    customer.match = fmt::format("not an address {}", random_.below(1000));
  else
    customer.stage = kNoStage;
}

void Warehouse::heal() {
  note_owners();
  auto& customers = edition_.customers;
  std::vector<Customer> good;
  for (auto& customer : customers) {
    const bool known =
        std::any_of(good.begin(), good.end(), [&](const auto& c) { return c.id == customer.id; });
    if (!customer.id || known) continue;
    if (customer.stage == kNoStage) customer.stage = "lead";
    const bool shared =
        std::any_of(good.begin(), good.end(), [&](const auto& c) { return c.match == customer.match; });
    if (!customer.match || shared || is_poison(customer, {})) customer.match = unused_match(customer.id);
    if (customer.match) good.push_back(customer);
  }
  customers = std::move(good);
}

void Warehouse::change_mapping() {
  static constexpr Origin kOrigins[] = {Origin::name,    Origin::upper_name, Origin::city,
                                        Origin::score,   Origin::score_next, Origin::tier,
                                        Origin::constant};
  static constexpr const char* kFields[] = {"p_name", "p_city", "p_score", "p_tier", "p_note"};
  auto& fields = edition_.fields;
  const uint64_t what = random_.below(10);
  const bool can_lose = fields.size() > 1;
  if (what == 0 && can_lose) {
    fields.erase(fields.begin() + 1 + static_cast<ptrdiff_t>(random_.below(fields.size() - 1)));
    return;
  }
  if (what == 1) {
    const bool there =
        std::any_of(fields.begin(), fields.end(), [](const auto& f) { return f.origin == Origin::stage; });
    if (!there) fields.push_back({.name = "lifecyclestage", .origin = Origin::stage});
    return;
  }
  FieldPlan field{.name = kFields[random_.below(std::size(kFields))],
                  .origin = kOrigins[random_.below(std::size(kOrigins))]};
  if (random_.chance(0.35)) field.write = random_.chance(0.5) ? "on_create" : "if_empty";
  field.omit_null = random_.chance(0.25);
  std::erase_if(fields, [&](const auto& other) { return other.name == field.name; });
  fields.push_back(field);
}

}  // namespace penstock::sim
