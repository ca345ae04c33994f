// docs/connectors.md and docs/connectors/NAME.md are what the tables, the declarations and the engine say.
// With PENSTOCK_UPDATE=1 in the environment what is made from them is written anew.
//
// Blocks of docs/connectors.md:
//   ```yaml connector            the first: a complete connector; the others: parts that replace its parts
//   ```http sends OPERATION      what the two sample rows give
//   ```json replies OPERATION STATUS, followed by ```text means
//   ```text job OPERATION        the course of a job, with the replies that it shows; followed by ```text
//   means
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <cstdlib>
#include <fstream>
#include <regex>
#include <sstream>

#include "connector/connector.h"
#include "connector/encode.h"
#include "connector/job.h"
#include "connector/page.h"
#include "declare/schema.h"

namespace penstock::connector {
namespace {

std::string docs(const std::string& name) {
  const std::string here = __FILE__;
  return here.substr(0, here.rfind("/src/connector/")) + "/docs/" + name;
}

std::string read_file(const std::string& path) {
  std::stringstream in;
  in << std::ifstream(path).rdbuf();
  return in.str();
}

bool updating() {
  return std::getenv("PENSTOCK_UPDATE") != nullptr;
}

void expect_page(const std::string& path, const std::string& anew) {
  if (updating())
    std::ofstream(path) << anew;
  else
    EXPECT_TRUE(read_file(path) == anew)
        << path << " is out of date: run connector_test with PENSTOCK_UPDATE=1";
}

// ---- Tables

// The reference in sections: "### limit group" and what follows.
std::map<std::string, std::string> sections_of_reference() {
  std::map<std::string, std::string> sections;
  std::istringstream lines(declare::reference_page(*declaration_shape(), 3));
  std::string name;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("### ")) name = line.substr(4);
    sections[name] += line + "\n";
  }
  return sections;
}

TEST(Guide, TablesAreWhatTheShapesSay) {
  const std::string path = docs("connectors.md");
  std::string text = read_file(path);
  auto sections = sections_of_reference();
  const std::string start = "<!-- words of ", end = "<!-- end -->";
  for (size_t at = text.find(start); at != text.npos; at = text.find(start, at + 1)) {
    const size_t line_end = text.find('\n', at), until = text.find(end, at);
    ASSERT_NE(until, text.npos);
    std::string names = text.substr(at + start.size(), line_end - at - start.size() - 4), tables;
    for (size_t comma = 0; comma != names.npos; names = comma == names.npos ? "" : names.substr(comma + 2)) {
      comma = names.find(", ");
      const std::string name = names.substr(0, comma);
      ASSERT_EQ(sections.count(name), 1u) << "there is no table '" << name << "', or it stands twice";
      tables += "\n" + sections.extract(name).mapped();
    }
    while (tables.ends_with("\n\n")) tables.pop_back();
    text.replace(line_end + 1, until - line_end - 1, tables + "\n");
  }
  sections.erase("no auth");
  for (const auto& [name, section] : sections)
    ADD_FAILURE() << "docs/connectors.md does not explain '" << name << "'";
  expect_page(path, text);
}

TEST(Guide, EveryShippedConnectorHasItsPage) {
  const Catalog catalog;
  for (const auto& name : catalog.names())
    expect_page(docs("connectors/" + name + ".md"), connector_page(catalog.find(name)->declaration()));
}

// What there is, with the size of each declaration.
TEST(Guide, TheCatalogueListsEveryConnector) {
  const Catalog catalog;
  std::string page =
      "# Connectors\n\nEvery page is made from the connector's declaration. How to write one: "
      "[connectors.md](../connectors.md).\n\nEach is tried against a stand-in (`penstock sandbox --vendor "
      "NAME`), or "
      "against the real server where there is one to be had; those of Slack, Stripe, Twilio, GitHub and "
      "Linear also against emulators that others wrote. None has been tried against a vendor's own service "
      "yet: "
      "start with `penstock plan` and `penstock run --limit 1`.\n\n| connector | what it writes | objects | "
      "lines |\n| --- | --- | "
      "--- | "
      "--- |\n";
  for (const auto& name : catalog.names()) {
    const auto& declaration = catalog.find(name)->declaration();
    const std::string text = read_file(docs("../connectors/" + name + ".yaml"));
    std::string objects;
    for (const auto& object : declaration.objects)
      objects += fmt::format("{}`{}`", objects.empty() ? "" : ", ", object.name);
    page += fmt::format("| [{}]({}.md) | {} | {} | {} |\n", declaration.title, name, declaration.summary,
                        objects, std::count(text.begin(), text.end(), '\n'));
  }
  expect_page(docs("connectors/README.md"), page);
}

