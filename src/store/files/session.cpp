#include <fmt/format.h>

#include "base/disk.h"
#include "base/random.h"
#include "base/time.h"
#include "net/gzip.h"
#include "store/files/files.h"
#include "store/files/format.h"
#include "store/files/upload.h"
#include "store/rows_reply.h"

namespace penstock::files {
namespace {

// A batch of rows is a file of its own: names sort by the time they were written at.
class Session final : public StoreSession {
 public:
  explicit Session(const Headers& headers)
      : to_{.directory = header_text(headers, "Directory"),
            .password = header_text(headers, "Password"),
            .key_file = header_text(headers, "Key-File"),
            .known_hosts = header_text(headers, "Known-Hosts")},
        format_(header_text(headers, "Format") == "csv" ? Format::csv : Format::jsonl),
        compressed_(header_text(headers, "Compression") == "gzip"),
        random_(Random::from_system()) {}

  StoreAnswer carry(const HttpRequest& request) override {
    const StorePath path = store_path(request.url);
    auto body = RowsBody::read(request.body);
    if (!body.ok()) return misconfigured(body.error().message);
    if (path.object.empty() || path.object.starts_with('.') || path.object.find('/') != std::string::npos)
      return misconfigured(fmt::format("'{}' cannot begin a file's name", path.object),
                           "use letters, digits and dashes");
    // Rows that are only ever added need no word for what is done with them.
    const std::string_view operation = request.method == "POST"  ? ""
                                       : request.method == "PUT" ? "upsert"
                                                                 : "delete";
    std::string text = file_text(*body, format_, operation);
    if (compressed_) text = gzip(text);
    StoreAnswer answer = write(name_for(path.object), text, request.timeouts);
    if (!answer.ok()) return answer;
    answer.body = RowsReply(*body).json();
    return answer;
  }
  bool usable() const override { return true; }

 private:
  std::string name_for(const std::string& object) {
    std::string time = iso8601(real_clock().now());
    std::erase_if(time, [](char c) { return c == '-' || c == ':' || c == '.'; });
    std::string mark;
    for (int i = 0; i < 8; ++i) mark += "0123456789abcdef"[random_.below(16)];
    return fmt::format("{}-{}-{}.{}{}", object, time, mark, format_ == Format::csv ? "csv" : "jsonl",
                       compressed_ ? ".gz" : "");
  }

  StoreAnswer write(const std::string& name, const std::string& text, const Timeouts& timeouts) const {
    if (to_.directory.starts_with("sftp://")) return upload(to_, name, text, timeouts);
    std::string directory = to_.directory;
    if (directory.starts_with("file://")) directory = percent_decode(directory.substr(7));
    if (directory.find("://") != std::string::npos)
      return misconfigured(fmt::format("files cannot be written to '{}'", host_of(directory)),
                           "name a directory, or sftp://user@host/directory");
    const auto exists = real_disk().exists(directory);
    if (!exists.ok()) return misconfigured(exists.error().message, exists.error().remedy);
    if (!*exists) return misconfigured(fmt::format("there is no directory {}", directory), "create it");
    const auto written = real_disk().replace(directory + "/" + name, text);
    if (!written.ok()) return misconfigured(written.error().message, written.error().remedy);
    return {};
  }

  Upload to_;
  Format format_;
  bool compressed_;
  Random random_;
};

}  // namespace
}  // namespace penstock::files

namespace penstock {

std::unique_ptr<StoreSession> make_files_session(const Headers& headers) {
  return std::make_unique<files::Session>(headers);
}

}  // namespace penstock
