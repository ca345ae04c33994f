// Addresses, headers and texts of a target's requests.
#include <fmt/format.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/percent.h"
#include "connector/connector.h"
#include "connector/encode.h"

namespace penstock::connector {
namespace {

using What = Placeholder::What;

// The id of a job may be a path of its own: customers/123/offlineUserDataJobs/456.
std::string job_in_path(std::string_view id) {
  return percent_encode_path(id);
}

// "https://api.example.com" of an address of any length.
std::string_view origin_of(std::string_view url) {
  const size_t scheme = url.find("://");
  return scheme == url.npos ? std::string_view() : url.substr(0, url.find_first_of("/?#", scheme + 3));
}

// An address that the destination gave: whatever is there needs no login of ours.
Result<JobCall> named_address(std::string_view url) {
  if (origin_of(url).starts_with("http"))
    return JobCall{.method = "GET", .url = std::string(url), .body = "", .with_login = false};
  return Error{ErrorKind::transient, fmt::format("'{}' is no address", url), ""};
}

}  // namespace

Result<bool> Target::is_next_address(std::string_view page) const {
  if (!page.starts_with("http://") && !page.starts_with("https://")) return false;
  if (origin_of(page) == origin_of(base_)) return true;
  return Error{ErrorKind::transient,
               fmt::format("the next page is said to be at {}, which is not where the destination is",
                           origin_of(page)),
               ""};
}

Result<JobCall> Target::job_call(const JobRequest& request, std::string_view job, std::string_view page,
                                 std::string_view run) const {
  const RequestFacts facts{.page = page, .run = run, .job = job};
  JobCall call;
  if (request.request->empty()) return named_address(page);
  const size_t space = request.request->find(' ');
  call.method = request.request->substr(0, space);
  const auto is_address = is_next_address(page);
  if (!is_address.ok()) return is_address.error();
  if (*is_address) {
    call.url = page;
  } else {
    const auto path = TextTemplate::parse(std::string_view(*request.request).substr(space + 1));
    if (!path.ok()) return path.error();
    call.url = base_ + path->fill([&](const Placeholder& placeholder) {
      return placeholder.what == Placeholder::What::job
                 ? job_in_path(job)
                 : percent_encode(request_text(placeholder, {}, facts));
    });
  }
  if (!request.body) return call;
  // Compiled for each request: there are few, and every one differs.
  auto body = Body::compile(*request.body, body_facts());
  if (!body.ok()) return body.error();
  body->begin(call.body, facts);
  body->add(call.body, RowView{}, 0, facts);
  body->end(call.body, facts);
  return call;
}

std::string Target::request_text(const Placeholder& placeholder, std::span<const RowView> rows,
                                 const RequestFacts& request, const BoundOperation* operation) const {
  switch (placeholder.what) {
    case What::page:
      return std::string(request.page);
    case What::run:
      return std::string(request.run);
    case What::job:
      return std::string(request.job.empty() && !rows.empty() ? rows[0].job : request.job);
    case What::session:
      return std::string(request.job);
    case What::part:
      return fmt::to_string(request.part);
    case What::matches:
    case What::record_ids: {
      Placeholder one = placeholder;
      one.what = placeholder.what == What::matches ? What::match : What::record_id;
      std::string list;
      for (size_t i = 0; i < rows.size(); ++i)
        list += (i > 0 ? "," : "") + row_text(one, text_facts_, rows[i], i, request.masked);
      return list;
    }
    case What::read_fields:
      return operation == nullptr ? "" : fmt::format("{}", fmt::join(operation->read_fields, ","));
    default:
      break;
  }
  if (is_constant(placeholder.what)) return constant(placeholder);
  if (rows.empty()) return "";
  if (placeholder.what != What::once || rows.size() == 1)
    return row_text(placeholder, text_facts_, rows[0], 0, request.masked);
  std::string all;
  for (const RowView& row : rows) all += once(row);
  const XXH128_hash_t hash = XXH3_128bits(all.data(), all.size());
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

std::string Target::url(const BoundOperation& operation, std::span<const RowView> rows,
                        const RequestFacts& request) const {
  // The address of a look-up's next page, as the destination gave it; what it asks for may be personal.
  if (const auto is_address = is_next_address(request.page); is_address.ok() && *is_address)
    return std::string(request.masked ? request.page.substr(0, request.page.find('?')) : request.page);
  std::string url = base_;
  // A setting or an option may be a whole path; everything else is one segment, or one value.
  for (const auto& piece : operation.path.pieces()) {
    if (!piece.placeholder) {
      url += piece.literal;
      continue;
    }
    const std::string text = request_text(*piece.placeholder, rows, request, &operation);
    const bool is_path = piece.placeholder->what == Placeholder::What::setting ||
                         piece.placeholder->what == Placeholder::What::option;
    const bool is_job = piece.placeholder->what == Placeholder::What::job;
    url += is_job ? job_in_path(text) : is_path ? text : percent_encode(text);
  }
  return url;
}

std::vector<std::pair<std::string, std::string>> Target::headers(const BoundOperation& operation,
                                                                 std::span<const RowView> rows,
                                                                 const RequestFacts& request) const {
  std::vector<std::pair<std::string, std::string>> headers;
  bool has_type = !operation.body && !operation.csv;
  for (const auto& [name, text] : operation.headers) {
    std::string value = text.fill(
        [&](const Placeholder& placeholder) { return request_text(placeholder, rows, request, &operation); });
    has_type = has_type || name == "Content-Type";
    if (!value.empty()) headers.emplace_back(name, std::move(value));
  }
  if (!has_type) headers.emplace_back("Content-Type", content_type(*operation.operation));
  return headers;
}

std::string Target::once(const RowView& row) const {
  return once_of(text_facts_, row);
}

}  // namespace penstock::connector
