#include "store/kafka/session.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "declare/json.h"
#include "store/kafka/kafka.h"
#include "store/rows_reply.h"

namespace penstock::kafka {
namespace {

// Columns whose names begin so are headers of the message.
constexpr std::string_view kHeaderPrefix = "header.";

std::string json_of(const RowsBody& body, const BodyRow& row) {
  std::string out = "{";
  const auto& shape = body.shapes[row.shape];
  for (size_t i = 0; i < shape.size(); ++i) {
    const std::string& name = body.columns[shape[i]];
    if (name.starts_with(kHeaderPrefix) || name == body.match) continue;
    if (out.size() > 1) out += ',';
    declare::append_json_text(out, name);
    out += ':';
    out += row.json[i];
  }
  return out + "}";
}

int millis(Duration duration) {
  return static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}

}  // namespace

Session::~Session() {
  // Messages that nobody waits for any more are not sent behind our back.
  if (producer_) rd_kafka_purge(producer_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
}

void Session::on_report(rd_kafka_t*, const rd_kafka_message_t* message, void*) {
  auto* report = static_cast<Report*>(message->_private);
  report->error = message->err;
  report->status = rd_kafka_message_status(message);
}

void Session::on_error(rd_kafka_t*, int error, const char* reason, void* opaque) {
  auto* session = static_cast<Session*>(opaque);
  const std::lock_guard lock(session->mutex_);
  session->last_error_ = reason;
  if (error == RD_KAFKA_RESP_ERR__AUTHENTICATION || error == RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED)
    session->login_refused_ = true;
}

// On a thread of the library's, for a socket that does not block. Brokers name each other, so each connection
// is looked at.
int Session::on_connect(int socket, const sockaddr* address, int size, const char* broker, void* opaque) {
  auto* session = static_cast<Session*>(opaque);
  const auto ip = IpAddress::of(*address);
  const auto kind = ip ? session->addresses_.refuses(*ip) : "an address of this machine";
  if (kind) {
    const std::lock_guard lock(session->mutex_);
    session->refused_ = refused_address(broker, *kind).message;
    return EACCES;
  }
  return ::connect(socket, address, static_cast<socklen_t>(size)) == 0 || errno == EINPROGRESS ? 0 : errno;
}

std::string Session::trouble(std::string fallback) {
  const std::lock_guard lock(mutex_);
  if (!refused_.empty()) return refused_;
  return last_error_.empty() ? std::move(fallback) : last_error_;
}

Session::Failed Session::connect() {
  if (producer_) return std::nullopt;
  login_refused_ = false;
  rd_kafka_conf_t* settings = rd_kafka_conf_new();
  std::string wrong;
  const auto set = [&](const char* name, const std::string& value) {
    char reason[256];
    if (!value.empty() && wrong.empty() &&
        rd_kafka_conf_set(settings, name, value.c_str(), reason, sizeof reason) != RD_KAFKA_CONF_OK)
      wrong = reason;
  };
  set("bootstrap.servers", header_text(headers_, "Brokers"));
  set("security.protocol", header_text(headers_, "Security"));
  if (!header_text(headers_, "User").empty()) {
    set("sasl.mechanisms", header_text(headers_, "Mechanism"));
    set("sasl.username", header_text(headers_, "User"));
    set("sasl.password", header_text(headers_, "Password"));
  }
  set("compression.codec", header_text(headers_, "Compression"));
  set("client.id", "penstock");
  set("enable.idempotence", "true");  // which implies acks=all
  set("linger.ms", "5");
  set("message.timeout.ms", "20000");
  set("log_level", "0");
  addresses_ = policy_for_text(header_text(headers_, "Brokers"));
  if (addresses_.public_only) rd_kafka_conf_set_connect_cb(settings, &Session::on_connect);
  rd_kafka_conf_set_opaque(settings, this);
  rd_kafka_conf_set_dr_msg_cb(settings, &Session::on_report);
  rd_kafka_conf_set_error_cb(settings, &Session::on_error);
  char reason[256];
  if (wrong.empty()) {
    producer_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, settings, reason, sizeof reason));
    if (producer_) return std::nullopt;
    wrong = reason;
  }
  rd_kafka_conf_destroy(settings);
  return misconfigured("the destination's settings are not accepted: " + wrong);
}

StoreAnswer Session::carry(const HttpRequest& request) {
  if (auto failed = connect()) return *std::move(failed);
  const StorePath path = store_path(request.url);
  // A topic that is not there is found out before anything is sent to it.
  if (StoreAnswer found = find_topic(path.object, request.timeouts.connect); !found.ok()) return found;
  auto body = RowsBody::read(request.body);
  if (!body.ok()) return misconfigured(body.error().message);
  return write(path.object, *body, request.method == "DELETE", request.timeouts.first_byte);
}

