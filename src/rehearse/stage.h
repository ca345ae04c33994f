// One way of a connector on stage: an object, matched in one way, in one mode, with rows made up for it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rehearse/destination.h"

namespace penstock::rehearse {

// What is tried: which rows are written there, and how.
struct Way {
  std::string object;
  std::vector<std::string> match;  // empty: records are not matched
  connector::MatchKind kind = connector::MatchKind::search;
  config::Mode mode = config::Mode::upsert;
  bool bulk = false;  // by the operations for large plans, where there are any
};

// What the made-up rows are like.
struct Rows {
  size_t count = 3;
  bool nulls = false;         // every field that may be is NULL
  std::string more{};         // stands behind each value
  size_t bytes = 0;           // so many more in the first field
  size_t big_row = SIZE_MAX;  // of this row only; SIZE_MAX: of all
  bool known = false;         // the destination accepted them before
  bool removed = false;       // they left the model
};

// A look-up of made-up rows, which goes nowhere.
struct Look {
  std::vector<KnownRow> rows;
  HttpRequest request;
};

class Stage {
 public:
  // Errors of kind config: the connector does not offer this way.
  static Result<Stage> make(connector::ConnectorRef connector, Way way);

  // Delivers such rows to a destination that answers well, but for what `direct` changes of it.
  Played play(duck::Connection& connection, const Rows& rows,
              const std::function<void(Destination&)>& direct = {});
  // One request that looks for all of these rows.
  Look look(duck::Connection& connection, const connector::BoundOperation& operation, const Rows& rows) const;
  // What was heard in the last play.
  const std::vector<Destination::Kept>& heard() const { return heard_; }
  const std::string& trouble() const { return trouble_; }

  const connector::Target& target() const { return *target_; }
  const Way& way() const { return way_; }
  // The operation that writes (or removes) new rows.
  const connector::BoundOperation& writes() const;
  bool is_write(const connector::BoundOperation* operation) const {
    return operation != nullptr && !operation->operation->find;
  }
  // The value of a field of a made-up row.
  std::string value(const Rows& rows, size_t row, size_t field) const;
  // Whether look-ups must find records for the mode to have something to do.
  bool needs_records() const;
  bool speaks_http() const;

 private:
  Stage() = default;
  Result<connector::TargetFacts> facts() const;
  std::string sql(const Rows& rows) const;
  std::vector<KnownRow> known_rows(duck::Connection& connection, const Rows& rows) const;

  Way way_;
  connector::ConnectorRef connector_;
  std::unique_ptr<connector::Target> target_;
  std::unique_ptr<Router> router_;
  std::vector<Destination::Kept> heard_;
  std::string trouble_;
};

// A target with settings made up for it.
Result<connector::Target> bind_example(const connector::ConnectorRef& connector,
                                       const connector::TargetFacts& facts);
// Every way that a connector's declaration may offer, whether it does or not.
std::vector<Way> ways_of(const connector::Connector& connector);
// The numbers of the made-up rows that a request names, in their order.
std::vector<size_t> rows_named_in(const HttpRequest& request, size_t rows);
// Every text in a request's body, as its receiver reads it; nullopt: the body cannot be read.
std::optional<std::vector<std::string>> texts_in(const connector::Operation& operation,
                                                 const HttpRequest& request);

}  // namespace penstock::rehearse
