#include "net/transport_failure.h"

#include <curl/curl.h>
#include <gtest/gtest.h>

#include <cerrno>

namespace penstock {
namespace {

TransferFacts facts(CURLcode code) {
  TransferFacts made;
  made.curl_code = code;
  made.host = "api.example.com";
  made.timeouts = {.connect = 10s, .first_byte = 250ms, .total = 5min};
  made.name_resolved = true;
  return made;
}

TEST(TransportFailure, before_the_request_is_begun_it_cannot_have_arrived) {
  for (const CURLcode code : {CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT,
                              CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_PROXY,
                              CURLE_OPERATION_TIMEDOUT, CURLE_RECV_ERROR, CURLE_OUT_OF_MEMORY}) {
    EXPECT_FALSE(describe_failure(facts(code)).may_have_arrived) << curl_easy_strerror(code);
  }
}

TEST(TransportFailure, once_a_byte_was_sent_it_may_have_arrived) {
  TransferFacts sent = facts(CURLE_SEND_ERROR);
  sent.request_begun = true;
  EXPECT_FALSE(describe_failure(sent).may_have_arrived);
  sent.encrypted = true;  // the count of bytes is not to be trusted
  EXPECT_TRUE(describe_failure(sent).may_have_arrived);
  sent.encrypted = false;
  sent.bytes_sent = 1;
  EXPECT_TRUE(describe_failure(sent).may_have_arrived);
}

TEST(TransportFailure, says_what_timed_out) {
  TransferFacts timed_out = facts(CURLE_OPERATION_TIMEDOUT);
  EXPECT_EQ(describe_failure(timed_out).error.message, "cannot connect to api.example.com within 10 s");
  timed_out.name_resolved = false;
  EXPECT_EQ(describe_failure(timed_out).error.message,
            "the name api.example.com was not resolved within 10 s");
  timed_out.request_begun = true;
  EXPECT_EQ(describe_failure(timed_out).error.message,
            "api.example.com did not finish its reply within 300 s");
  timed_out.broken_off = BrokenOff::first_byte;
  EXPECT_EQ(describe_failure(timed_out).error.message,
            "api.example.com did not begin to reply within 250 ms");
}

TEST(TransportFailure, has_a_remedy_and_a_kind_for_what_a_person_must_mend) {
  TransferFacts untrusted = facts(CURLE_PEER_FAILED_VERIFICATION);
  untrusted.curl_text = "SSL certificate problem: self-signed certificate";
  const Error error = describe_failure(untrusted).error;
  EXPECT_EQ(error.kind, ErrorKind::config);
  EXPECT_EQ(
      error.message,
      "the certificate of api.example.com is not trusted: SSL certificate problem: self-signed certificate");
  EXPECT_FALSE(error.remedy.empty());
}

TEST(TransportFailure, names_the_systems_reason) {
  TransferFacts refused = facts(CURLE_COULDNT_CONNECT);
  refused.system_error = ECONNREFUSED;
  EXPECT_EQ(describe_failure(refused).error.message, "cannot connect to api.example.com: connection refused");
}

}  // namespace
}  // namespace penstock
