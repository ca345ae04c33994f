#include "config/schema.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <cstdlib>
#include <fstream>
#include <regex>
#include <sstream>

#include "config/shapes.h"
#include "config/starter.h"
#include "config/test_projects.h"

namespace penstock::config {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

// As much of JSON Schema 2020-12 as our schemas use; anything else fails the test.
class Validator {
 public:
  explicit Validator(element root) : root_(root) {}
  // "" when `value` is valid.
  std::string validate(element value) { return check(root_, value, "$"); }

 private:
  std::string check(element schema, element value, const std::string& at) {
    for (auto [keyword, rule] : object(schema)) {
      std::string problem = apply(std::string(keyword), rule, object(schema), value, at);
      if (!problem.empty()) return problem;
    }
    return "";
  }

  std::string apply(const std::string& keyword, element rule, object schema, element value,
                    const std::string& at) {
    static const std::vector<std::string> kWords = {"$schema",          "$defs",      "title",
                                                    "description",      "default",    "examples",
                                                    "enumDescriptions", "deprecated", "format"};
    if (std::find(kWords.begin(), kWords.end(), keyword) != kWords.end()) return "";
    if (keyword == "$ref") return check(resolve(std::string(std::string_view(rule))), value, at);
    if (keyword == "allOf" || keyword == "anyOf" || keyword == "oneOf")
      return check_many(keyword, rule, value, at);
    if (keyword == "not") return check(rule, value, at).empty() ? at + ": not" : "";
    if (keyword == "type") return has_type(rule, value) ? "" : at + ": type";
    if (keyword == "enum" || keyword == "const")
      return is_one_of(keyword, rule, value) ? "" : at + ": " + keyword;
    if (value.is_object()) return check_object(keyword, rule, schema, value, at);
    if (value.is_array()) return check_array(keyword, rule, value, at);
    return check_scalar(keyword, rule, value, at);
  }

  element resolve(const std::string& reference) {
    EXPECT_TRUE(reference.starts_with("#/"));
    return root_.at_pointer(reference.substr(1));
  }

  std::string check_many(const std::string& keyword, array schemas, element value, const std::string& at) {
    size_t valid = 0;
    std::string first_problem;
    for (element schema : schemas) {
      const std::string problem = check(schema, value, at);
      if (problem.empty())
        ++valid;
      else if (first_problem.empty())
        first_problem = problem;
    }
    const bool good = keyword == "allOf"   ? valid == schemas.size()
                      : keyword == "anyOf" ? valid > 0
                                           : valid == 1;
    return good ? "" : at + ": " + keyword + " (" + first_problem + ")";
  }

  static bool has_type(element rule, element value) {
    if (rule.is_array()) {
      for (element each : array(rule))
        if (has_type(each, value)) return true;
      return false;
    }
    const std::string_view type = rule;
    if (type == "object") return value.is_object();
    if (type == "array") return value.is_array();
    if (type == "string") return value.is_string();
    if (type == "boolean") return value.is_bool();
    if (type == "integer") return value.is_int64();
    return type == "number" && value.is_number();
  }

  static bool is_one_of(const std::string& keyword, element rule, element value) {
    if (keyword == "const") return simdjson::to_string(rule) == simdjson::to_string(value);
    for (element each : array(rule))
      if (simdjson::to_string(each) == simdjson::to_string(value)) return true;
    return false;
  }

  std::string check_object(const std::string& keyword, element rule, object schema, object value,
                           const std::string& at) {
    if (keyword == "properties") {
      for (auto [name, inner] : object(rule)) {
        element found;
        if (value[name].get(found) != simdjson::SUCCESS) continue;
        std::string problem = check(inner, found, at + "." + std::string(name));
        if (!problem.empty()) return problem;
      }
      return "";
    }
    if (keyword == "additionalProperties") return check_additional(rule, schema, value, at);
    if (keyword == "required") {
      for (element name : array(rule))
        if (value[std::string_view(name)].error())
          return at + ": required " + std::string(std::string_view(name));
      return "";
    }
    if (keyword == "minProperties") return value.size() >= uint64_t(rule) ? "" : at + ": minProperties";
    if (keyword == "dependentRequired") {
      for (auto [name, others] : object(rule))
        if (!value[name].error() && value[std::string_view(array(others).at(0))].error())
          return at + ": dependentRequired";
      return "";
    }
    ADD_FAILURE() << "unknown keyword " << keyword;
    return "";
  }

