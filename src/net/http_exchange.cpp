#include "net/http_exchange.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <memory>

namespace penstock {
namespace {

constexpr size_t kRequestReserveMax = 4 << 20;

MHD_Result add_request_header(void* headers, MHD_ValueKind, const char* name, const char* value) {
  static_cast<Headers*>(headers)->emplace_back(name, value ? value : "");
  return MHD_YES;
}

size_t content_length(const ServerRequest& request) {
  const std::string* text = request.header("Content-Length");
  size_t length = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), length);
  return length;
}

std::string address_of(MHD_Connection* connection) {
  const auto* info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
  char text[INET6_ADDRSTRLEN] = {};
  if (info == nullptr || info->client_addr == nullptr) return "";
  if (info->client_addr->sa_family == AF_INET)
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(info->client_addr)->sin_addr, text, sizeof text);
  else
    inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6*>(info->client_addr)->sin6_addr, text,
              sizeof text);
  return text;
}

int socket_of(MHD_Connection* connection) {
  return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
}

// Straight to the socket, past libmicrohttpd, which would not send what is wrong. What the socket does not
// take at once is left out: this is a reply that breaks off anyway.
void send_raw(MHD_Connection* connection, std::string_view bytes) {
  [[maybe_unused]] const ssize_t sent =
      send(socket_of(connection), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

std::string first_half(const ServerReply& reply) {
  std::string text = fmt::format("HTTP/1.1 {} Broken\r\n", reply.status);
  for (const auto& [name, value] : reply.headers) text += fmt::format("{}: {}\r\n", name, value);
  // At least one byte is promised that never comes.
  const size_t promised = std::max<size_t>(reply.body.size(), 1);
  text += fmt::format("Content-Length: {}\r\n\r\n", promised);
  return text += reply.body.substr(0, promised / 2);
}

// Closing a socket that lingers for no time sends a reset, not an orderly end.
void reset_on_close(MHD_Connection* connection) {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  setsockopt(socket_of(connection), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

// MHD_NO makes libmicrohttpd close the connection.
MHD_Result close_with_fault(MHD_Connection* connection, const ServerReply& reply) {
  if (reply.fault == Fault::partial) send_raw(connection, first_half(reply));
  if (reply.fault == Fault::garbage) send_raw(connection, "\x16\x03\x01 this is not HTTP\r\n\r\n");
  if (reply.fault == Fault::reset || reply.fault == Fault::stall) reset_on_close(connection);
  return MHD_NO;
}

// Belongs to libmicrohttpd's response.
struct StreamOf {
  MHD_Connection* connection;
  std::shared_ptr<ReplyStream> stream;
};

using Response = std::unique_ptr<MHD_Response, decltype(&MHD_destroy_response)>;

ssize_t read_stream(void* stream, uint64_t, char* into, size_t room) {
  auto* one = static_cast<StreamOf*>(stream);
  const long count = one->stream->read(one->connection, into, room);
  return count < 0 ? MHD_CONTENT_READER_END_OF_STREAM : count;
}

void leave_stream(void* stream) {
  auto* one = static_cast<StreamOf*>(stream);
  one->stream->leave();
  delete one;
}

Response stream_response(MHD_Connection* connection, const ServerReply& reply) {
  constexpr size_t kBlockBytes = 16 << 10;
  auto* one = new StreamOf{connection, reply.stream};
  Response response(
      MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, kBlockBytes, &read_stream, one, &leave_stream),
      &MHD_destroy_response);
  check(response != nullptr, "libmicrohttpd gives no response");
  return response;
}

Response response_of(ServerReply& reply) {
  Response response(
      MHD_create_response_from_buffer(reply.body.size(), reply.body.data(), MHD_RESPMEM_PERSISTENT),
      &MHD_destroy_response);
  check(response != nullptr, "libmicrohttpd gives no response");
  return response;
}

MHD_Result queue(MHD_Connection* connection, ServerReply& reply) {
  Response response = reply.stream ? stream_response(connection, reply) : response_of(reply);
  for (const auto& [name, value] : reply.headers) {
    if (MHD_add_response_header(response.get(), name.c_str(), value.c_str()) == MHD_YES) continue;
    if (reply.stream) reply.stream->close();
    reply = {
        .status = 500, .headers = {}, .body = fmt::format("the reply's header {} cannot be sent\n", name)};
    return queue(connection, reply);
  }
  return MHD_queue_response(connection, static_cast<unsigned>(reply.status), response.get());
}

}  // namespace

void OpenStreams::add(const std::shared_ptr<ReplyStream>& stream) {
  const std::lock_guard lock(mutex_);
  std::erase_if(streams_, [](const auto& one) { return one.expired(); });
  streams_.push_back(stream);
  if (closed_) stream->close();
}

void OpenStreams::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  for (const auto& one : streams_)
    if (const auto stream = one.lock()) stream->close();
}

HttpExchange::HttpExchange(const char* target) {
  const std::string_view text(target);
  const size_t query = text.find('?');
  request_.path = text.substr(0, query);
  if (query != text.npos) request_.query = text.substr(query + 1);
}

MHD_Result HttpExchange::take(MHD_Connection* connection, const char* method, const char* body,
                              size_t* body_bytes, const HttpServerOptions& options,
                              const HttpServer::Handler& handler, WakeLater& later, OpenStreams& streams) {
  switch (stage_) {
    case Stage::headers:
      take_headers(connection, method, options.body_bytes_max);
      stage_ = Stage::body;
      return MHD_YES;
    case Stage::body:
      if (*body_bytes == 0) return answer(connection, handler, later, streams);
      take_body(body, *body_bytes, options.body_bytes_max);
      *body_bytes = 0;
      return MHD_YES;
    case Stage::delayed:
      return later.stopped() ? MHD_NO : reply(connection);
    case Stage::replying:
      break;
  }
  return MHD_YES;
}

void HttpExchange::take_headers(MHD_Connection* connection, const char* method, size_t body_bytes_max) {
  request_.method = method;
  request_.address = address_of(connection);
  request_.headers.reserve(8);
  MHD_get_connection_values(connection, MHD_HEADER_KIND, &add_request_header, &request_.headers);
  const size_t length = content_length(request_);
  too_large_ = length > body_bytes_max;
  if (!too_large_) request_.body.reserve(std::min(length, kRequestReserveMax));
}

// Too large a body is read to its end all the same: a client that is still sending would not see the reply.
void HttpExchange::take_body(const char* bytes, size_t count, size_t body_bytes_max) {
  too_large_ = too_large_ || count > body_bytes_max - request_.body.size();
  if (too_large_) {
    request_.body = {};
  } else {
    request_.body.append(bytes, count);
  }
}

MHD_Result HttpExchange::answer(MHD_Connection* connection, const HttpServer::Handler& handler,
                                WakeLater& later, OpenStreams& streams) {
  if (too_large_) {
    reply_ = {.status = 413, .headers = {{"Content-Type", "text/plain"}}, .body = "the body is too large\n"};
  } else {
    reply_ = handler(request_);
    if (reply_.stream) streams.add(reply_.stream);
  }
  const bool stalls = reply_.fault == Fault::stall;
  if (!stalls && reply_.delay <= Duration::zero()) return reply(connection);
  stage_ = Stage::delayed;
  const Instant at = stalls ? Instant::max() : real_clock().instant() + reply_.delay;
  return later.suspend(connection, at) ? MHD_YES : MHD_NO;
}

MHD_Result HttpExchange::reply(MHD_Connection* connection) {
  stage_ = Stage::replying;
  return reply_.fault == Fault::none ? queue(connection, reply_) : close_with_fault(connection, reply_);
}

}  // namespace penstock
