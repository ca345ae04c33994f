// Texts that point elsewhere, ${env:NAME}, ${file:PATH}, ${secret:NAME}, ${vault:PATH#FIELD}, and secrets
// that do not print.
#pragma once

#include <fmt/core.h>

#include <functional>
#include <iosfwd>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "declare/place.h"

namespace penstock::declare {

// Text that may hold references. Syntax is checked when it is read; nothing is looked up before resolve().
//   ${env:NAME}  ${env:NAME:-fallback}  ${file:PATH}  ${secret:NAME}   and $${ for a literal ${
//   and those of outer stores, by their schemes: ${vault:PATH#FIELD}, ...
struct Reference {
  enum class Kind { literal, env, file, secret, outer };
  struct Piece {
    Kind kind = Kind::literal;
    std::string text{};                     // the literal, or the name or path, with its field
    std::optional<std::string> fallback{};  // of env only
    std::string scheme{};                   // of outer only
  };
  std::vector<Piece> pieces;
  Place place;

  bool is_literal() const;
  // The text when is_literal().
  std::string literal() const;

  // On an error the message says what is wrong with the syntax.
  static Result<Reference> parse(std::string_view text, Place place = {});
};

// A store of secrets that somebody else runs.
struct OuterStore {
  std::string_view scheme;  // "vault"
  std::string_view title;
  std::string_view form;    // "vault:PATH#FIELD"
  std::string_view begins;  // what a name begins with; empty: with anything
  bool needs_field = false;
};
std::span<const OuterStore> outer_stores();

// What ${secret:NAME} may name: letters, digits and "_-./", at most 128.
bool is_secret_name(std::string_view name);

// A text that must not be seen. Prints as *** everywhere; reveal() only where it is put on the wire.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}
  const std::string& reveal() const { return text_; }
  bool empty() const { return text_.empty(); }
  bool operator==(const Secret&) const = default;

 private:
  std::string text_;
};
std::ostream& operator<<(std::ostream& out, const Secret& secret);

// Where names are looked up: environment, project directory, secret store. Each returns nullopt when there
// is no such name, an Error when the look-up itself fails. Thread-safe.
class Resolver {
 public:
  virtual ~Resolver() = default;
  virtual Result<std::optional<std::string>> env(const std::string& name) const = 0;
  virtual Result<std::optional<std::string>> file(const std::string& path) const = 0;
  virtual Result<std::optional<std::string>> secret(const std::string& name) const = 0;
  // `name`: what stands behind the scheme's colon. May ask over the network, and block meanwhile.
  virtual Result<std::optional<std::string>> outer(const std::string& scheme, const std::string& name) const;
};

// The text with every reference replaced. One line feed at the end of a file's text is dropped. Errors are
// of kind `config`, name the variable, file or secret and the place, and never hold a resolved text.
Result<std::string> resolve(const Reference& reference, const Resolver& resolver);
Result<Secret> resolve_secret(const Reference& reference, const Resolver& resolver);

}  // namespace penstock::declare

template <>
struct fmt::formatter<penstock::declare::Secret> {
  constexpr auto parse(format_parse_context& context) { return context.begin(); }
  template <class Context>
  auto format(const penstock::declare::Secret&, Context& context) const {
    return fmt::format_to(context.out(), "***");
  }
};