  std::string check_additional(element rule, object schema, object value, const std::string& at) {
    element known;
    const bool has_known = schema["properties"].get(known) == simdjson::SUCCESS;
    for (auto [name, found] : value) {
      if (has_known && !object(known)[name].error()) continue;
      const std::string where = at + "." + std::string(name);
      if (rule.is_bool()) return bool(rule) ? "" : where + ": additional";
      std::string problem = check(rule, found, where);
      if (!problem.empty()) return problem;
    }
    return "";
  }

  std::string check_array(const std::string& keyword, element rule, array value, const std::string& at) {
    if (keyword == "minItems") return value.size() >= uint64_t(rule) ? "" : at + ": minItems";
    if (keyword == "maxItems") return value.size() <= uint64_t(rule) ? "" : at + ": maxItems";
    if (keyword != "items") return "";
    for (element each : value) {
      std::string problem = check(rule, each, at + "[]");
      if (!problem.empty()) return problem;
    }
    return "";
  }

  static std::string check_scalar(const std::string& keyword, element rule, element value,
                                  const std::string& at) {
    if (value.is_string()) {
      const std::string text(std::string_view(value.get_string()));
      if (keyword == "minLength") return text.size() >= uint64_t(rule) ? "" : at + ": minLength";
      if (keyword == "pattern")
        return std::regex_search(text, std::regex(std::string(std::string_view(rule)))) ? ""
                                                                                        : at + ": pattern";
    }
    if (value.is_number() && keyword == "minimum")
      return double(value) >= double(rule) ? "" : at + ": minimum";
    if (value.is_number() && keyword == "maximum")
      return double(value) <= double(rule) ? "" : at + ": maximum";
    return "";
  }

