// A value or an Error; no exceptions cross a folder's face (see docs/architecture.md).
#pragma once

#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace penstock {

// What a caller does about an error; closed on purpose. Texts are for people and never decide.
enum class ErrorKind {
  config,        // the user's files or arguments are wrong: nothing was touched, exit code 2
  source,        // the warehouse cannot be read
  auth,          // the destination refuses who we are: stop the run
  permission,    // the destination refuses what we may do: stop the run
  rate_limited,  // come back later; no attempt is spent
  quota,         // the day's allowance is used up: stop cleanly
  transient,     // may succeed if repeated
  rejected,      // will not succeed if repeated as it is
  disk,          // our own state cannot be read or written
  locked,        // another process works on the same thing
  interrupted,   // a person asked us to stop
  internal,      // our own mistake
};

std::string_view name_of(ErrorKind kind);

struct Error {
  ErrorKind kind = ErrorKind::internal;
  std::string message;  // what is wrong and where; one sentence, no trailing stop
  std::string remedy;   // what to do about it, when known; one sentence

  // "context: message", for the one place that knows what was being done.
  Error in(std::string_view context) && { return {kind, std::string(context) + ": " + message, remedy}; }
};

// A short stack of the impossible: prints and aborts, in release too. Never on users' or vendors' data.
[[noreturn]] void die(std::string_view what, const char* file = __builtin_FILE(),
                      int line = __builtin_LINE());
inline void check(bool holds, std::string_view what, const char* file = __builtin_FILE(),
                  int line = __builtin_LINE()) {
  if (!holds) [[unlikely]]
    die(what, file, line);
}

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & { return check_ok(), std::get<0>(state_); }
  const T& value() const& { return check_ok(), std::get<0>(state_); }
  T value() && { return check_ok(), std::move(std::get<0>(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const& { return std::get<1>(state_); }
  Error error() && { return std::move(std::get<1>(state_)); }

 private:
  void check_ok() const {
    if (!ok()) [[unlikely]]
      die("value of a failed Result: " + std::get<1>(state_).message);
  }
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}
  bool ok() const { return !error_; }
  explicit operator bool() const { return ok(); }
  const Error& error() const& { return *error_; }
  Error error() && { return *std::move(error_); }

 private:
  std::optional<Error> error_;
};

inline Result<void> success() {
  return {};
}

}  // namespace penstock
