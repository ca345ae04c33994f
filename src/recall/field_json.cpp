#include "declare/json.h"
#include "recall/field_history.h"

namespace penstock {

std::string field_json(const config::Sync& sync, const FieldHistory& history) {
  declare::JsonWriter json;
  json.begin_object()
      .key("sync")
      .text(sync.name)
      .key("key")
      .text(history.key)
      .key("field")
      .text(history.field);
  json.key("events").begin_array();
  for (const auto& event : history.events) {
    json.begin_object().key("at").text(event.at).key("run").text(event.run);
    json.key("operation").text(event.operation).key("outcome").text(event.outcome);
    json.text_if("record_id", event.record_id);
    json.key("sent").boolean(event.sent).key("kept").boolean(event.kept);
    const auto value = [&](const char* name, const std::optional<std::string>& text) {
      json.key(name);
      text ? json.text(*text) : json.raw("null");
    };
    if (event.sent) value("value", event.value);
    if (event.before_known) {
      json.key("existed").boolean(event.record_existed);
      value("before", event.before);
    }
    json.end_object();
  }
  return json.end_array().end_object().str();
}

}  // namespace penstock
