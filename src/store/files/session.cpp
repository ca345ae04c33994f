#include <fmt/format.h>

#include <cstdlib>

#include "base/disk.h"
#include "base/random.h"
#include "base/time.h"
#include "declare/json.h"
#include "net/crypto.h"
#include "net/gzip.h"
#include "store/files/files.h"
#include "store/files/names.h"
#include "store/files/parquet.h"
#include "store/files/place.h"
#include "store/files/staging.h"
#include "store/rows_reply.h"

namespace penstock::files {
namespace {

Format format_named(std::string_view name) {
  if (name == "csv") return Format::csv;
  return name == "parquet" ? Format::parquet : Format::jsonl;
}

std::string text_or(const Headers& headers, std::string_view name, std::string_view otherwise) {
  std::string text = header_text(headers, name);
  return text.empty() ? std::string(otherwise) : text;
}

// The parts of a path, decoded: "file:/sessions/a1/2/people" has "sessions", "a1", "2", "people".
std::vector<std::string> steps_of(std::string_view url) {
  std::vector<std::string> steps;
  url.remove_prefix(std::min(url.size(), url.find(':') + 1));
  for (url = url.substr(0, url.find('?')); !url.empty();) {
    const size_t slash = std::min(url.find('/'), url.size());
    if (slash > 0) steps.push_back(percent_decode(url.substr(0, slash)));
    url.remove_prefix(std::min(slash + 1, url.size()));
  }
  return steps;
}

class Session final : public StoreSession {
 public:
  explicit Session(const Headers& headers)
      : directory_(header_text(headers, "Directory")),
        staging_(header_text(headers, "Staging")),
        compression_(header_text(headers, "Compression")),
        changes_name_(text_or(headers, "Changes-Name", "{object}-{time}-{mark}")),
        whole_name_(text_or(headers, "Whole-Name", "{object}")),
        run_(header_text(headers, "Run")),
        delimiter_(text_or(headers, "Delimiter", ",")),
        rules_{.format = format_named(header_text(headers, "Format")),
               .header = header_text(headers, "Header") != "false",
               .delimiter = delimiter_[0]},
        place_(make_place(headers)),
        parquet_(compression_),
        random_(Random::from_system()) {}

  StoreAnswer carry(const HttpRequest& request) override {
    if (!place_.ok()) return refused(place_.error());
    if (StoreAnswer answer = check_settings(); !answer.ok()) return answer;
    const auto steps = steps_of(request.url);
    if (steps.size() == 2 && steps[0] == "rows") return write_changes(steps[1], request);
    if (steps.size() < 2 || steps[0] != "sessions") return misconfigured("this store has no such path");
    // Requests around the rows have the headers that every request has, and those name no run.
    if (const size_t run = request.url.find("?run="); run != std::string::npos)
      run_ = percent_decode(std::string_view(request.url).substr(run + 5));
    if (steps.size() == 2) return begin(steps[1]);
    const Staging staging = staging_of(steps.back(), steps[1]);
    if (steps.size() == 4) return write_part(staging, steps[2], request);
    if (request.method == "POST") return commit(staging, steps.back(), request);
    staging.remove();
    return {};
  }
  bool usable() const override { return true; }

 private:
  bool is_parquet() const { return rules_.format == Format::parquet; }

  StoreAnswer check_settings() const {
    if (delimiter_.size() != 1 || delimiter_ == "\"" || delimiter_ == "\n" || delimiter_ == "\r")
      return misconfigured(fmt::format("'{}' cannot separate columns", delimiter_),
                           "give one character as `delimiter`, such as ; or a tab: \"\\t\"");
    if (compression_ == "zstd" && !is_parquet())
      return misconfigured("zstd is for Parquet files", "say `compression: gzip`, or `format: parquet`");
    return {};
  }

  std::string packed(std::string text) const { return compression_ == "gzip" ? gzip(text) : text; }

  Result<std::string> name_of(const std::string& object, bool each) {
    static constexpr std::string_view kExtensions[] = {".jsonl", ".csv", ".parquet"};
    std::string extension(kExtensions[static_cast<size_t>(rules_.format)]);
    if (compression_ == "gzip" && !is_parquet()) extension += ".gz";
    return file_name(each ? changes_name_ : whole_name_, each,
                     {.object = object, .run = run_, .extension = extension, .now = real_clock().now()},
                     random_);
  }

