#include "ledger/records.h"

#include <bit>
#include <cstring>

namespace penstock {
namespace {

// Numbers as LEB128, texts with their length before them.
class Writer {
 public:
  explicit Writer(char kind) : out_(1, kind) {}
  Writer& number(uint64_t value) {
    while (value >= 0x80) {
      out_ += static_cast<char>(value | 0x80);
      value >>= 7;
    }
    out_ += static_cast<char>(value);
    return *this;
  }
  Writer& text(std::string_view value) {
    number(value.size());
    out_ += value;
    return *this;
  }
  Writer& time(Time value) { return number(static_cast<uint64_t>(unix_micros(value))); }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}
  uint64_t number() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (bytes_.empty()) return fail();
      const auto byte = static_cast<unsigned char>(bytes_[0]);
      bytes_.remove_prefix(1);
      value |= uint64_t{byte & 0x7fu} << shift;
      if ((byte & 0x80) == 0) return value;
    }
    return fail();
  }
  std::string text() {
    const uint64_t size = number();
    if (size > bytes_.size()) {
      fail();
      return "";
    }
    std::string value(bytes_.substr(0, size));
    bytes_.remove_prefix(size);
    return value;
  }
  Time time() { return from_unix_micros(static_cast<int64_t>(number())); }
  Duration duration() { return Duration(static_cast<int64_t>(number())); }
  template <class Read>
  void list(Read read) {
    const uint64_t count = number();
    for (uint64_t i = 0; i < count && !failed_; ++i) read();
  }
  bool complete() const { return !failed_ && bytes_.empty(); }

 private:
  uint64_t fail() {
    failed_ = true;
    bytes_ = {};
    return 0;
  }
  std::string_view bytes_;
  bool failed_ = false;
};

enum Kind : char {
  kFacts = 'F',
  kIntent = 'I',
  kRowOutcome = 'O',
  kRequest = 'R',
  kEnd = 'E',
  kJob = 'J',
  kWhereabouts = 'W',
};

std::string encode(const RunFacts& facts) {
  Writer writer(kFacts);
  writer.text(facts.run)
      .text(facts.sync)
      .time(facts.started)
      .text(facts.mapping)
      .number(facts.personal.size());
  for (const auto& field : facts.personal) writer.text(field);
  return writer.number(facts.cause).number(facts.hold_doubt ? 1 : 0).text(facts.on_removed).take();
}

std::string encode(const Intent& intent) {
  Writer writer(kIntent);
  writer.number(intent.through).number(intent.rows.size());
  for (const uint64_t row : intent.rows) writer.number(row);
  return writer.take();
}

std::string encode(const Whereabouts& learned) {
  Writer writer(kWhereabouts);
  writer.number(learned.rows.size());
  for (size_t i = 0; i < learned.rows.size(); ++i) writer.number(learned.rows[i]).text(learned.record_ids[i]);
  return writer.take();
}

std::string encode(const RowOutcome& o) {
  return Writer(kRowOutcome)
      .number(o.ordinal)
      .number(static_cast<uint64_t>(o.outcome))
      .text(o.operation)
      .number(o.attempt)
      .number(static_cast<uint64_t>(o.status))
      .text(o.code)
      .text(o.message)
      .text(o.record_id)
      .number(o.request)
      .time(o.at)
      .number(static_cast<uint64_t>(o.latency.count()))
      .number((o.foreign ? 1u : 0u) | (o.effect_unknown ? 2u : 0u))
      .take();
}

std::string encode(const RequestRecord& r) {
  return Writer(kRequest)
      .number(r.number)
      .text(r.operation)
      .text(r.method)
      .text(r.url)
      .number(r.rows)
      .number(static_cast<uint64_t>(r.status))
      .text(r.error)
      .time(r.at)
      .number(static_cast<uint64_t>(r.latency.count()))
      .text(r.request_body)
      .text(r.reply_body)
      .take();
}

std::string encode(const RunEnd& end) {
  return Writer(kEnd).text(end.status).text(end.error).take();
}

// Rows of a job mostly follow each other: runs of them, each its first number and its length.
std::string encode(const JobRecord& job) {
  Writer writer(kJob);
  writer.number(job.number).number(static_cast<uint64_t>(job.stage)).text(job.id).text(job.operation);
  writer.text(job.object).number(job.match_kind).number(job.step).time(job.created);
  std::vector<std::pair<uint64_t, uint64_t>> runs;
  for (const uint64_t row : job.rows) {
    if (!runs.empty() && runs.back().first + runs.back().second == row)
      ++runs.back().second;
    else
      runs.emplace_back(row, 1);
  }
  writer.number(runs.size());
  for (const auto& [first, length] : runs) writer.number(first).number(length);
  writer.number(job.record_ids.size());
  for (const auto& id : job.record_ids) writer.text(id);
  return writer.take();
}

