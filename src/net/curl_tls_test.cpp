// The client over TLS, against libmicrohttpd with a certificate made for the test by openssl's command.
#include <gtest/gtest.h>
#include <microhttpd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "net/client_fixture_test.h"
#include "net/listen_socket.h"

namespace penstock {
namespace {

std::string contents(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

class TlsServer {
 public:
  // The certificate is for the name localhost, not for 127.0.0.1. Not started: `started` is false.
  explicit TlsServer(const std::string& folder)
      : certificate_file(folder + "penstock_test_cert.pem"), socket_(*listen_on("127.0.0.1:0")) {
    const std::string key_file = folder + "penstock_test_key.pem";
    const std::string command =
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost "
        "-addext subjectAltName=DNS:localhost -keyout " +
        key_file + " -out " + certificate_file + " 2>/dev/null";
    if (std::system(command.c_str()) != 0) return;
    key_ = contents(key_file);
    certificate_ = contents(certificate_file);
    daemon_ = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_TLS, 0, nullptr, nullptr, &answer,
                               this, MHD_OPTION_LISTEN_SOCKET, socket_.fd, MHD_OPTION_HTTPS_MEM_KEY,
                               key_.c_str(), MHD_OPTION_HTTPS_MEM_CERT, certificate_.c_str(), MHD_OPTION_END);
    started = daemon_ != nullptr;
  }
  ~TlsServer() {
    if (daemon_) MHD_stop_daemon(daemon_);
  }
  std::string url(const std::string& host) const {
    return "https://" + host + ":" + std::to_string(socket_.port);
  }

  const std::string certificate_file;
  bool started = false;
  std::atomic<int> requests = 0;

 private:
  static MHD_Result answer(void* self, MHD_Connection* connection, const char*, const char*, const char*,
                           const char*, size_t*, void** seen) {
    if (!std::exchange(*seen, self)) return MHD_YES;
    ++static_cast<TlsServer*>(self)->requests;
    static char body[] = "secret";
    MHD_Response* response = MHD_create_response_from_buffer(6, body, MHD_RESPMEM_PERSISTENT);
    const MHD_Result queued = MHD_queue_response(connection, 200, response);
    MHD_destroy_response(response);
    return queued;
  }

  ListenSocket socket_;
  std::string key_;
  std::string certificate_;
  MHD_Daemon* daemon_ = nullptr;
};

TEST_F(HttpClientTest, talks_over_tls_only_to_whom_it_can_trust) {
  TlsServer server(testing::TempDir());
  if (!server.started) GTEST_SKIP() << "no openssl command, or no TLS in libmicrohttpd";

  const HttpOutcome untrusted = get(server.url("localhost"));
  ASSERT_FALSE(untrusted.replied());
  EXPECT_EQ(untrusted.failure().error.kind, ErrorKind::config);
  EXPECT_FALSE(untrusted.failure().may_have_arrived);
  EXPECT_NE(text_of(untrusted).find("the certificate of localhost:"), std::string::npos)
      << text_of(untrusted);
  EXPECT_EQ(server.requests, 0);

  use_client({.ca_file = server.certificate_file});
  for (int i = 0; i < 3; ++i) {
    const HttpOutcome trusted = get(server.url("localhost"));
    ASSERT_TRUE(trusted.replied()) << text_of(trusted);
    EXPECT_EQ(trusted.reply().body, "secret");
  }

  const HttpOutcome other_name = get(server.url("127.0.0.1"));
  ASSERT_FALSE(other_name.replied());
  EXPECT_EQ(other_name.failure().error.kind, ErrorKind::config);
  EXPECT_FALSE(other_name.failure().may_have_arrived);
  EXPECT_EQ(server.requests, 3);
}

}  // namespace
}  // namespace penstock
