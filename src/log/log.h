// Structured logs: one line an event, as JSON or as text. The face of this folder.
//
//     log::event(log::Level::info, "run_ended", {{"sync", sync.name}, {"run", run}, {"rows", counts.rows}});
//     {"time":"2026-11-27T14:13:11.250Z","level":"info","event":"run_ended","sync":"contacts","run":"...","rows":3}
//
// Events and fields are words of the program, in snake_case: who searches logs relies on them
// (docs/operations.md lists them). Nothing is written until somebody has called open(): commands talk to
// people, the service to its log. Keys of rows, payloads and bodies are no business of a log.
#pragma once

#include <concepts>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "base/time.h"

namespace penstock::log {

enum class Level { debug, info, warning, error };
std::string_view name_of(Level level);
enum class Format { text, json };

// One member of a line; an empty text is left out. Borrows its texts, which live as long as the call.
struct Field {
  std::string_view name;
  std::variant<std::string_view, int64_t, double, bool> value;

  Field(std::string_view field, std::string_view text) : name(field), value(text) {}
  Field(std::string_view field, const char* text) : name(field), value(std::string_view(text)) {}
  Field(std::string_view field, const std::string& text) : name(field), value(std::string_view(text)) {}
  Field(std::string_view field, bool flag) : name(field), value(flag) {}
  template <std::integral T>
    requires(!std::same_as<T, bool>)
  Field(std::string_view field, T number) : name(field), value(static_cast<int64_t>(number)) {}
  template <std::floating_point T>
  Field(std::string_view field, T number) : name(field), value(static_cast<double>(number)) {}
};

// Takes whole lines, with their line feed. Called by one thread at a time.
using Write = std::function<void(std::string_view line)>;

struct Settings {
  Format format = Format::text;
  Level least = Level::info;  // what is less is not written
};
// From --log-format and --log-level, or, where these are empty, PENSTOCK_LOG_FORMAT and PENSTOCK_LOG_LEVEL.
// An error of kind `config` names the words there are.
Result<Settings> settings_of(const std::string& format, const std::string& level);

// From here on events are written: to standard error, or to `write`. Once a process, before it has threads;
// the clock outlives all events.
void open(Settings settings, const Clock& clock, Write write = {});
// What was written so far is all.
void close();

// Thread-safe, never fails: a line that cannot be written is lost. Texts that were concealed are ***.
void event(Level level, std::string_view name, std::initializer_list<Field> fields = {});

// Whether such an event would be written: for who has to work for its fields.
bool is_wanted(Level level);

// This text must not reach the log, wherever it stands in a field; one of less than 4 bytes is not kept,
// since it would be found everywhere. Thread-safe. The newest 4,096 are known.
void conceal(std::string_view secret);

}  // namespace penstock::log