  element root_;
};

std::string validate(const std::string& schema, std::string_view yaml) {
  Diagnostics diagnostics;
  const auto node =
      declare::parse_yaml(std::make_shared<declare::SourceFile>("x", std::string(yaml)), diagnostics);
  if (!node) return as_text(diagnostics);
  simdjson::dom::parser schema_parser, value_parser;
  const std::string json = declare::as_json(*node);
  element root, value;
  EXPECT_EQ(schema_parser.parse(schema).get(root), simdjson::SUCCESS) << schema;
  EXPECT_EQ(value_parser.parse(json).get(value), simdjson::SUCCESS) << json;
  return Validator(root).validate(value);
}

// "syncs/a.yaml" -> "sync"; "" for what has no schema.
std::string kind_of(std::string_view path) {
  if (path == "penstock.yaml") return "project";
  const size_t slash = path.find('/');
  if (slash == std::string_view::npos || !path.ends_with(".yaml")) return "";
  return std::string(path.substr(0, slash - 1));
}

TEST(Schemas, TakeTheStarterAndTheGoodProject) {
  size_t files = 0;
  for (const StarterFile& file : starter_files()) {
    const std::string kind = kind_of(file.path);
    if (kind.empty()) continue;
    EXPECT_EQ(validate(*schema_of(kind, test_kinds()), file.text), "") << file.path;
    ++files;
  }
  EXPECT_EQ(files, 6u);
  for (const auto& [path, text] : good_files())
    EXPECT_EQ(validate(*schema_of(kind_of(path), test_kinds()), text), "") << path;
}

TEST(Schemas, RefuseWhatTheShapesRefuse) {
  const auto problem = [](const char* kind, std::string_view yaml) {
    return validate(*schema_of(kind, test_kinds()), yaml);
  };
  EXPECT_EQ(problem("model", "{source: w, primary_key: id}").substr(0, 8), "$: allOf");
  EXPECT_EQ(problem("model", "{source: w, primary_key: id, table: t, tabel: t}"), "$.tabel: additional");
  EXPECT_EQ(problem("sync", "{model: m, destination: d, object: o, mode: upset}"), "$.mode: enum");
  EXPECT_EQ(problem("sync", "{model: m, destination: d, object: o}"), "$: required mode");
  EXPECT_EQ(
      problem("sync",
              "{model: m, destination: d, object: o, mode: insert, schedule: {every: 15m, timezone: UTC}}")
          .substr(0, 17),
      "$.schedule: anyOf");
  EXPECT_NE(problem("destination", "{type: hubspot}"), "");
  EXPECT_NE(problem("destination", "{type: hubsot, access_token: x}"), "");
  EXPECT_NE(problem("source", "{type: postgres, url: x, connections: 65}"), "");
  EXPECT_EQ(problem("source", "{type: postgres, url: x, connections: 64}"), "");
  EXPECT_EQ(problem("project", "{project: a, syncs: {s: {model: m}}}"), "$.syncs.s: required destination");
  EXPECT_NE(problem("project", "{project: a, sources: {w: {type: nosuch}}}"), "");
}

TEST(Schemas, AllInOneObject) {
  simdjson::dom::parser parser;
  element root;
  const std::string all = all_schemas(test_kinds());
  ASSERT_EQ(parser.parse(all).get(root), simdjson::SUCCESS);
  EXPECT_EQ(object(root).size(), schema_names().size());
  // What the contract promises of a sync.
  const element sync = root["sync"]["$defs"]["sync"];
  EXPECT_EQ(simdjson::to_string(sync["required"]), R"(["model","destination","object","mode"])");
  EXPECT_EQ(simdjson::to_string(sync["properties"]["mode"]["enum"]),
            R"(["insert","update","upsert","mirror","append","delete","replace"])");
  EXPECT_EQ(simdjson::to_string(sync["properties"]["in_doubt"]["default"]), R"("hold")");
}

TEST(Schemas, AnUnknownNameGetsTheNearest) {
  const auto schema = schema_of("synk", test_kinds());
  ASSERT_FALSE(schema.ok());
  EXPECT_EQ(schema.error().message, "there is no schema 'synk'; did you mean 'sync'?");
  EXPECT_EQ(schema.error().remedy, "use one of project, source, model, destination, sync, alert or test");
}

// Every default and every example is what its field takes.
void check_words(const declare::Table& table) {
  for (const declare::Field& field : table.fields()) {
    for (const std::string& yaml : {field.default_yaml(), field.example()}) {
      if (yaml.empty()) continue;
      Diagnostics diagnostics;
      const auto node = declare::parse_yaml(std::make_shared<declare::SourceFile>("x", yaml), diagnostics);
      ASSERT_TRUE(node) << table.name() << "." << field.name() << ": " << as_text(diagnostics);
      declare::Reading reading(diagnostics);
      EXPECT_TRUE(field.shape().read(*node, field.shape().make().get(), reading))
          << table.name() << "." << field.name() << ": " << as_text(diagnostics);
    }
    EXPECT_FALSE(field.help().empty()) << table.name() << "." << field.name();
  }
}

void check_all_words(const declare::Shape& shape) {
  if (const auto* table = dynamic_cast<const declare::Table*>(&shape)) check_words(*table);
  for (const declare::Shape* part : shape.parts()) check_all_words(*part);
}

TEST(Tables, HaveGoodDefaultsExamplesAndHelp) {
  check_all_words(*project_shape());
  check_all_words(*model_shape());
  check_all_words(*sync_shape());
  for (const std::string& name : alert_kinds().names())
    check_all_words(*settings_shape(KindOfType::alert, *alert_kinds().find(name)));
}

// docs/projects.md and docs/alerts.md hold the pages between <!-- fields of NAME --> and <!-- end -->. With
// PENSTOCK_UPDATE=1 in the environment they are written anew.
void compare_page(const std::string& page, const std::vector<const char*>& names) {
  const std::string here = __FILE__;
  const std::string path = here.substr(0, here.rfind("/src/config/")) + "/docs/" + page;
  std::stringstream in;
  in << std::ifstream(path).rdbuf();
  const std::string text = in.str();
  std::string anew = text;
  for (const char* name : names) {
    const std::string start = std::string("<!-- fields of ") + name + " -->\n";
    const size_t from = anew.find(start);
    ASSERT_NE(from, std::string::npos) << start;
    const size_t to = anew.find("<!-- end -->", from);
    ASSERT_NE(to, std::string::npos) << start;
    anew.replace(from + start.size(), to - from - start.size(), "\n" + reference_of(name) + "\n");
  }
  if (std::getenv("PENSTOCK_UPDATE") != nullptr)
    std::ofstream(path) << anew;
  else
    EXPECT_TRUE(text == anew) << path
                              << " is not what the tables say: run config_test with PENSTOCK_UPDATE=1";
}

TEST(Docs, AreWhatTheTablesSay) {
  compare_page("projects.md", {"project", "model", "sync", "test"});
  compare_page("alerts.md", {"alert"});
}

}  // namespace
}  // namespace penstock::config
