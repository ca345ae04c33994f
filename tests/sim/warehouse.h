// The model of a simulated sync, its mapping, and what a destination must be sent because of them. Written
// apart from src/mapping and src/payload: the auditor trusts neither.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"

namespace penstock::sim {

using Text = std::optional<std::string>;  // nullopt: NULL

struct Customer {
  std::optional<int64_t> id;
  Text match;  // an email address, a deal's name, a record id
  Text name, city;
  std::optional<int64_t> score;
  std::string stage = "lead";
  bool operator==(const Customer&) const = default;
  std::string show() const;
};

// Where a field's value comes from.
enum class Origin { key, name, upper_name, city, score, score_next, tier, stage, constant };

struct FieldPlan {
  std::string name;
  Origin origin = Origin::name;
  std::string write = "always";  // always, on_create, if_empty
  bool omit_null = false;
  bool operator==(const FieldPlan&) const = default;
};

// The mapped field that tells the auditor whose payload a request carries; always there.
inline constexpr const char* kKeyField = "p_key";

using FieldPlans = std::vector<FieldPlan>;

// What is written for the row: "" clears; nullopt: nothing is written.
Text rendered(const FieldPlan& field, const Customer& customer);

// What the model and its mapping are when a run begins.
struct Edition {
  std::vector<Customer> customers;
  FieldPlans fields;

  std::string model_yaml() const;
  std::string fields_yaml() const;
  // The only row of a key, if its key and match value are good; null: none, or an invalid one.
  const Customer* valid(const std::string& key) const;
  bool has_key(const std::string& key) const;
  std::vector<std::string> valid_keys() const;
  std::string show() const;
};

std::string key_of(const Customer& customer);
std::string lowered(std::string text);

// How the rows of a scenario look.
struct CustomerRules {
  enum class Match { email, name, record } match = Match::email;
  uint64_t rows = 20;              // about so many
  double poison = 0;               // share of changes that make a row the destination will refuse
  double invalid = 0;              // share of changes that make a row we will not send
  bool exchanges = false;          // match values pass between rows that are there
  bool hand_overs = false;         // a match value of a row that left may become another row's
  std::vector<std::string> ids{};  // of records, to match on
};

// Changes the model and its mapping between runs, as people and pipelines do.
class Warehouse {
 public:
  Warehouse(Random& random, CustomerRules rules);

  void change();          // some rows
  void change_mapping();  // a field is added, removed or redefined
  void heal();            // what is invalid or will be refused is put right
  const Edition& edition() const { return edition_; }
  // A value that some row has or may get, for records that others make.
  std::string some_match();

 private:
  Customer fresh(int64_t id);
  Text unused_match(std::optional<int64_t> id);
  bool is_free_for(const std::string& match, std::optional<int64_t> id) const;
  void note_owners();
  std::string match_text(uint64_t number) const;
  void add();
  void alter(Customer& customer);
  void revert();
  void change_key(Customer& customer);
  void spoil(Customer& customer);
  void poison(Customer& customer);
  bool is_free(int64_t id) const;

  Random& random_;
  CustomerRules rules_;
  Edition edition_;
  std::vector<Customer> versions_;  // rows as they once were
  // Whose a match value was last. A row that is there keeps its former values to itself: two rows that
  // exchange records in one run are more than a sync can tell apart.
  std::map<std::string, int64_t> owners_;
};

// Whether the destination will refuse this payload, whatever else happens.
bool is_poison(const Customer& customer, const FieldPlans& fields);

}  // namespace penstock::sim
