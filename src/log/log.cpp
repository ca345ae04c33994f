#include "log/log.h"

#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "declare/declare.h"

namespace penstock::log {
namespace {

constexpr size_t kSecretsMax = 4096;
constexpr size_t kSecretBytesMin = 4;

spdlog::level::level_enum level_of(Level level) {
  switch (level) {
    case Level::debug:
      return spdlog::level::debug;
    case Level::info:
      return spdlog::level::info;
    case Level::warning:
      return spdlog::level::warn;
    case Level::error:
      return spdlog::level::err;
  }
  die("a log::Level without a level");
}

// Lines are made here; spdlog keeps them whole between threads, and holds back what nobody wants.
class LineSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit LineSink(Write write) : write_(std::move(write)) {}

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    line_.assign(message.payload.data(), message.payload.size());
    line_ += '\n';
    write_(line_);
  }
  void flush_() override {}
  Write write_;
  std::string line_;
};

void write_to_standard_error(std::string_view line) {
  (void)std::fwrite(line.data(), 1, line.size(), stderr);
}

// Texts that must not be written, the longest first: one may be a part of another.
class Concealed {
 public:
  void add(std::string_view secret) {
    if (secret.size() < kSecretBytesMin) return;
    const std::scoped_lock lock(mutex_);
    if (std::find(secrets_.begin(), secrets_.end(), secret) != secrets_.end()) return;
    if (by_age_.size() == kSecretsMax) {
      std::erase(secrets_, by_age_.front());
      by_age_.pop_front();
    }
    by_age_.emplace_back(secret);
    const auto place = std::find_if(secrets_.begin(), secrets_.end(),
                                    [&](const auto& other) { return other.size() < secret.size(); });
    secrets_.emplace(place, secret);
  }
  std::string taken_out_of(std::string_view text) const {
    std::string out(text);
    const std::scoped_lock lock(mutex_);
    for (const auto& secret : secrets_)
      for (size_t at = 0; (at = out.find(secret, at)) != std::string::npos; at += 3)
        out.replace(at, secret.size(), "***");
    return out;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> secrets_;
  std::deque<std::string> by_age_;
};

struct Log {
  Settings settings;
  const Clock* clock;
  spdlog::logger logger;
};

// The one log of the process. Shared by those who write at the moment and whoever closes it.
std::atomic<std::shared_ptr<Log>>& the_log() {
  static std::atomic<std::shared_ptr<Log>> log;
  return log;
}

Concealed& concealed() {
  static Concealed texts;
  return texts;
}

bool is_empty(const Field& field) {
  const auto* text = std::get_if<std::string_view>(&field.value);
  return text != nullptr && text->empty();
}

std::string number_text(double value) {
  return std::isfinite(value) ? fmt::format("{:.6g}", value) : std::string("null");
}

void append_value(declare::JsonWriter& json, const Field& field) {
  if (const auto* text = std::get_if<std::string_view>(&field.value))
    json.text(concealed().taken_out_of(*text));
  else if (const auto* integer = std::get_if<int64_t>(&field.value))
    json.integer(*integer);
  else if (const auto* real = std::get_if<double>(&field.value))
    json.raw(number_text(*real));
  else
    json.boolean(std::get<bool>(field.value));
}

std::string json_line(Time now, Level level, std::string_view name, std::initializer_list<Field> fields) {
  declare::JsonWriter json;
  json.begin_object()
      .key("time")
      .text(iso8601(now))
      .key("level")
      .text(name_of(level))
      .key("event")
      .text(name);
  for (const Field& field : fields) {
    if (is_empty(field)) continue;
    json.key(field.name);
    append_value(json, field);
  }
  return json.end_object().str();
}

// A text that reads as one word stands as it is.
std::string text_value(const std::string& text) {
  const bool is_word = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return c > ' ' && c != '"' && c != '=' && c != '\\' && c != 0x7f;
  });
  return is_word ? text : declare::json_text(text);
}

std::string text_line(Time now, Level level, std::string_view name, std::initializer_list<Field> fields) {
  std::string line = fmt::format("{} {:<7} {}", iso8601(now), name_of(level), name);
  for (const Field& field : fields) {
    if (is_empty(field)) continue;
    line += fmt::format(" {}=", field.name);
    if (const auto* text = std::get_if<std::string_view>(&field.value))
      line += text_value(concealed().taken_out_of(*text));
    else if (const auto* integer = std::get_if<int64_t>(&field.value))
      line += fmt::to_string(*integer);
    else if (const auto* real = std::get_if<double>(&field.value))
      line += number_text(*real);
    else
      line += std::get<bool>(field.value) ? "true" : "false";
  }
  return line;
}

// The word that was given, or the one of the environment.
std::string given_or_of_environment(const std::string& given, const char* variable) {
  if (!given.empty()) return given;
  const char* value = std::getenv(variable);
  return value == nullptr ? "" : value;
}

Error unknown_word(const char* option, const std::string& word, const std::vector<std::string>& words) {
  const std::string nearest = declare::did_you_mean(word, words);
  return {ErrorKind::config, fmt::format("{} has no '{}'", option, word),
          fmt::format("{}{}there are {}", nearest, nearest.empty() ? "" : " ",
                      declare::list_names(words, words.size(), "and"))};
}

}  // namespace

std::string_view name_of(Level level) {
  switch (level) {
    case Level::debug:
      return "debug";
    case Level::info:
      return "info";
    case Level::warning:
      return "warning";
    case Level::error:
      return "error";
  }
  die("a log::Level without a name");
}

Result<Settings> settings_of(const std::string& format, const std::string& level) {
  Settings settings;
  const std::string form = given_or_of_environment(format, "PENSTOCK_LOG_FORMAT");
  if (form == "json")
    settings.format = Format::json;
  else if (!form.empty() && form != "text")
    return unknown_word("the format of the log", form, {"text", "json"});
  const std::string least = given_or_of_environment(level, "PENSTOCK_LOG_LEVEL");
  if (least.empty()) return settings;
  for (const Level one : {Level::debug, Level::info, Level::warning, Level::error})
    if (least == name_of(one)) {
      settings.least = one;
      return settings;
    }
  return unknown_word("the level of the log", least, {"debug", "info", "warning", "error"});
}

void open(Settings settings, const Clock& clock, Write write) {
  auto sink = std::make_shared<LineSink>(write ? std::move(write) : Write(write_to_standard_error));
  auto log = std::make_shared<Log>(settings, &clock, spdlog::logger("penstock", std::move(sink)));
  log->logger.set_level(level_of(settings.least));
  log->logger.set_error_handler([](const std::string&) {});  // lost, as is said
  the_log().store(std::move(log));
}

void close() {
  the_log().store(nullptr);
}

bool is_wanted(Level level) {
  const auto log = the_log().load();
  return log != nullptr && log->logger.should_log(level_of(level));
}

void event(Level level, std::string_view name, std::initializer_list<Field> fields) {
  const auto log = the_log().load();
  if (log == nullptr || !log->logger.should_log(level_of(level))) return;
  const Time now = log->clock->now();
  const std::string line = log->settings.format == Format::json ? json_line(now, level, name, fields)
                                                                : text_line(now, level, name, fields);
  log->logger.log(level_of(level), spdlog::string_view_t(line.data(), line.size()));
}

void conceal(std::string_view secret) {
  concealed().add(secret);
}

}  // namespace penstock::log
