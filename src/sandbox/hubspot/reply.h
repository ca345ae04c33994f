// The bodies HubSpot answers with: errors, and records as they appear in every reply.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "sandbox/answer.h"
#include "sandbox/hubspot/object_type.h"
#include "sandbox/hubspot/values.h"

namespace penstock::sandbox::hubspot {

// One entry of errors[].
struct Detail {
  std::string message;
  std::string code;      // "": none
  std::string property;  // for context.propertyName; "": none
};

// What is wrong with a request, or with one row of it.
struct Refusal {
  int status = 400;  // of the request, if it is refused as a whole
  std::string category = "VALIDATION_ERROR";
  std::string message;
  std::vector<Detail> details = {};
};

// A body of the vendor's schema `Error`; the correlation id is drawn from `random`.
ServerReply refuse(const Refusal& refusal, Random& random);
// An entry of errors[] in a 207: the vendor's schema `StandardError`. `context` is the inside of that object.
void append_row_error(std::string& out, const Refusal& refusal, std::string_view context);
// `"name":["value", …]`, for contexts.
void append_context(std::string& out, std::string_view name, std::span<const std::string_view> values);

std::string correlation_id(Random& random);

// What HubSpot says of values it does not take; `properties` and `problems` in step.
struct NamedProblem {
  std::string property;
  ValueProblem problem;
};
Refusal refuse_values(std::span<const NamedProblem> problems);
// 400 VALIDATION_ERROR, of the body as JSON and of anything else.
Refusal unreadable(std::string_view what);
Refusal invalid(std::string message);
Refusal not_found(const ObjectType& object);
Refusal not_an_id(std::string_view property);

// The head of a batch's reply up to and including `"results":[`.
void open_batch(std::string& out, Time now);

// `"id":…,"properties":{` … `},"createdAt":…,"updatedAt":…,"archived":…` of a record, without braces.
// The properties are the ones named (those without a value are left out), or HubSpot's default choice.
void append_record_members(std::string& out, const ObjectType& object, RecordNumber number,
                           const Record& record, std::span<const std::string> properties);
// The same with just these fields, and the properties that HubSpot keeps itself: the reply to a write.
void append_written_members(std::string& out, const ObjectType& object, RecordNumber record,
                            std::span<const Field> written);

// `,"createdAt":…,"updatedAt":…,"archived":…`
void append_stamps(std::string& out, const Record& record);

// The value of any property, also of those that HubSpot keeps itself. Empty: none.
std::string value_of(const ObjectType& object, RecordNumber number, const Record& record,
                     std::string_view property);

}  // namespace penstock::sandbox::hubspot