RunFacts decode_facts(Reader& in) {
  RunFacts facts;
  facts.run = in.text();
  facts.sync = in.text();
  facts.started = in.time();
  facts.mapping = in.text();
  in.list([&] { facts.personal.push_back(in.text()); });
  facts.cause = in.number();
  facts.hold_doubt = in.number() != 0;
  facts.on_removed = in.text();
  return facts;
}

Intent decode_intent(Reader& in) {
  Intent intent;
  intent.through = in.number();
  in.list([&] { intent.rows.push_back(in.number()); });
  return intent;
}

Whereabouts decode_whereabouts(Reader& in) {
  Whereabouts learned;
  in.list([&] {
    learned.rows.push_back(in.number());
    learned.record_ids.emplace_back(in.text());
  });
  return learned;
}

RowOutcome decode_outcome(Reader& in) {
  RowOutcome o;
  o.ordinal = in.number();
  o.outcome = static_cast<Outcome>(in.number());
  o.operation = in.text();
  o.attempt = static_cast<uint32_t>(in.number());
  o.status = static_cast<int>(in.number());
  o.code = in.text();
  o.message = in.text();
  o.record_id = in.text();
  o.request = in.number();
  o.at = in.time();
  o.latency = in.duration();
  const uint64_t flags = in.number();
  o.foreign = (flags & 1) != 0;
  o.effect_unknown = (flags & 2) != 0;
  return o;
}

RequestRecord decode_request(Reader& in) {
  RequestRecord r;
  r.number = in.number();
  r.operation = in.text();
  r.method = in.text();
  r.url = in.text();
  r.rows = in.number();
  r.status = static_cast<int>(in.number());
  r.error = in.text();
  r.at = in.time();
  r.latency = in.duration();
  r.request_body = in.text();
  r.reply_body = in.text();
  return r;
}

RunEnd decode_end(Reader& in) {
  RunEnd end;
  end.status = in.text();
  end.error = in.text();
  return end;
}

// More rows than a plan can hold are no rows: a length is not believed before it is looked at.
constexpr uint64_t kJobRowsMax = 1u << 30;

std::optional<JobRecord> decode_job(Reader& in) {
  JobRecord job;
  job.number = in.number();
  job.stage = static_cast<JobStage>(in.number());
  job.id = in.text();
  job.operation = in.text();
  job.object = in.text();
  job.match_kind = in.number();
  job.step = in.number();
  job.created = in.time();
  uint64_t rows = 0;
  bool plausible = job.stage <= JobStage::ended;
  in.list([&] {
    const uint64_t first = in.number(), length = in.number();
    plausible = plausible && length > 0 && length <= kJobRowsMax - rows && first <= UINT64_MAX - length;
    if (!plausible) return;
    rows += length;
    for (uint64_t i = 0; i < length; ++i) job.rows.push_back(first + i);
  });
  in.list([&] { job.record_ids.push_back(in.text()); });
  if (!plausible || (!job.record_ids.empty() && job.record_ids.size() != job.rows.size()))
    return std::nullopt;
  return job;
}

Error unknown_record() {
  return {ErrorKind::disk, "the journal holds a record that this version of penstock does not know",
          "run this project with the version that wrote it"};
}

}  // namespace

std::string encode_record(const JournalRecord& record) {
  return std::visit([](const auto& one) { return encode(one); }, record);
}

Result<JournalRecord> decode_record(std::string_view bytes) {
  if (bytes.empty()) return unknown_record();
  Reader in(bytes.substr(1));
  JournalRecord record;
  switch (bytes[0]) {
    case kFacts:
      record = decode_facts(in);
      break;
    case kIntent:
      record = decode_intent(in);
      break;
    case kWhereabouts:
      record = decode_whereabouts(in);
      break;
    case kRowOutcome:
      record = decode_outcome(in);
      break;
    case kRequest:
      record = decode_request(in);
      break;
    case kEnd:
      record = decode_end(in);
      break;
    case kJob: {
      auto job = decode_job(in);
      if (!job) return unknown_record();
      record = *std::move(job);
      break;
    }
    default:
      return unknown_record();
  }
  if (!in.complete()) return unknown_record();
  if (const auto* o = std::get_if<RowOutcome>(&record); o != nullptr && o->outcome > Outcome::failed)
    return unknown_record();
  return record;
}

}  // namespace penstock
