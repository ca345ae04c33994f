// The rows of one write request: read, checked, carried out.
//
//     body → read_rows → find_duplicate → judge and carry out, row by row → reply
//
// What fails the request as a whole is found before the first row is written.
#pragma once

#include <simdjson.h>

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/answer.h"
#include "sandbox/hubspot/object_type.h"
#include "sandbox/hubspot/reply.h"

namespace penstock::sandbox::hubspot {

enum class Operation { create, update, upsert };

struct Row {
  std::string_view id;           // as sent; "": none
  std::string_view id_property;  // "": the id is the record's
  std::string_view trace_id;
  simdjson::dom::element properties;   // as sent
  std::vector<Field> fields;           // as HubSpot keeps them, ordered by property
  std::vector<NamedProblem> problems;  // of this row alone

  std::optional<Refusal> refusal;
  std::optional<RecordNumber> record;
  bool is_new = false;
};

// Views point into the parsed body, or into `texts`.
struct Batch {
  Operation operation;
  std::vector<Row> rows;
  std::deque<std::string> texts;  // values that are kept in another form than sent
};

inline constexpr size_t kRowsMax = 100;

// `inputs` of a body. A refusal: the body is unreadable, or the number of inputs is not from 1 to 100.
std::optional<Refusal> read_inputs(simdjson::dom::parser& parser, std::string_view body,
                                   simdjson::dom::object& document, simdjson::dom::array& inputs);

// Reads and checks the rows; unknown properties are added unless `strict`.
std::optional<Refusal> read_rows(simdjson::dom::array inputs, ObjectType& object, bool strict, Batch& batch);
// Reads the properties of one row; problems that fail the request go to `fatal`.
std::optional<Refusal> read_properties(simdjson::dom::element properties, ObjectType& object, bool strict,
                                       Row& row, std::deque<std::string>& texts,
                                       std::vector<NamedProblem>& fatal);
// Checks one value and adds it to the row.
void take_value(const ObjectType& object, PropertyId property, std::string_view value, Row& row,
                std::deque<std::string>& texts, std::vector<NamedProblem>& fatal);
// Orders the fields of a row by property.
void order_fields(std::vector<Field>& fields);

// The refusal of a batch that names a record, a unique value or a trace id twice.
std::optional<Refusal> find_duplicate(const Batch& batch, const ObjectType& object);

// Writes the rows that can be written and sets `record` or `refusal` of each. Returns a refusal when the
// request fails as a whole, and then nothing was written.
std::optional<Refusal> carry_out(Batch& batch, ObjectType& object, State& state);
// One row: finds its record, or says why it is refused.
void judge(Row& row, Operation operation, const ObjectType& object, const State& state);
// A row that was judged fit.
void write(Row& row, Batch& batch, ObjectType& object, State& state);

// 200, 201 or 207.
Answer batch_reply(const Batch& batch, const ObjectType& object, State& state);

}  // namespace penstock::sandbox::hubspot