// ---- Examples

struct Block {
  std::string language;
  std::vector<std::string> words;
  std::string text;
  size_t begin = 0, end = 0;  // of the text in the page
};

std::vector<Block> blocks_of(const std::string& page) {
  std::vector<Block> blocks;
  for (size_t at = page.find("\n```"); at != page.npos; at = page.find("\n```", at)) {
    Block& block = blocks.emplace_back();
    const size_t line_end = page.find('\n', at + 1);
    std::istringstream info(page.substr(at + 4, line_end - at - 4));
    info >> block.language;
    for (std::string word; info >> word;) block.words.push_back(word);
    block.begin = line_end + 1;
    block.end = page.find("\n```", line_end) + 1;
    block.text = page.substr(block.begin, block.end - block.begin);
    at = block.end + 3;
  }
  return blocks;
}

// The complete example in parts: a top-level key and its lines.
using Parts = std::vector<std::pair<std::string, std::string>>;

Parts parts_of(const std::string& yaml) {
  Parts parts;
  std::istringstream lines(yaml);
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty() && std::isalpha(static_cast<unsigned char>(line[0])))
      parts.emplace_back(line.substr(0, line.find(':')), "");
    if (!parts.empty()) parts.back().second += line + "\n";
  }
  return parts;
}

std::string with_parts(Parts whole, const Parts& replaced) {
  for (const auto& [key, text] : replaced) {
    const auto found =
        std::find_if(whole.begin(), whole.end(), [&](const auto& part) { return part.first == key; });
    if (found != whole.end())
      found->second = text;
    else
      whole.emplace_back(key, text);
  }
  std::string out;
  for (const auto& part : whole) out += part.second;
  return out;
}

// The two rows of the page.
class SampleRows {
 public:
  SampleRows() {
    EXPECT_TRUE(define_payload_functions(connection_).ok());
    std::string list,
        rows =
            "(VALUES ('ana@x.example', 'Ana', 12.50, ['a', 'b'], TIMESTAMP '2026-01-02 03:04:05'), "
            "('ben@x.example', 'Ben \"B\"', NULL, NULL, NULL)) AS t(email, name, score, tags, seen)";
    auto columns = *connection_.describe("SELECT * FROM " + rows);
    for (const auto& column : columns) {
      list += (list.empty() ? "" : ", ") + as_payload_sql(column.name, column.type);
      types_.push_back(payload_type_of(column.type));
    }
    auto result = connection_.query("SELECT " + list + " FROM " + rows);
    EXPECT_TRUE(result.ok());
    chunk_.emplace(**result->next());
    for (size_t i = 0; i < types_.size(); ++i)
      (i == 0 ? match_ : fields_).emplace_back(chunk_->column(i), types_[i]);
  }
  RowView view(size_t row) const {
    RowView view;
    view.fields = fields_;
    view.match = match_;
    view.row = row;
    view.send.set();
    view.record_id = row == 0 ? "51" : "52";
    static const std::string kTeams[] = {"71", "72"};
    view.references = std::span(kTeams).subspan(row, 1);
    return view;
  }
  static SentRows sent() {
    return {.count = 2,
            .match = [](size_t row) { return row == 0 ? "ana@x.example" : "ben@x.example"; },
            .record_id = [](size_t row) { return row == 0 ? "51" : "52"; }};
  }

 private:
  duck::Database database_ = *duck::Database::open({});
  duck::Connection connection_ = *database_.connect();
  std::vector<ValueType> types_;
  std::optional<duck::Chunk> chunk_;
  std::vector<Values> match_, fields_;
};

std::string_view name_of(Verdict verdict) {
  constexpr std::string_view kNames[] = {"accepted", "rejected",  "rows",  "split", "exists",   "missing",
                                         "retry",    "throttled", "quota", "auth",  "forbidden"};
  return kNames[static_cast<size_t>(verdict)];
}