  // A batch of rows is a file of its own: names sort by the time they were written at.
  StoreAnswer write_changes(const std::string& object, const HttpRequest& request) {
    auto body = RowsBody::read(request.body);
    if (!body.ok()) return misconfigured(body.error().message);
    const auto name = name_of(object, true);
    if (!name.ok()) return refused(name.error());
    // Rows that are only ever added need no word for what is done with them.
    const std::string_view operation = request.method == "POST"  ? ""
                                       : request.method == "PUT" ? "upsert"
                                                                 : "delete";
    const auto content = content_of(*body, operation);
    if (!content.ok()) return refused(content.error());
    StoreAnswer answer = (*place_)->put(*name, *content, request.timeouts);
    if (answer.ok()) answer.body = RowsReply(*body).json();
    return answer;
  }

  Result<Content> content_of(const RowsBody& body, std::string_view operation) {
    if (!is_parquet())
      return Content(packed(csv_head(file_columns(body, operation), rules_, operation) +
                            rows_text(body, rules_, operation)));
    auto text = parquet_.bytes(body, operation);
    if (!text.ok()) return text.error();
    return Content(*std::move(text));
  }

  // ---- Files that are written as a whole

  // Parts wait on the disk that they are to come to; before a file travels, where there is room for much.
  Staging staging_of(const std::string& object, const std::string& session) const {
    std::string directory = staging_.empty() ? (*place_)->staging() : staging_;
    const char* temporary = std::getenv("TMPDIR");
    if (directory.empty()) directory = temporary != nullptr && *temporary != '\0' ? temporary : "/var/tmp";
    return {directory, hex(sha256(directory_ + '\n' + object)).substr(0, 16), session};
  }

  StoreAnswer begin(const std::string& object) {
    if (const auto name = name_of(object, false); !name.ok()) return refused(name.error());
    std::string session;
    for (int i = 0; i < 16; ++i) session += "0123456789abcdef"[random_.below(16)];
    if (auto begun = staging_of(object, session).begin(); !begun.ok()) return refused(begun.error());
    StoreAnswer answer;
    answer.body = fmt::format("{{\"session\":\"{}\"}}", session);
    return answer;
  }

  StoreAnswer write_part(const Staging& staging, const std::string& part, const HttpRequest& request) {
    auto body = RowsBody::read(request.body);
    if (!body.ok()) return misconfigured(body.error().message);
    if (auto there = staging.check_there(); !there.ok()) return refused(there.error());
    const std::string path = staging.part_path(std::strtoull(part.c_str(), nullptr, 10));
    const auto written = is_parquet() ? parquet_.write(*body, "", path)
                                      : real_disk().replace(path, packed(rows_text(*body, rules_, "")));
    if (!written.ok()) return refused(written.error());
    StoreAnswer answer;
    answer.body = RowsReply(*body).json();
    return answer;
  }

  StoreAnswer commit(const Staging& staging, const std::string& object, const HttpRequest& request) {
    auto body = RowsBody::read(request.body);
    if (!body.ok()) return misconfigured(body.error().message);
    if (auto there = staging.check_there(); !there.ok()) return refused(there.error());
    const auto name = name_of(object, false);
    if (!name.ok()) return refused(name.error());
    const auto content = whole(staging, file_columns(*body, ""));
    if (!content.ok()) return refused(content.error());
    StoreAnswer answer = (*place_)->put(*name, *content, request.timeouts);
    if (answer.ok()) staging.remove();
    return answer;
  }

  Result<Content> whole(const Staging& staging, const std::vector<FileColumn>& columns) {
    auto parts = staging.parts();
    if (!parts.ok()) return parts.error();
    if (is_parquet()) {
      const std::string path = staging.path("whole.parquet");
      if (auto joined = parquet_.join(*parts, columns, path); !joined.ok()) return joined.error();
      return Content::of("", {path});
    }
    // Compressed texts, one after the other, are the compressed text of all.
    std::string head = csv_head(columns, rules_, "");
    if (!head.empty() || parts->empty()) head = packed(std::move(head));
    return Content::of(std::move(head), *std::move(parts));
  }

  std::string directory_, staging_, compression_, changes_name_, whole_name_, run_, delimiter_;
  TextRules rules_;
  Result<std::unique_ptr<Place>> place_;
  ParquetWriter parquet_;
  Random random_;
};

}  // namespace
}  // namespace penstock::files

namespace penstock {

std::unique_ptr<StoreSession> make_files_session(const Headers& headers) {
  return std::make_unique<files::Session>(headers);
}

}  // namespace penstock
