#include "secret/secret.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <random>
#include <thread>

#include "base/memory_disk.h"
#include "base/temp_directory.h"
#include "secret/secret_file.h"

namespace penstock::secret {
namespace {

using declare::Secret;
using testing::ElementsAre;
using testing::HasSubstr;

const Time kNow = from_unix_micros(1'790'000'000'000'000);

class SecretsTest : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return join_path(directory_.path(), name); }
  std::string text(const std::string& name) const { return *real_disk().read(path(name)); }
  void write(const std::string& name, const std::string& bytes) {
    ASSERT_TRUE(real_disk().replace(path(name), bytes).ok());
  }
  Secrets::Change set(const std::string& name, const std::string& value) {
    auto change = secrets_.set(name, Secret(value), kNow);
    EXPECT_TRUE(change.ok()) << change.error().message;
    return change.ok() ? *std::move(change) : Secrets::Change{};
  }
  // "none" or "error: ..." where there is no value.
  std::string get(const std::string& name) const {
    auto value = secrets_.get(name);
    if (!value.ok()) return "error: " + value.error().message;
    return *value ? (*value)->reveal() : "none";
  }
  std::vector<std::string> names() const {
    std::vector<std::string> out;
    for (const auto& each : *secrets_.list()) out.push_back(each.name);
    return out;
  }