std::string described(std::string_view who, Verdict verdict, const std::string& record_id,
                      const std::string& code, const std::string& message) {
  std::string out = fmt::format("{}: {}", who, name_of(verdict));
  if (!record_id.empty()) out += fmt::format(", record {}", record_id);
  if (!code.empty()) out += fmt::format(", {}", code);
  if (!message.empty()) out += fmt::format(", \"{}\"", message);
  return out + "\n";
}

class Example {
 public:
  // Null when the declaration has mistakes, which are test failures.
  static std::unique_ptr<Example> read(const std::string& yaml) {
    Catalog catalog;
    declare::Diagnostics diagnostics;
    catalog.add(std::make_shared<declare::SourceFile>("connectors/harbour.yaml", yaml), diagnostics);
    EXPECT_TRUE(diagnostics.sorted().empty()) << as_text(diagnostics) << "in\n" << yaml;
    const auto connector = catalog.find("harbour");
    if (connector == nullptr) return nullptr;
    TargetFacts facts;
    facts.object = "people";
    facts.match_fields = {"email"};
    facts.match_kind = MatchKind::unique;
    facts.fields = {"name", "score", "tags", "seen"};
    facts.read = FieldMask(0b1111);
    TargetSettings settings{{{"base_url", "https://api.harbour.example"}}, {}};
    auto target = Target::bind(connector, settings, facts);
    EXPECT_TRUE(target.ok()) << target.error().message;
    return std::unique_ptr<Example>(new Example(*std::move(target)));
  }

  // The request as the page shows it: its first line, then its body.
  std::string request(const std::string& name) const {
    const BoundOperation& one = operation(name);
    std::vector<RowView> rows{rows_.view(0)};
    if (one.operation->rows > 1) rows.push_back(rows_.view(1));
    const std::string page = one.operation->find ? one.operation->find->first : "";
    const RequestFacts facts{.page = page, .run = "20261125-1"};
    std::string out = fmt::format("{} {}\n", one.method, target_.url(one, rows, facts));
    for (const auto& [header, value] : target_.headers(one, rows, facts))
      if (value != "application/json") out += fmt::format("{}: {}\n", header, value);
    const std::string body = encode(one, rows, facts);
    simdjson::dom::parser parser;
    if (one.operation->content == Operation::Content::json) EXPECT_FALSE(parser.parse(body).error()) << body;
    return out + body + (body.ends_with('\n') ? "" : "\n");
  }

  std::string meaning(const std::string& name, int status, const std::string& body) const {
    const ReplyReading reading = target_.read(operation(name), status, body, SampleRows::sent());
    if (reading.verdict != Verdict::rows)
      return described("the request", reading.verdict, "", reading.code, reading.message);
    std::string out;
    for (size_t row = 0; row < reading.rows.size(); ++row) {
      const RowReading& one = reading.rows[row];
      out += described(SampleRows::sent().match(row), one.verdict, one.record_id, one.code, one.message);
    }
    return out;
  }

  // The records that a look-up's reply lists.
  std::string found(const std::string& name, const std::string& body) const {
    const std::vector<std::string> names{"name", "score", "tags", "seen"};
    const auto reading =
        read_found(*operation(name).find, "email", body, {.names = names, .wanted = FieldMask(0b1111)});
    if (!reading.ok()) return reading.error().message + "\n";
    std::string out;
    for (const auto& record : reading->records) {
      out += fmt::format("{}: record {}", record.value, record.record_id);
      for (size_t i = 0; i < names.size(); ++i)
        if (!record.fields[i].text.empty()) out += fmt::format(", {} = {}", names[i], record.fields[i].text);
      out += '\n';
    }
    return out + (reading->next_page.empty() ? "" : fmt::format("next: {}\n", reading->next_page));
  }

