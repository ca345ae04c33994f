#include "ledger/records.h"

#include <algorithm>

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
  // What was read cannot be: the whole record is worth nothing.
  void refuse() {
    failed_ = true;
    bytes_ = {};
  }
  bool complete() const { return !failed_ && bytes_.empty(); }
  bool has_more() const { return !bytes_.empty(); }

 private:
  uint64_t fail() {
    refuse();
    return 0;
  }
  std::string_view bytes_;
  bool failed_ = false;
};

enum Kind : char {
  kFacts = 'F',
  kIntent = 'I',
  kOutcomeGroup = 'G',
  kRowOutcome = 'O',  // of one row; versions before groups wrote it
  kRequest = 'R',
  kEnd = 'E',
  kJob = 'J',
  kWhereabouts = 'W',
  kBefore = 'B',
};

std::string encode(const RunFacts& facts) {
  Writer writer(kFacts);
  writer.text(facts.run)
      .text(facts.sync)
      .time(facts.started)
      .text(facts.mapping)
      .number(facts.personal.size());
  for (const auto& field : facts.personal) writer.text(field);
  writer.number(facts.cause).number(facts.hold_doubt ? 1 : 0).text(facts.on_removed);
  if (facts.is_undo) writer.number(1).text(facts.undoes);
  return writer.take();
}

// Rows mostly follow each other: runs of them, each its first number and its length.
void write_runs(Writer& writer, const std::vector<uint64_t>& rows) {
  std::vector<std::pair<uint64_t, uint64_t>> runs;
  for (const uint64_t row : rows) {
    if (!runs.empty() && runs.back().first + runs.back().second == row)
      ++runs.back().second;
    else
      runs.emplace_back(row, 1);
  }
  writer.number(runs.size());
  for (const auto& [first, length] : runs) writer.number(first).number(length);
}