  TempDirectory directory_;
  std::map<std::string, std::string> variables_;
  Secrets secrets_{real_disk(), directory_.path(), [this](const std::string& name) {
                     const auto at = variables_.find(name);
                     return at == variables_.end() ? std::nullopt : std::optional(at->second);
                   }};
};

TEST_F(SecretsTest, AreSetReadListedAndRemoved) {
  EXPECT_EQ(get("crm/token"), "none");
  EXPECT_TRUE(names().empty());
  const auto first = set("crm/token", "s3cret");
  EXPECT_FALSE(first.was_there);
  EXPECT_EQ(first.new_key_file, path("secret.key"));
  EXPECT_EQ(set("a", std::string("with\0zero\n", 10)).new_key_file, "");
  EXPECT_TRUE(set("crm/token", "other").was_there);
  EXPECT_EQ(get("crm/token"), "other");
  EXPECT_EQ(get("a"), std::string("with\0zero\n", 10));
  EXPECT_EQ(get("crm"), "none");
  EXPECT_THAT(names(), ElementsAre("a", "crm/token"));
  EXPECT_EQ(secrets_.list()->at(0).set_at, kNow);
  EXPECT_TRUE(*secrets_.remove("a"));
  EXPECT_FALSE(*secrets_.remove("a"));
  EXPECT_THAT(names(), ElementsAre("crm/token"));
  EXPECT_TRUE(*secrets_.remove("crm/token"));
  EXPECT_TRUE(names().empty());
  EXPECT_EQ(get("crm/token"), "none");
}

TEST_F(SecretsTest, NothingCanBeReadFromTheFile) {
  set("token", "a long value that would be seen");
  const std::string before = text("secrets");
  EXPECT_EQ(before.find("a long value"), before.npos);
  set("token", "a long value that would be seen");
  EXPECT_NE(text("secrets"), before) << "another nonce";
  // Lengths are hidden up to 64 bytes.
  const auto bytes = [&] { return parse_secret_file(text("secrets"))->secrets[0].encrypted.size(); };
  set("token", "x");
  const size_t of_one = bytes();
  set("token", std::string(63, 'x'));
  EXPECT_EQ(bytes(), of_one);
  set("token", std::string(64, 'x'));
  EXPECT_EQ(bytes(), of_one + 64);
}

TEST_F(SecretsTest, FilesAreTheirOwnersAlone) {
  set("token", "x");
  for (const char* name : {"secrets", "secret.key", "secrets.lock"}) {
    struct stat facts{};
    ASSERT_EQ(::stat(path(name).c_str(), &facts), 0) << name;
    EXPECT_EQ(facts.st_mode & 0777, 0600) << name;
  }
  EXPECT_THAT(text("secret.key"), HasSubstr("Never commit"));
}

TEST_F(SecretsTest, TheKeyComesFromTheEnvironment) {
  const std::string hex = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
  variables_["PENSTOCK_SECRET_KEY"] = hex;
  EXPECT_EQ(set("token", "x").new_key_file, "");
  EXPECT_FALSE(*real_disk().exists(path("secret.key")));
  EXPECT_EQ(get("token"), "x");
  // The same key in other forms, and out of a file.
  for (const char* form :
       {"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
        " AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\r\n",
        "# comment\n\n000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F\n"}) {
    variables_["PENSTOCK_SECRET_KEY"] = form;
    EXPECT_EQ(get("token"), "x") << form;
  }
  variables_.clear();
  write("key", hex);
  variables_["PENSTOCK_SECRET_KEY_FILE"] = path("key");
  EXPECT_EQ(get("token"), "x");
  variables_["PENSTOCK_SECRET_KEY_FILE"] = path("nowhere");
  EXPECT_THAT(get("token"), HasSubstr("is not there"));
  for (const std::string& bad :
       {std::string("x"), hex + "00", hex.substr(2), hex + "\n" + hex, std::string(64, 'z')}) {
    variables_["PENSTOCK_SECRET_KEY"] = bad;
    EXPECT_EQ(get("token"), "error: PENSTOCK_SECRET_KEY holds no key of secrets") << bad;
    EXPECT_FALSE(secrets_.set("other", Secret("x"), kNow).ok());
  }
}

TEST_F(SecretsTest, AWrongKeyIsTold) {
  set("token", "x");
  variables_["PENSTOCK_SECRET_KEY"] = std::string(64, 'a');
  EXPECT_EQ(get("token"),
            fmt::format("error: the secrets in {} were encrypted with another key than the one in "
                        "PENSTOCK_SECRET_KEY",
                        path("secrets")));
  EXPECT_EQ(secrets_.set("other", Secret("x"), kNow).error().kind, ErrorKind::config);
  EXPECT_EQ(secrets_.remove("token").error().kind, ErrorKind::config);
  EXPECT_EQ(secrets_.rekey(std::nullopt).error().kind, ErrorKind::config);
  EXPECT_THAT(names(), ElementsAre("token")) << "names need no key";
  variables_.clear();
  ASSERT_TRUE(real_disk().remove(path("secret.key")).ok());
  EXPECT_THAT(get("token"), HasSubstr("there is no key"));
  EXPECT_EQ(secrets_.set("other", Secret("x"), kNow).error().kind, ErrorKind::config)
      << "no second key is made";
  EXPECT_FALSE(*real_disk().exists(path("secret.key")));
}

TEST_F(SecretsTest, WhatCannotBeSet) {
  for (const std::string& name : {std::string(), std::string("a b"), std::string("a\nb"), std::string("ä"),
                                  std::string("a}"), std::string(129, 'a')})
    EXPECT_EQ(secrets_.set(name, Secret("x"), kNow).error().kind, ErrorKind::config) << name;
  EXPECT_EQ(secrets_.set("a", Secret(""), kNow).error().kind, ErrorKind::config);
  EXPECT_EQ(secrets_.set("a", Secret(std::string((64 << 10) + 1, 'x')), kNow).error().kind,
            ErrorKind::config);
  EXPECT_EQ(set("a", std::string(64 << 10, 'x')).was_there, false);
  EXPECT_EQ(get("a").size(), 64u << 10);
}

// Whatever single byte is another one, or wherever the file ends: an error, never a wrong value.
TEST_F(SecretsTest, DamageIsTold) {
  set("a", "first");
  set("b", "second");
  const std::string good = text("secrets");
  for (size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    write("secrets", bad);
    const std::string value = get("a");
    EXPECT_TRUE(value.starts_with("error: ")) << at << ": " << value;
    EXPECT_EQ(value.find("first"), value.npos);
  }
  for (size_t size = 0; size < good.size(); ++size) {
    write("secrets", good.substr(0, size));
    auto value = secrets_.get("a");
    ASSERT_FALSE(value.ok()) << size;
    EXPECT_EQ(value.error().kind, ErrorKind::disk);
    EXPECT_FALSE(value.error().remedy.empty());
  }
  write("secrets", good + "x");
  EXPECT_THAT(get("a"), HasSubstr("error: "));
}

TEST_F(SecretsTest, LinesCannotBeExchangedLeftOutOrBroughtBack) {
  set("a", "first");
  const std::string older = text("secrets");
  set("b", "second");
  const std::string good = text("secrets");
  const auto lines = [](const std::string& of) {
    std::vector<std::string> out;
    for (size_t at = 0; at < of.size(); at = of.find('\n', at) + 1)
      out.push_back(of.substr(at, of.find('\n', at) - at + 1));
    return out;
  };
  const auto now = lines(good), then = lines(older);
  ASSERT_EQ(now.size(), 5u);
  write("secrets", now[0] + now[1] + now[3] + now[4]);  // without a
  EXPECT_THAT(get("b"), HasSubstr("its seal does not hold"));
  std::string renamed = now[3];
  renamed.replace(7, 1, "c");
  write("secrets", now[0] + now[1] + now[2] + renamed + now[4]);
  EXPECT_THAT(get("c"), HasSubstr("its seal does not hold"));
  write("secrets", now[0] + now[1] + then[2] + now[4]);
  EXPECT_THAT(get("a"), HasSubstr("its seal does not hold"));
}

TEST_F(SecretsTest, OfANewerVersion) {
  set("a", "first");
  std::string newer = text("secrets");
  newer.replace(newer.find("secrets 1"), 9, "secrets 2");
  write("secrets", newer);
  EXPECT_THAT(get("a"), HasSubstr("newer version"));
}

TEST_F(SecretsTest, RekeyGivesAnotherKey) {
  EXPECT_EQ(secrets_.rekey(std::nullopt).error().kind, ErrorKind::config) << "there is nothing";
  set("a", "first");
  set("b", "second");
  const std::string old_key = text("secret.key");
  auto done = secrets_.rekey(std::nullopt);
  ASSERT_TRUE(done.ok()) << done.error().message;
  EXPECT_EQ(done->secrets, 2u);
  EXPECT_EQ(done->key_file, path("secret.key"));
  EXPECT_NE(text("secret.key"), old_key);
  EXPECT_EQ(get("a"), "first");
  EXPECT_EQ(get("b"), "second");
  EXPECT_EQ(secrets_.list()->at(0).set_at, kNow);
  EXPECT_FALSE(*real_disk().exists(path("secret.key.new")));
  // From a key in the environment to another one.
  write("key", old_key);
  done = secrets_.rekey(Secret(old_key));
  ASSERT_TRUE(done.ok()) << done.error().message;
  ASSERT_TRUE(real_disk().remove(path("secret.key")).ok());
  variables_["PENSTOCK_SECRET_KEY"] = old_key;
  EXPECT_EQ(get("a"), "first");
  EXPECT_THAT(secrets_.rekey(std::nullopt).error().message, HasSubstr("must be given"));
  EXPECT_FALSE(secrets_.rekey(Secret("no key")).ok());
  const std::string next(64, 'b');
  done = secrets_.rekey(Secret(next));
  ASSERT_TRUE(done.ok());
  EXPECT_EQ(done->key_file, "");
  EXPECT_EQ(done->key_variable, "PENSTOCK_SECRET_KEY");
  EXPECT_THAT(get("a"), HasSubstr("another key"));
  variables_["PENSTOCK_SECRET_KEY"] = next;
  EXPECT_EQ(get("b"), "second");
}

// Killed between any two of its changes to the disk.
TEST_F(SecretsTest, ARekeyThatIsCutOffLosesNothing) {
  set("a", "first");
  const std::string old_key = text("secret.key"), old_secrets = text("secrets");
  ASSERT_TRUE(secrets_.rekey(std::nullopt).ok());
  const std::string new_key = text("secret.key"), new_secrets = text("secrets");
  // The new key is there, the secrets are old.
  write("secret.key", old_key);
  write("secrets", old_secrets);
  write("secret.key.new", new_key);
  EXPECT_EQ(get("a"), "first");
  // The secrets are new, the key was not moved.
  write("secrets", new_secrets);
  EXPECT_EQ(get("a"), "first");
  set("b", "second");
  EXPECT_EQ(text("secret.key"), new_key) << "the next change brings it to its end";
  EXPECT_FALSE(*real_disk().exists(path("secret.key.new")));
  // A new key that came to nothing is dropped.
  write("secret.key.new", old_key);
  set("b", "third");
  EXPECT_FALSE(*real_disk().exists(path("secret.key.new")));
  EXPECT_EQ(get("a"), "first");
  EXPECT_EQ(get("b"), "third");
}

TEST_F(SecretsTest, ManyWritersLoseNothing) {
  set("seed", "x");
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&, i] {
      Secrets mine(real_disk(), directory_.path(), [](const std::string&) { return std::nullopt; });
      for (int j = 0; j < 8; ++j)
        EXPECT_TRUE(mine.set(fmt::format("s{}-{}", i, j), Secret(fmt::format("v{}-{}", i, j)), kNow).ok());
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(names().size(), 33u);
  EXPECT_EQ(get("s3-7"), "v3-7");
}

// Random secrets there and back, and random bytes in a file's place.
TEST(SecretFileTest, ReadsWhatItWrites) {
  for (uint32_t seed = 1; seed <= 200; ++seed) {
    std::mt19937 random(seed);
    const Key key = Key::random();
    std::map<std::string, std::string> values;
    for (uint32_t i = random() % 8; i > 0; --i) {
      std::string value;
      for (uint32_t n = random() % 300; n > 0; --n) value += static_cast<char>(random());
      values[fmt::format("n{}/{}", random() % 50, i)] = value;
    }
    std::vector<SecretLine> lines;
    for (const auto& [name, value] : values) {
      SecretLine line{name, static_cast<int64_t>(random()), ""};
      line.encrypted = key.encrypt(value, line.context());
      lines.push_back(line);
    }
    const std::string text = write_secret_file(lines, key);
    auto read = parse_secret_file(text);
    ASSERT_TRUE(read.ok()) << "seed " << seed << ": " << read.error().message;
    EXPECT_EQ(read->key_id, key.id());
    EXPECT_TRUE(same_bytes(key.seal(read->sealed), read->seal));
    ASSERT_EQ(read->secrets.size(), values.size()) << "seed " << seed;
    for (const auto& [name, value] : values) {
      const SecretLine* line = read->find(name);
      ASSERT_NE(line, nullptr);
      EXPECT_EQ(key.decrypt(line->encrypted, line->context()), value) << "seed " << seed;
      EXPECT_EQ(Key::random().decrypt(line->encrypted, line->context()), std::nullopt);
      EXPECT_EQ(key.decrypt(line->encrypted, line->context() + "x"), std::nullopt);
    }
    std::string garbage = text;
    for (int i = 0; i < 5; ++i) garbage[random() % garbage.size()] = static_cast<char>(random());
    (void)parse_secret_file(garbage);
  }
}

TEST(SecretFileTest, SaysWhereItIsWrong) {
  const auto message = [](std::string_view text) {
    auto read = parse_secret_file(text);
    return read.ok() ? "read" : read.error().message;
  };
  const std::string head = "penstock secrets 1\nkey 00112233445566778899aabbccddeeff\n";
  EXPECT_EQ(message(""), "it is no file of secrets");
  EXPECT_EQ(message("{\"secrets\":[]}\n"), "it is no file of secrets");
  EXPECT_EQ(message("penstock secrets 1\n"), "line 2 does not say with which key");
  EXPECT_EQ(message("penstock secrets 1\nkey 00\n"), "line 2 does not say with which key");
  EXPECT_EQ(message(head), "its end is missing");
  EXPECT_EQ(message(head + "seal AAAA"), "its end is missing");
  EXPECT_EQ(message(head + "seal AAAA\n"), "read");
  EXPECT_EQ(message(head + "seal A\n"), "line 3 is no seal at the end");
  EXPECT_EQ(message(head + "seal AAAA\n\n"), "line 3 is no seal at the end");
  EXPECT_EQ(message(head + "secret a 1 AAAA\nseal AAAA\n"), "read");
  EXPECT_EQ(message(head + "secret a 1 AAAA\nsecret a 1 AAAA\nseal AAAA\n"), "line 4 is out of order");
  for (const char* line :
       {"secret", "secret ", "secret a", "secret a 1", "secret a x AAAA", "secret a 1 A", "secret a 1 ",
        "secret a b 1 AAAA", "secret  1 AAAA", "secret a 1x AAAA", "other a 1 AAAA", "",
        "secret a 99999999999999999999 AAAA", "secret a 1 AAAA AAAA"})
    EXPECT_EQ(message(head + line + "\nseal AAAA\n"), "line 3 is no secret") << line;
}

}  // namespace
}  // namespace penstock::secret