  // The course of a job: what it sends and waits for, with the replies ("< STATUS BODY") of the text.
  // `meaning` becomes what the rows' results say.
  std::string course(const std::string& name, const std::string& text, std::string& meaning) const {
    const BoundOperation& one = operation(name);
    const JobRule& rule = *one.operation->job;
    std::istringstream lines(text);
    std::string out;
    std::vector<std::optional<RowReading>> rows(2);
    JobCourse job(rule);
    for (JobNext next = job.begin(); !std::holds_alternative<JobOver>(next);) {
      if (const auto* wait = std::get_if<JobWait>(&next)) {
        out += fmt::format("wait {}\n", declare::show(wait->pause));
        next = job.waited(1s);
        continue;
      }
      if (const auto* read = std::get_if<JobRead>(&next)) {
        EXPECT_TRUE(
            read_job_result(rule.results[read->result], "email", job.last_poll(), SampleRows::sent(), rows)
                .ok());
        next = job.read();
        continue;
      }
      const JobSend send = std::get<JobSend>(next);
      out += sent(one, send, job.id());
      std::string line;
      while (std::getline(lines, line) && !line.starts_with("< ")) {
      }
      if (!line.starts_with("< ")) {
        ADD_FAILURE() << "the course of " << name << " lacks the reply to\n" << out;
        return text;
      }
      out += line + "\n";
      const int status = std::stoi(line.substr(2));
      std::string body = line.size() > 6 ? line.substr(6) : "";
      for (size_t at = body.find("\\n"); at != body.npos; at = body.find("\\n")) body.replace(at, 2, "\n");
      if (send.part == JobPart::result)
        EXPECT_TRUE(read_job_result(rule.results[send.result], "email", body, SampleRows::sent(), rows).ok());
      next = job.replied(send, {status < 300, status, body, "", ""});
    }
    meaning.clear();
    for (size_t row = 0; row < rows.size(); ++row)
      if (rows[row])
        meaning += described(SampleRows::sent().match(row), rows[row]->verdict, rows[row]->record_id,
                             rows[row]->code, rows[row]->message);
    return out;
  }

 private:
  std::string sent(const BoundOperation& one, const JobSend& send, const std::string& job) const {
    const JobRule& rule = *one.operation->job;
    std::string method = one.method, url, body;
    if (send.part == JobPart::upload) {
      std::vector<RowView> rows{rows_.view(0)};
      if (one.operation->rows > 1) rows.push_back(rows_.view(1));
      const RequestFacts facts{.job = job};
      url = target_.url(one, rows, facts);
      body = encode(one, rows, facts);
    } else {
      const JobRequest& part = send.part == JobPart::create  ? *rule.create
                               : send.part == JobPart::start ? *rule.start
                               : send.part == JobPart::poll  ? static_cast<const JobRequest&>(*rule.poll)
                                                             : rule.results[send.result];
      const auto call = target_.job_call(part, job, send.page);
      EXPECT_TRUE(call.ok());
      method = call->method;
      url = call->url;
      body = call->body;
    }
    const std::string base = "https://api.harbour.example";
    return fmt::format("> {} {}{}{}\n", method, url.starts_with(base) ? url.substr(base.size()) : url,
                       body.empty() ? "" : " ", body);
  }

  explicit Example(Target target) : target_(std::move(target)) {}

  const BoundOperation& operation(const std::string& name) const {
    for (const auto* one : {target_.find(), target_.read(), target_.create(), target_.update(),
                            target_.upsert(), target_.remove(), target_.replace()})
      if (one != nullptr && one->name == name) return *one;
    die("the example has no operation " + name);
  }

  Target target_;
  SampleRows rows_;
};

TEST(Guide, ExamplesDoWhatTheyShow) {
  const std::string path = docs("connectors.md"), page = read_file(path);
  const auto blocks = blocks_of(page);
  Parts whole;
  std::unique_ptr<Example> example;
  std::string anew, meaning;
  size_t copied = 0, tried = 0;
  const auto put = [&](const Block& block, const std::string& text) {
    anew += page.substr(copied, block.begin - copied) + text;
    copied = block.end;
    ++tried;
  };
  for (const auto& block : blocks) {
    if (block.words.empty()) continue;
    if (block.words[0] == "connector") {
      const Parts parts = parts_of(block.text);
      if (whole.empty()) whole = parts;
      example = Example::read(with_parts(whole, parts));
      ASSERT_NE(example, nullptr) << block.text;
      ++tried;
    } else if (block.words[0] == "sends") {
      put(block, example->request(block.words.at(1)));
    } else if (block.words[0] == "replies") {
      meaning = example->meaning(block.words.at(1), std::stoi(block.words.at(2)), block.text);
    } else if (block.words[0] == "finds") {
      meaning = example->found(block.words.at(1), block.text);
    } else if (block.words[0] == "job") {
      put(block, example->course(block.words.at(1), block.text, meaning));
    } else if (block.words[0] == "means") {
      put(block, meaning);
    }
  }
  EXPECT_GE(tried, 10u);
  expect_page(path, anew + page.substr(copied));
}

}  // namespace
}  // namespace penstock::connector
