// The JSON object that a request brings. Private to server/.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/http_server.h"

namespace penstock::server {

// Members by name. Reading one of another type is noted, and refused by check(): so a handler reads what it
// wants, and then asks once.
class Body {
 public:
  // Errors (config): no JSON, no object, nested too deeply.
  static Result<Body> read(const ServerRequest& request);
  ~Body();
  Body(Body&&) noexcept;
  Body& operator=(Body&&) = delete;

  // Empty for one that is absent or null.
  std::optional<std::string> text(std::string_view name);
  std::optional<int64_t> integer(std::string_view name);
  std::optional<bool> boolean(std::string_view name);
  std::vector<std::string> texts(std::string_view name);
  // The objects of a list.
  std::vector<Body> objects(std::string_view name);
  bool has(std::string_view name) const;
  bool is_null(std::string_view name) const;

  // Names that must be there, and whether all that was read was what it should be.
  Result<void> check(std::initializer_list<std::string_view> required = {}) const;

 private:
  struct Document;
  struct Value;
  Body(std::shared_ptr<Document> document, std::unique_ptr<Value> value);
  void wrong(std::string_view name, std::string_view expected);

  std::shared_ptr<Document> document_;  // shared by the objects in it
  std::unique_ptr<Value> value_;
  std::string wrong_;
};

}  // namespace penstock::server
