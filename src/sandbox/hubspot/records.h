// The paths under /crm/v3/objects/{type} but search: batches and single records.
#pragma once

#include <simdjson.h>

#include "sandbox/answer.h"
#include "sandbox/hubspot/batch.h"
#include "sandbox/hubspot/object_type.h"

namespace penstock::sandbox::hubspot {

// What every operation works with. The parser is kept between requests for its memory.
struct Desk {
  State& state;
  Account& account;
  simdjson::dom::parser& parser;

  Answer refuse(const Refusal& refusal) { return answer_of(hubspot::refuse(refusal, state.random)); }
};

Answer write_batch(Desk desk, ObjectType& object, Operation operation, std::string_view body);
Answer read_batch(Desk desk, ObjectType& object, const ServerRequest& request);
Answer archive_batch(Desk desk, ObjectType& object, std::string_view body);

Answer list_records(Desk desk, ObjectType& object, const ServerRequest& request);
Answer create_record(Desk desk, ObjectType& object, std::string_view body);
Answer get_record(Desk desk, ObjectType& object, std::string_view id, const ServerRequest& request);
Answer update_record(Desk desk, ObjectType& object, std::string_view id, const ServerRequest& request);
Answer archive_record(Desk desk, ObjectType& object, std::string_view id);

Answer search(Desk desk, ObjectType& object, std::string_view body);

// The live record, or with `archived` the archived one, by its id or a unique property.
std::optional<RecordNumber> look_up(const ObjectType& object, std::string_view id,
                                    std::string_view id_property, bool archived);
// "a,b,c" of a query parameter.
std::vector<std::string> split_names(std::string_view list);

}  // namespace penstock::sandbox::hubspot
