#include "login/sign.h"

#include <gtest/gtest.h>

#include "login/jwt.h"
#include "login/key_test.h"
#include "net/crypto.h"
#include "net/sigv4.h"

namespace penstock {
namespace {

using connector::HmacAuth;
using connector::HmacLogin;

const Time kSuiteTime = from_unix_micros(1'440'938'160'000'000);  // 2015-08-30T12:36:00Z

// Vectors of AWS's published Signature Version 4 test suite: its key, time, region and service.
HttpRequest signed_as_in_suite(HttpRequest request, std::string service = "service") {
  sign_sigv4({"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "", "us-east-1", service},
             kSuiteTime, request);
  return request;
}

std::string signature(const HttpRequest& request) {
  const std::string& header = *find_header(request.headers, "Authorization");
  return header.substr(header.find("Signature=") + 10);
}

TEST(SigV4, GetVanilla) {
  const HttpRequest request = signed_as_in_suite({.url = "https://example.amazonaws.com/"});
  EXPECT_EQ(*find_header(request.headers, "X-Amz-Date"), "20150830T123600Z");
  EXPECT_EQ(*find_header(request.headers, "Authorization"),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
            "SignedHeaders=host;x-amz-date, "
            "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
}

TEST(SigV4, GetVanillaQueryOrderKeyCase) {
  EXPECT_EQ(
      signature(signed_as_in_suite({.url = "https://example.amazonaws.com/?Param2=value2&Param1=value1"})),
      "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500");
}

TEST(SigV4, PostVanilla) {
  EXPECT_EQ(signature(signed_as_in_suite({.method = "POST", .url = "https://example.amazonaws.com/"})),
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b");
}

TEST(SigV4, PostFormUrlencoded) {
  EXPECT_EQ(signature(signed_as_in_suite({.method = "POST",
                                          .url = "https://example.amazonaws.com/",
                                          .headers = {{"Content-Type", "application/x-www-form-urlencoded"}},
                                          .body = "Param1=value1"})),
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a");
}

// The example of the IAM User Guide: ListUsers.
TEST(SigV4, ListUsers) {
  EXPECT_EQ(signature(signed_as_in_suite(
                {.url = "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08",
                 .headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}}},
                "iam")),
            "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
}

// The example of the S3 API reference: GET Object.
TEST(SigV4, S3GetObject) {
  HttpRequest request{.url = "https://examplebucket.s3.amazonaws.com/test.txt",
                      .headers = {{"Range", "bytes=0-9"}}};
  sign_sigv4({"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "", "us-east-1", "s3"},
             from_unix_micros(1'369'353'600'000'000), request);
  EXPECT_EQ(signature(request), "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
  EXPECT_EQ(*find_header(request.headers, "X-Amz-Content-Sha256"), hex(sha256("")));
}

TEST(SigV4, TheSessionTokenIsSigned) {
  HttpRequest request{.url = "http://127.0.0.1:9000/bucket/key"};
  sign_sigv4({"AKID", "secret", "session", "us-east-1", "s3"}, kSuiteTime, request);
  EXPECT_EQ(*find_header(request.headers, "X-Amz-Security-Token"), "session");
  EXPECT_NE(find_header(request.headers, "Authorization")
                ->find("SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token"),
            std::string::npos);
}

// ---- HMAC

// RFC 4231, test case 2.
TEST(Hmac, IsThatOfTheStandard) {
  EXPECT_EQ(hex(hmac_sha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(Hmac, HexInAHeader) {
  HttpRequest request{.url = "https://hook.example", .body = "what do ya want for nothing?"};
  ASSERT_TRUE(
      sign_hmac({HmacAuth::Form::hex, "Jefe", "X-Hub-Signature-256", "sha256="}, kSuiteTime, "", request)
          .ok());
  EXPECT_EQ(request.headers,
            (Headers{{"X-Hub-Signature-256",
                      "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"}}));
}

TEST(Hmac, StandardWebhooks) {
  const std::string key = "a key of twenty-four by.";
  const HmacLogin login{HmacAuth::Form::standard_webhooks, "whsec_" + base64(key), "", ""};
  HttpRequest request{.method = "POST", .url = "https://hook.example", .body = R"({"a":1})"};
  HttpRequest again = request, other = request;
  other.body = R"({"a":2})";
  ASSERT_TRUE(sign_hmac(login, kSuiteTime, "run 1", request).ok());
  const std::string id = *find_header(request.headers, "webhook-id");
  EXPECT_EQ(*find_header(request.headers, "webhook-timestamp"), "1440938160");
  EXPECT_EQ(*find_header(request.headers, "webhook-signature"),
            "v1," + base64(hmac_sha256(key, id + ".1440938160.{\"a\":1}")));
  ASSERT_TRUE(sign_hmac(login, kSuiteTime + 5s, "run 1", again).ok());
  EXPECT_EQ(*find_header(again.headers, "webhook-id"), id) << "an attempt that is repeated";
  ASSERT_TRUE(sign_hmac(login, kSuiteTime, "run 1", other).ok());
  EXPECT_NE(*find_header(other.headers, "webhook-id"), id);
}

TEST(Hmac, AnIdThatTheRequestHasIsKept) {
  HttpRequest request{.url = "https://hook.example", .headers = {{"Webhook-Id", "msg_7"}}, .body = "{}"};
  ASSERT_TRUE(
      sign_hmac({HmacAuth::Form::standard_webhooks, base64("key"), "", ""}, kSuiteTime, "", request).ok());
  EXPECT_EQ(request.headers.size(), 3u);
  EXPECT_EQ(*find_header(request.headers, "webhook-signature"),
            "v1," + base64(hmac_sha256("key", "msg_7.1440938160.{}")));
}

TEST(Hmac, ASecretThatIsNone) {
  HttpRequest request;
  const auto made =
      sign_hmac({HmacAuth::Form::standard_webhooks, "whsec_%%%", "", ""}, kSuiteTime, "", request);
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().kind, ErrorKind::config);
  EXPECT_EQ(made.error().message.find("%%%"), std::string::npos);
}

TEST(Base64, ThereAndBack) {
  for (const std::string text : {"", "f", "fo", "foo", "foob", "fooba", "foobar"})
    EXPECT_EQ(from_base64(base64(text)), text);
  EXPECT_EQ(base64_url("\xff\xfe\xfd?"), "__79Pw");
}

// ---- JWT

TEST(Jwt, IsWhatOpenSslVerifies) {
  const auto token = make_jwt(
      {"client-id", "ana@x.example", "https://login.example", "a b", test_key(), "k1", 3min}, kSuiteTime);
  ASSERT_TRUE(token.ok()) << token.error().message;
  const size_t first = token->find('.'), second = token->find('.', first + 1);
  EXPECT_EQ(from_base64_url(token->substr(0, first)), R"({"alg":"RS256","typ":"JWT","kid":"k1"})");
  EXPECT_EQ(from_base64_url(token->substr(first + 1, second - first - 1)),
            R"({"iss":"client-id","sub":"ana@x.example","aud":"https://login.example","scope":"a b",)"
            R"("iat":1440938160,"exp":1440938340})");
  EXPECT_TRUE(is_signed_by_test_key(token->substr(0, second), from_base64_url(token->substr(second + 1))));
  EXPECT_FALSE(
      is_signed_by_test_key(token->substr(0, second - 1), from_base64_url(token->substr(second + 1))));
}

TEST(Jwt, LineFeedsOfTheKeyMayBeWrittenOut) {
  std::string pem = test_key();
  for (size_t at = pem.find('\n'); at != pem.npos; at = pem.find('\n', at)) pem.replace(at, 1, "\\n");
  EXPECT_TRUE(make_jwt({"i", "", "a", "", pem, "", 1min}, kSuiteTime).ok());
}

}  // namespace
}  // namespace penstock