// None of them where all are empty.
void write_texts(Writer& writer, const std::vector<std::string>& texts) {
  if (std::all_of(texts.begin(), texts.end(), [](const auto& text) { return text.empty(); })) {
    writer.number(0);
    return;
  }
  writer.number(texts.size());
  for (const auto& text : texts) writer.text(text);
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

std::string encode(const OutcomeGroup& group) {
  const RowOutcome& o = group.shared;
  Writer writer(kOutcomeGroup);
  writer.number(static_cast<uint64_t>(o.outcome))
      .text(o.operation)
      .number(o.attempt)
      .number(static_cast<uint64_t>(o.status))
      .text(o.code)
      .text(o.message)
      .number(o.request)
      .time(o.at)
      .number(static_cast<uint64_t>(o.latency.count()))
      .number((o.foreign ? 1u : 0u) | (o.effect_unknown ? 2u : 0u));
  write_runs(writer, group.rows);
  write_texts(writer, group.record_ids);
  if (!group.created.empty() || !o.tries.empty()) write_runs(writer, group.created);
  if (!o.tries.empty()) {
    writer.number(o.tries.size());
    for (const uint64_t request : o.tries) writer.number(request);
  }
  return writer.take();
}

std::string encode(const BeforeImages& before) {
  Writer writer(kBefore);
  writer.number(before.images.size());
  for (const auto& image : before.images) {
    writer.number(image.row).number(image.existed ? 1 : 0).text(image.record_id).text(image.fates);
    writer.number(image.values.size());
    for (const auto& value : image.values) writer.text(value);
    writer.number(image.digests.size());
    for (const auto& [field, digest] : image.digests) writer.number(field).number(digest);
  }
  return writer.take();
}

std::string encode(const RequestRecord& r) {
  Writer writer(kRequest);
  writer.number(r.number)
      .text(r.operation)
      .text(r.method)
      .text(r.url)
      .number(r.rows)
      .number(static_cast<uint64_t>(r.status))
      .text(r.error)
      .time(r.at)
      .number(static_cast<uint64_t>(r.latency.count()))
      .text(r.request_body)
      .text(r.reply_body);
  if (!r.request_headers.empty() || !r.reply_headers.empty())
    writer.text(r.request_headers).text(r.reply_headers);
  return writer.take();
}

std::string encode(const RunEnd& end) {
  return Writer(kEnd).text(end.status).text(end.error).take();
}

std::string encode(const JobRecord& job) {
  Writer writer(kJob);
  writer.number(job.number).number(static_cast<uint64_t>(job.stage)).text(job.id).text(job.operation);
  writer.text(job.object).number(job.match_kind).number(job.step).time(job.created);
  write_runs(writer, job.rows);
  write_texts(writer, job.record_ids);
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
  if (in.has_more()) facts.is_undo = in.number() != 0;
  if (in.has_more()) facts.undoes = in.text();
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

// A length is not believed before it is looked at.
std::vector<uint64_t> read_runs(Reader& in, uint64_t rows_max) {
  std::vector<uint64_t> rows;
  in.list([&] {
    const uint64_t first = in.number(), length = in.number();
    if (length == 0 || length > rows_max - rows.size() || first > UINT64_MAX - length) return in.refuse();
    for (uint64_t i = 0; i < length; ++i) rows.push_back(first + i);
  });
  return rows;
}

// One for each row, or none.
std::vector<std::string> read_texts(Reader& in, size_t rows) {
  std::vector<std::string> texts;
  in.list([&] { texts.push_back(in.text()); });
  if (!texts.empty() && texts.size() != rows) in.refuse();
  return texts;
}

void read_start_of_outcome(Reader& in, RowOutcome& o) {
  o.outcome = static_cast<Outcome>(in.number());
  o.operation = in.text();
  o.attempt = static_cast<uint32_t>(in.number());
  o.status = static_cast<int>(in.number());
  o.code = in.text();
  o.message = in.text();
}

void read_end_of_outcome(Reader& in, RowOutcome& o) {
  o.request = in.number();
  o.at = in.time();
  o.latency = in.duration();
  const uint64_t flags = in.number();
  o.foreign = (flags & 1) != 0;
  o.effect_unknown = (flags & 2) != 0;
  if (o.outcome > Outcome::failed) in.refuse();
}

OutcomeGroup decode_group(Reader& in) {
  OutcomeGroup group;
  RowOutcome& o = group.shared;
  read_start_of_outcome(in, o);
  read_end_of_outcome(in, o);
  group.rows = read_runs(in, kGroupRowsMax);
  group.record_ids = read_texts(in, group.rows.size());
  group.record_ids.resize(group.rows.size());
  if (in.has_more()) group.created = read_runs(in, kGroupRowsMax);
  if (in.has_more()) in.list([&] { o.tries.push_back(in.number()); });
  return group;
}

OutcomeGroup decode_row_outcome(Reader& in) {
  RowOutcome o;
  o.ordinal = in.number();
  read_start_of_outcome(in, o);
  o.record_id = in.text();
  read_end_of_outcome(in, o);
  return OutcomeGroup::of(std::move(o));
}

BeforeImages decode_before(Reader& in) {
  BeforeImages before;
  in.list([&] {
    BeforeImage& image = before.images.emplace_back();
    image.row = in.number();
    image.existed = in.number() != 0;
    image.record_id = in.text();
    image.fates = in.text();
    in.list([&] { image.values.push_back(in.text()); });
    in.list([&] {
      const auto field = static_cast<uint32_t>(in.number());
      image.digests.emplace_back(field, in.number());
    });
    if (!image.values.empty() && image.values.size() != image.fates.size()) in.refuse();
  });
  return before;
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
  if (in.has_more()) r.request_headers = in.text();
  if (in.has_more()) r.reply_headers = in.text();
  return r;
}

RunEnd decode_end(Reader& in) {
  RunEnd end;
  end.status = in.text();
  end.error = in.text();
  return end;
}

// More rows than a plan can hold are no rows.
constexpr uint64_t kJobRowsMax = 1u << 30;

JobRecord decode_job(Reader& in) {
  JobRecord job;
  job.number = in.number();
  job.stage = static_cast<JobStage>(in.number());
  job.id = in.text();
  job.operation = in.text();
  job.object = in.text();
  job.match_kind = in.number();
  job.step = in.number();
  job.created = in.time();
  job.rows = read_runs(in, kJobRowsMax);
  job.record_ids = read_texts(in, job.rows.size());
  if (job.stage > JobStage::ended) in.refuse();
  return job;
}

Error unknown_record() {
  return {ErrorKind::disk, "the journal holds a record that this version of penstock does not know",
          "run this project with the version that wrote it"};
}

}  // namespace

OutcomeGroup OutcomeGroup::of(RowOutcome outcome) {
  OutcomeGroup group;
  group.rows = {outcome.ordinal};
  group.record_ids = {std::move(outcome.record_id)};
  if (outcome.created) group.created = {outcome.ordinal};
  group.shared = std::move(outcome);
  return group;
}

bool OutcomeGroup::takes(const RowOutcome& o) const {
  return rows.size() < kGroupRowsMax && o.request == shared.request && o.outcome == shared.outcome &&
         o.attempt == shared.attempt && o.status == shared.status && o.at == shared.at &&
         o.latency == shared.latency && o.foreign == shared.foreign &&
         o.effect_unknown == shared.effect_unknown && o.operation == shared.operation &&
         o.code == shared.code && o.message == shared.message && o.tries == shared.tries;
}

void OutcomeGroup::add(const RowOutcome& outcome) {
  rows.push_back(outcome.ordinal);
  record_ids.push_back(outcome.record_id);
  if (outcome.created) created.push_back(outcome.ordinal);
}

RowOutcome OutcomeGroup::one(size_t index) const {
  RowOutcome outcome = shared;
  outcome.ordinal = rows[index];
  outcome.record_id = record_ids[index];
  outcome.created = std::find(created.begin(), created.end(), outcome.ordinal) != created.end();
  return outcome;
}

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
    case kOutcomeGroup:
      record = decode_group(in);
      break;
    case kRowOutcome:
      record = decode_row_outcome(in);
      break;
    case kRequest:
      record = decode_request(in);
      break;
    case kEnd:
      record = decode_end(in);
      break;
    case kJob:
      record = decode_job(in);
      break;
    case kBefore:
      record = decode_before(in);
      break;
    default:
      return unknown_record();
  }
  if (!in.complete()) return unknown_record();
  return record;
}

}  // namespace penstock