StoreAnswer Session::find_topic(const std::string& topic, Duration patience) {
  rd_kafka_topic_t* handle = rd_kafka_topic_new(producer_.get(), topic.c_str(), nullptr);
  if (handle == nullptr) return misconfigured(fmt::format("'{}' is no name of a topic", topic));
  const rd_kafka_metadata_t* metadata = nullptr;
  const auto error = rd_kafka_metadata(producer_.get(), 0, handle, &metadata, millis(patience));
  rd_kafka_topic_destroy(handle);
  rd_kafka_poll(producer_.get(), 0);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    if (login_refused_) return refusal(401, "login", trouble(rd_kafka_err2str(error)));
    return undone(trouble(rd_kafka_err2str(error)));
  }
  rd_kafka_resp_err_t of_topic = RD_KAFKA_RESP_ERR_NO_ERROR;
  for (int i = 0; i < metadata->topic_cnt; ++i)
    if (topic == metadata->topics[i].topic) of_topic = metadata->topics[i].err;
  rd_kafka_metadata_destroy(metadata);
  if (of_topic == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
    return misconfigured(fmt::format("there is no topic '{}'", topic),
                         "create it, or let the brokers create topics");
  if (of_topic == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
    return refusal(403, rd_kafka_err2name(of_topic),
                   fmt::format("{}: {}", topic, rd_kafka_err2str(of_topic)));
  return {};
}

rd_kafka_resp_err_t Session::produce(const std::string& topic, const RowsBody& body, const BodyRow& row,
                                     bool remove, Report* report) {
  rd_kafka_headers_t* headers = rd_kafka_headers_new(2);
  const auto& shape = body.shapes[row.shape];
  for (size_t i = 0; i < shape.size(); ++i) {
    const std::string_view name = body.columns[shape[i]];
    if (!name.starts_with(kHeaderPrefix) || !row.values[i]) continue;
    const std::string_view header = name.substr(kHeaderPrefix.size());
    rd_kafka_header_add(headers, header.data(), static_cast<ssize_t>(header.size()), row.values[i]->data(),
                        static_cast<ssize_t>(row.values[i]->size()));
  }
  // A removal is a message without a value: a tombstone.
  const std::string value = remove ? "" : json_of(body, row);
  const std::string_view key = row.key.value_or("");
  rd_kafka_vu_t parts[6] = {};
  parts[0].vtype = RD_KAFKA_VTYPE_TOPIC;
  parts[0].u.cstr = topic.c_str();
  parts[1].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
  parts[1].u.i = RD_KAFKA_MSG_F_COPY;
  parts[2].vtype = RD_KAFKA_VTYPE_KEY;
  parts[2].u.mem = {row.key ? const_cast<char*>(key.data()) : nullptr, key.size()};
  parts[3].vtype = RD_KAFKA_VTYPE_VALUE;
  parts[3].u.mem = {remove ? nullptr : const_cast<char*>(value.data()), value.size()};
  parts[4].vtype = RD_KAFKA_VTYPE_HEADERS;
  parts[4].u.headers = headers;
  parts[5].vtype = RD_KAFKA_VTYPE_OPAQUE;
  parts[5].u.ptr = report;
  rd_kafka_error_t* not_taken = rd_kafka_produceva(producer_.get(), parts, std::size(parts));
  const auto error = not_taken == nullptr ? RD_KAFKA_RESP_ERR_NO_ERROR : rd_kafka_error_code(not_taken);
  rd_kafka_error_destroy(not_taken);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) rd_kafka_headers_destroy(headers);
  return error;
}

StoreAnswer Session::write(const std::string& topic, const RowsBody& body, bool remove, Duration patience) {
  std::vector<Report> reports(body.rows.size());
  for (size_t i = 0; i < body.rows.size(); ++i) {
    rd_kafka_resp_err_t error = produce(topic, body, body.rows[i], remove, &reports[i]);
    while (error == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
      rd_kafka_poll(producer_.get(), 50);
      error = produce(topic, body, body.rows[i], remove, &reports[i]);
    }
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) reports[i].error = error;
  }
  if (rd_kafka_flush(producer_.get(), millis(patience)) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    // Reports that are still to come must find their places: every message ends before this call does.
    rd_kafka_purge(producer_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    rd_kafka_flush(producer_.get(), 10'000);
  }
  StoreAnswer answer = answer_of(body, reports);
  // A producer that met a fatal error sends nothing any more.
  char reason[256];
  if (rd_kafka_fatal_error(producer_.get(), reason, sizeof reason) != RD_KAFKA_RESP_ERR_NO_ERROR)
    producer_.reset();
  return answer;
}

StoreAnswer Session::answer_of(const RowsBody& body, const std::vector<Report>& reports) {
  RowsReply reply(body);
  size_t written = 0, doubtful = 0;
  std::string failure;
  for (size_t i = 0; i < reports.size(); ++i) {
    const auto [error, status] = reports[i];
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
      ++written;
      continue;
    }
    failure = rd_kafka_err2str(error);
    if (error == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE || error == RD_KAFKA_RESP_ERR_INVALID_RECORD ||
        error == RD_KAFKA_RESP_ERR_INVALID_MSG) {
      reply.refuse(i, rd_kafka_err2name(error), failure);
      ++written;
      continue;
    }
    if (error == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
      return refusal(403, rd_kafka_err2name(error), failure);
    if (status != RD_KAFKA_MSG_STATUS_NOT_PERSISTED) ++doubtful;
    reply.mark(i, RowsReply::State::untold);
  }
  if (written == reports.size() || (written > 0 && !failure.empty()))
    return {.status = 200, .body = reply.json(), .failure = std::nullopt};
  return doubtful > 0 ? unknown_outcome(trouble(failure)) : undone(trouble(failure));
}

}  // namespace penstock::kafka

namespace penstock {

std::unique_ptr<StoreSession> make_kafka_session(const Headers& headers) {
  return std::make_unique<kafka::Session>(headers);
}

}  // namespace penstock
