#include "access/access.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <algorithm>
#include <thread>

#include "access/file_access.h"
#include "base/disk.h"
#include "base/temp_directory.h"

namespace penstock::access {
namespace {

using declare::Secret;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kGood = "four words of a poem";
const Actor kAdmin{"root", "cli"};

class SetClock final : public Clock {
 public:
  Time now() const override { return now_; }
  Instant instant() const override { return Instant(now_.time_since_epoch()); }
  void pass(Duration time) { now_ += time; }

 private:
  Time now_ = from_unix_micros(1'790'000'000'000'000);
};

// The cheapest hashes: what is tested is around them.
AccessOptions cheap() {
  AccessOptions options;
  options.hash_passes = 1;
  options.hash_bytes = 8192;
  return options;
}

class AccessTest : public testing::Test {
 protected:
  AccessTest() { access_ = reopened(cheap()); }

  std::unique_ptr<Access> reopened(AccessOptions options) {
    auto access = Access::open(path(), clock_, std::move(options));
    EXPECT_TRUE(access.ok()) << access.error().message;
    return *std::move(access);
  }
  std::string path() const { return join_path(directory_.path(), "access.db"); }
  void add(const std::string& name, Role role) {
    auto added = access_->add_user(kAdmin, name, role, Secret(kGood));
    ASSERT_TRUE(added.ok()) << added.error().message;
  }
  Result<Session> login(const std::string& user, const std::string& password = kGood,
                        const std::string& address = "10.0.0.1") {
    return access_->login(user, Secret(password), address);
  }
  // 0: let in.
  ErrorKind kind_of_login(const std::string& user, const std::string& password,
                          const std::string& address = "10.0.0.1") {
    auto session = login(user, password, address);
    EXPECT_FALSE(session.ok());
    return session.ok() ? ErrorKind::internal : session.error().kind;
  }
  Result<Identity> by_session(const Session& session) {
    return access_->authenticate({.bearer = "", .session = session.cookie.reveal(), .address = ""});
  }
  Result<Identity> by_token(const std::string& token) {
    return access_->authenticate({.bearer = token, .session = "", .address = ""});
  }
  std::string new_token(const NewToken& token) {
    auto added = access_->add_token(kAdmin, token);
    EXPECT_TRUE(added.ok()) << added.error().message;
    return added.ok() ? added->text.reveal() : "";
  }
  std::vector<AuditEntry> log(const AuditQuestion& question = {}) {
    auto entries = access_->audit(question);
    EXPECT_TRUE(entries.ok());
    return *std::move(entries);
  }

  TempDirectory directory_;
  SetClock clock_;
  std::unique_ptr<Access> access_;
};

TEST(AccessRoles, EachMayDoWhatThoseBeforeItMay) {
  for (const Permission& line : permissions())
    for (const Role role : {Role::viewer, Role::editor, Role::admin})
      EXPECT_EQ(allows(role, line.action), role >= line.least) << line.name;
  EXPECT_TRUE(allows(Role::viewer, Action::view));
  EXPECT_FALSE(allows(Role::viewer, Action::run));
  EXPECT_TRUE(allows(Role::editor, Action::edit));
  EXPECT_FALSE(allows(Role::editor, Action::administer));
  EXPECT_TRUE(allows(Role::admin, Action::administer));
}

TEST(AccessRoles, NamesGoThereAndBack) {
  for (const auto& name : role_names()) EXPECT_EQ(name_of(*role_named(name)), name);
  for (const Permission& line : permissions()) EXPECT_EQ(action_named(line.name), line.action);
  EXPECT_FALSE(role_named("owner"));
  EXPECT_FALSE(role_named(""));
  Actions some = Actions::none();
  some.add(Action::view);
  some.add(Action::run);
  EXPECT_EQ(list_of(some), "view,run");
  EXPECT_EQ(actions_listed("view,run"), some);
  EXPECT_EQ(actions_listed(list_of(Actions::all())), Actions::all());
  EXPECT_FALSE(actions_listed("view,fly"));
}

TEST(AccessPasswords, WhatMayBeOne) {
  EXPECT_TRUE(check_password("anna", Secret(kGood)).ok());
  EXPECT_TRUE(check_password("anna", Secret("сорок два слова")).ok());
  const auto message = [](const std::string& text) {
    auto may = check_password("anna", Secret(text));
    EXPECT_FALSE(may.ok()) << text;
    return may.ok() ? "" : may.error().message;
  };
  EXPECT_THAT(message(""), HasSubstr("too short"));
  EXPECT_THAT(message("elevenchars"), HasSubstr("too short"));
  EXPECT_THAT(message("сорок"), HasSubstr("too short"));  // characters, not bytes
  EXPECT_THAT(message(std::string(1025, 'a') + "bcdefg"), HasSubstr("longer than"));
  EXPECT_THAT(message("aaaaaaaaaaaaaaaa"), HasSubstr("different characters"));
  EXPECT_THAT(message("I am ANNA and proud"), HasSubstr("user's name"));
  EXPECT_THAT(message("Password1234"), HasSubstr("tried first"));
  EXPECT_THAT(message("line end in\nthe middle"), HasSubstr("line end"));
}

TEST_F(AccessTest, TheFileIsItsOwnersAlone) {
  struct stat facts{};
  for (const char* end : {"", "-wal", "-shm"}) {
    ASSERT_EQ(::stat((path() + end).c_str(), &facts), 0) << end;
    EXPECT_EQ(facts.st_mode & 0777, 0600) << end;
  }
  ASSERT_EQ(::chmod(path().c_str(), 0644), 0);
  reopened(cheap());
  ASSERT_EQ(::stat(path().c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600);
}

TEST_F(AccessTest, NoSecretIsInTheFile) {
  add("anna", Role::admin);
  const std::string cookie = login("anna")->cookie.reveal();
  const std::string token = new_token({.name = "deploy"});
  std::string bytes;
  for (const char* end : {"", "-wal"})
    if (auto text = real_disk().read(path() + end); text.ok()) bytes += *text;
  EXPECT_THAT(bytes, HasSubstr("$argon2id$"));
  EXPECT_EQ(bytes.find(kGood), bytes.npos);
  EXPECT_EQ(bytes.find(cookie), bytes.npos);
  EXPECT_EQ(bytes.find(token.substr(4)), bytes.npos);
}

TEST_F(AccessTest, ALoginGivesASession) {
  EXPECT_FALSE(*access_->has_users());
  add("anna", Role::editor);
  EXPECT_TRUE(*access_->has_users());
  auto session = login("Anna");  // letter case does not count
  ASSERT_TRUE(session.ok()) << session.error().message;
  EXPECT_GE(session->cookie.reveal().size(), 43u);
  auto who = by_session(*session);
  ASSERT_TRUE(who.ok()) << who.error().message;
  EXPECT_EQ(who->name, "anna");
  EXPECT_EQ(who->role, Role::editor);
  EXPECT_TRUE(who->may(Action::edit));
  EXPECT_FALSE(who->may(Action::administer));
  EXPECT_TRUE(who->needs_csrf());
  EXPECT_EQ(who->csrf_token, session->identity.csrf_token);
  EXPECT_TRUE(who->csrf_fits(session->identity.csrf_token));
  EXPECT_FALSE(who->csrf_fits(""));
  EXPECT_FALSE(who->csrf_fits(session->identity.csrf_token + "x"));
  EXPECT_FALSE(who->csrf_fits(login("anna")->identity.csrf_token)) << "every session has its own";
  EXPECT_EQ(access_->users()->at(0).last_login, clock_.now());
}

TEST_F(AccessTest, WrongCredentialsTellNothing) {
  add("anna", Role::editor);
  auto wrong = login("anna", "not the password");
  auto unknown = login("nobody", "not the password");
  ASSERT_FALSE(wrong.ok());
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(wrong.error().kind, ErrorKind::auth);
  EXPECT_EQ(wrong.error().message, unknown.error().message);
  EXPECT_EQ(wrong.error().remedy, unknown.error().remedy);
  EXPECT_EQ(access_->authenticate({}).error().kind, ErrorKind::auth);
  for (const char* token : {"pst_", "pst_unknown", "Bearer", "x"})
    EXPECT_EQ(by_token(token).error().kind, ErrorKind::auth) << token;
  for (const std::string& session : {std::string("x"), std::string(100000, 'y'), std::string("a\0b", 3)})
    EXPECT_EQ(access_->authenticate({.bearer = "", .session = session, .address = ""}).error().kind,
              ErrorKind::auth);
}

// What somebody typed as a name may be a password.
TEST_F(AccessTest, UnknownNamesAreNotWrittenDown) {
  (void)login("my secret password", "oops");
  const auto entries = log();
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].who, "(unknown)");
  EXPECT_EQ(entries[0].result, "refused");
  EXPECT_EQ(entries[0].address, "10.0.0.1");
}

TEST_F(AccessTest, SessionsEnd) {
  add("anna", Role::editor);
  auto session = login("anna");
  // As long as it is used, but not longer than a week.
  for (int hours = 0; hours < 24 * 7 - 6; hours += 6) {
    clock_.pass(std::chrono::hours(6));
    ASSERT_TRUE(by_session(*session).ok()) << hours;
  }
  clock_.pass(std::chrono::hours(6));
  EXPECT_EQ(by_session(*session).error().kind, ErrorKind::auth);

  session = login("anna");
  clock_.pass(std::chrono::hours(12));
  EXPECT_EQ(by_session(*session).error().kind, ErrorKind::auth) << "unused";

  session = login("anna");
  auto other = login("anna");
  ASSERT_TRUE(access_->logout(session->cookie.reveal(), "").ok());
  EXPECT_FALSE(by_session(*session).ok());
  EXPECT_TRUE(by_session(*other).ok());
  ASSERT_TRUE(access_->logout("not there", "").ok());
}

TEST_F(AccessTest, ANewPasswordEndsAllSessions) {
  add("anna", Role::editor);
  add("bert", Role::admin);
  auto annas = login("anna"), berts = login("bert");
  ASSERT_TRUE(access_->set_password(kAdmin, "ANNA", Secret("another set of words")).ok());
  EXPECT_FALSE(by_session(*annas).ok());
  EXPECT_TRUE(by_session(*berts).ok());
  EXPECT_EQ(kind_of_login("anna", kGood), ErrorKind::auth);
  EXPECT_TRUE(login("anna", "another set of words").ok());
  EXPECT_EQ(access_->set_password(kAdmin, "anna", Secret("short")).error().kind, ErrorKind::config);
  EXPECT_EQ(access_->set_password(kAdmin, "anne", Secret(kGood)).error().kind, ErrorKind::config);
  EXPECT_THAT(access_->set_password(kAdmin, "anne", Secret(kGood)).error().remedy, HasSubstr("anna"));
}

TEST_F(AccessTest, ARoleHoldsFromTheNextRequestOn) {
  add("anna", Role::admin);
  add("bert", Role::viewer);
  auto session = login("bert");
  ASSERT_TRUE(access_->set_role(kAdmin, "bert", Role::admin).ok());
  EXPECT_EQ(by_session(*session)->role, Role::admin);
  ASSERT_TRUE(access_->remove_user(kAdmin, "bert").ok());
  EXPECT_FALSE(by_session(*session).ok());
  EXPECT_EQ(kind_of_login("bert", kGood), ErrorKind::auth);
}

TEST_F(AccessTest, TheLastAdminStays) {
  add("anna", Role::admin);
  add("bert", Role::editor);
  EXPECT_EQ(access_->set_role(kAdmin, "anna", Role::viewer).error().kind, ErrorKind::config);
  EXPECT_EQ(access_->remove_user(kAdmin, "anna").error().kind, ErrorKind::config);
  EXPECT_EQ(access_->remove_user(kAdmin, "anna", Access::LastUser::may_go).error().kind, ErrorKind::config)
      << "bert could not be an admin's user any more";
  ASSERT_TRUE(access_->remove_user(kAdmin, "bert").ok());
  EXPECT_EQ(access_->remove_user(kAdmin, "anna").error().kind, ErrorKind::config);
  EXPECT_TRUE(access_->remove_user(kAdmin, "anna", Access::LastUser::may_go).ok());
  EXPECT_FALSE(*access_->has_users());
}

TEST_F(AccessTest, NamesThatCannotBe) {
  for (const char* name : {"", " ", "a b", "../x", "-x", "a\nb", "a\x1b[31m", "é"}) {
    auto added = access_->add_user(kAdmin, name, Role::viewer, Secret(kGood));
    ASSERT_FALSE(added.ok()) << name;
    EXPECT_EQ(added.error().kind, ErrorKind::config);
    EXPECT_EQ(added.error().message.find('\x1b'), std::string::npos);
    EXPECT_FALSE(access_->add_token(kAdmin, {.name = name}).ok()) << name;
  }
  EXPECT_FALSE(access_->add_user(kAdmin, std::string(65, 'a'), Role::viewer, Secret(kGood)).ok());
  add("anna@example.com", Role::viewer);
  EXPECT_THAT(access_->add_user(kAdmin, "Anna@example.com", Role::viewer, Secret(kGood)).error().message,
              HasSubstr("already"));
}

TEST_F(AccessTest, TokensOpenUntilTheyEnd) {
  const std::string forever = new_token({.name = "ci", .role = Role::editor});
  const std::string short_lived =
      new_token({.name = "short", .role = Role::admin, .lasts = std::chrono::hours(24)});
  EXPECT_TRUE(forever.starts_with("pst_"));
  EXPECT_EQ(forever.size(), 4u + 43u);
  auto who = by_token(forever);
  ASSERT_TRUE(who.ok()) << who.error().message;
  EXPECT_EQ(who->kind, Identity::Kind::token);
  EXPECT_EQ(who->shown(), "token ci");
  EXPECT_FALSE(who->needs_csrf());
  EXPECT_FALSE(who->csrf_fits(""));
  EXPECT_EQ(access_->tokens()->at(0).last_used, clock_.now());
  EXPECT_TRUE(by_token(short_lived)->may(Action::administer));
  clock_.pass(std::chrono::hours(24));
  EXPECT_EQ(by_token(short_lived).error().kind, ErrorKind::auth);
  EXPECT_TRUE(by_token(forever).ok());
  ASSERT_TRUE(access_->remove_token(kAdmin, "ci").ok());
  EXPECT_EQ(by_token(forever).error().kind, ErrorKind::auth);
  EXPECT_EQ(access_->remove_token(kAdmin, "ci").error().kind, ErrorKind::config);
  EXPECT_THAT(access_->add_token(kAdmin, {.name = "short"}).error().message, HasSubstr("already"));
  EXPECT_FALSE(access_->add_token(kAdmin, {.name = "x", .lasts = Duration(0)}).ok());
  EXPECT_FALSE(access_->add_token(kAdmin, {.name = "x", .lasts = std::chrono::hours(24 * 10000)}).ok());
}

TEST_F(AccessTest, ATokenMayLessThanItsRole) {
  Actions some = Actions::none();
  some.add(Action::view);
  some.add(Action::administer);
  const auto who = by_token(new_token({.name = "counts", .role = Role::editor, .scopes = some}));
  EXPECT_TRUE(who->may(Action::view));
  EXPECT_FALSE(who->may(Action::view_rows));
  EXPECT_FALSE(who->may(Action::run));
  EXPECT_FALSE(who->may(Action::administer)) << "never more than the role";
}

TEST_F(AccessTest, AnAccountWaitsLongerWithEachFailure) {
  add("anna", Role::editor);
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(kind_of_login("anna", "wrong", fmt::format("10.1.0.{}", i)), ErrorKind::auth);
  Duration before{};
  for (int i = 0; i < 12; ++i) {
    const Duration wait = *access_->login_wait("ANNA", "10.2.0.1");
    EXPECT_GT(wait, Duration(0));
    EXPECT_TRUE(wait == 2 * before || before == Duration(0) || wait == std::chrono::minutes(15));
    // Not even the right password.
    EXPECT_EQ(kind_of_login("anna", kGood, "10.2.0.1"), ErrorKind::rate_limited);
    before = wait;
    clock_.pass(wait);
    EXPECT_EQ(kind_of_login("anna", "wrong", fmt::format("10.3.0.{}", i)), ErrorKind::auth);
  }
  EXPECT_EQ(*access_->login_wait("anna", "10.2.0.1"), std::chrono::minutes(15));
  access_ = reopened(cheap());
  EXPECT_EQ(*access_->login_wait("anna", "10.2.0.1"), std::chrono::minutes(15))
      << "a restart forgives nothing";
  EXPECT_EQ(*access_->login_wait("bert", "10.2.0.1"), Duration(0));
  clock_.pass(std::chrono::minutes(15));
  EXPECT_TRUE(login("anna").ok());
  EXPECT_EQ(*access_->login_wait("anna", "10.2.0.1"), Duration(0));
  for (int i = 0; i < 5; ++i) (void)login("anna", "wrong", "10.4.0.1");
  EXPECT_GT(*access_->login_wait("anna", "10.2.0.1"), Duration(0));
  ASSERT_TRUE(access_->set_password(kAdmin, "anna", Secret(kGood)).ok());
  EXPECT_EQ(*access_->login_wait("anna", "10.2.0.1"), Duration(0));
}

TEST_F(AccessTest, AnAddressWaitsWhateverItTries) {
  add("anna", Role::editor);
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(kind_of_login(fmt::format("user{}", i), "wrong", "2001:db8::1"), ErrorKind::auth);
  EXPECT_EQ(kind_of_login("anna", kGood, "2001:db8::2"), ErrorKind::rate_limited) << "the same network";
  EXPECT_TRUE(login("anna", kGood, "2001:db8:0:1::1").ok());
  clock_.pass(std::chrono::seconds(1));
  EXPECT_TRUE(login("anna", kGood, "2001:db8::1").ok());
  // One good password does not make others free.
  EXPECT_EQ(kind_of_login("user20", "wrong", "2001:db8::1"), ErrorKind::rate_limited);
  clock_.pass(std::chrono::seconds(2));
  EXPECT_EQ(kind_of_login("user20", "wrong", "2001:db8::1"), ErrorKind::auth);
  EXPECT_EQ(kind_of_login("user21", "wrong", "2001:db8::1"), ErrorKind::rate_limited);
  clock_.pass(std::chrono::hours(25));
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(kind_of_login(fmt::format("user{}", i), "wrong", "2001:db8::1"), ErrorKind::auth)
        << "forgotten";
}

TEST(AccessNetworks, OfV6TheFirstHalf) {
  EXPECT_EQ(network_of("10.0.0.1"), "10.0.0.1");
  EXPECT_EQ(network_of("::ffff:10.0.0.1"), "10.0.0.1");
  EXPECT_EQ(network_of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
  EXPECT_EQ(network_of("nonsense"), "nonsense");
}

TEST_F(AccessTest, ManyAtOnceGainNothing) {
  add("anna", Role::editor);
  std::atomic<int> looked_at = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i)
    threads.emplace_back([&, i] {
      for (int j = 0; j < 4; ++j)
        if (login("anna", "wrong", fmt::format("10.5.{}.{}", i, j)).error().kind == ErrorKind::auth)
          ++looked_at;
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(looked_at, 5);
}

TEST_F(AccessTest, TooManyHashesAreRefusedAndNotCounted) {
  AccessOptions options = cheap();
  options.hashes_at_once = 1;
  options.hash_waiting_max = 0;
  options.hash_passes = 3;
  options.hash_bytes = 16 << 20;
  add("anna", Role::editor);
  access_ = reopened(options);
  ASSERT_TRUE(access_->set_password(kAdmin, "anna", Secret(kGood)).ok());
  std::atomic<int> in = 0, refused = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&, i] {
      auto session = login("anna", kGood, fmt::format("10.6.0.{}", i));
      if (session.ok())
        ++in;
      else if (session.error().kind == ErrorKind::rate_limited)
        ++refused;
    });
  for (auto& thread : threads) thread.join();
  EXPECT_GE(in, 1);
  EXPECT_EQ(in + refused, 4);
  EXPECT_EQ(*access_->login_wait("anna", "10.6.0.1"), Duration(0));
  EXPECT_TRUE(login("anna").ok());
}

TEST_F(AccessTest, HashesAreMadeStrongerAtLogin) {
  add("anna", Role::editor);
  AccessOptions options = cheap();
  options.hash_bytes = 16384;
  options.hash_passes = 2;
  access_ = reopened(options);
  EXPECT_TRUE(login("anna").ok());
  auto file = sqlite::Database::open(path(), kAccessFile);
  ASSERT_TRUE(file.ok());
  auto row = file->ask("SELECT password FROM users");
  ASSERT_TRUE(*row->step());
  EXPECT_THAT(row->text(0), HasSubstr("m=16,t=2,p=1"));
  EXPECT_TRUE(login("anna").ok());
}

TEST_F(AccessTest, SeveralProcessesUseOneFile) {
  auto other = reopened(cheap());
  add("anna", Role::editor);
  auto session = other->login("anna", Secret(kGood), "10.0.0.1");
  ASSERT_TRUE(session.ok());
  EXPECT_TRUE(by_session(*session).ok());
  ASSERT_TRUE(other->set_password(kAdmin, "anna", Secret("another set of words")).ok());
  EXPECT_FALSE(by_session(*session).ok());
  // Writers at once, each with its own connection.
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&, i] {
      auto mine = reopened(cheap());
      for (int j = 0; j < 25; ++j)
        EXPECT_TRUE(
            mine->note({.who = fmt::format("w{}", i), .action = "test", .target = fmt::format("{}", j)})
                .ok());
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(log({.action = "test", .limit = 1000}).size(), 100u);
}

TEST_F(AccessTest, TheAuditLogTellsWhoDidWhat) {
  add("anna", Role::admin);
  (void)login("anna");
  (void)login("anna", "wrong");
  (void)new_token({.name = "ci", .role = Role::editor});
  ASSERT_TRUE(access_->set_role(kAdmin, "anna", Role::admin).ok());
  ASSERT_TRUE(
      access_->note({.who = "anna", .action = "run.start", .target = "customers", .result = "ok"}).ok());
  std::vector<std::string> seen;
  for (const auto& entry : log())
    seen.push_back(entry.who + " " + entry.action + " " + entry.target + " " + entry.result);
  EXPECT_THAT(seen,
              testing::ElementsAre("anna run.start customers ok", "root user.role anna ok: admin, was admin",
                                   "root token.add ci ok: editor", "anna login  refused", "anna login  ok",
                                   "root user.add anna ok: admin"));
  EXPECT_EQ(log({.who = "anna"}).size(), 3u);
  EXPECT_EQ(log({.action = "login"}).size(), 2u);
  EXPECT_EQ(log({.target = "customers"}).size(), 1u);
  const auto page = log({.limit = 2});
  ASSERT_EQ(page.size(), 2u);
  const auto next = log({.before = page[1].id, .limit = 2});
  ASSERT_EQ(next.size(), 2u);
  EXPECT_EQ(next[0].id, page[1].id - 1);
  EXPECT_TRUE(log({.since = clock_.now() + Duration(1)}).empty());
}

TEST_F(AccessTest, TheAuditLogOnlyGrowsAndHoldsNothingThatATerminalObeys) {
  ASSERT_TRUE(access_
                  ->note({.who = "a\x1b[31m\n\xc2\x9b"
                                 "b\xff",
                          .action = std::string(2000, 'x')})
                  .ok());
  EXPECT_EQ(log()[0].who, "a?[31m??b?");
  EXPECT_EQ(log()[0].action.size(), 512u);
  auto file = sqlite::Database::open(path(), kAccessFile);
  ASSERT_TRUE(file.ok());
  EXPECT_FALSE(file->change("DELETE FROM audit").ok());
  EXPECT_FALSE(file->change("UPDATE audit SET who = 'x'").ok());
  EXPECT_EQ(log().size(), 1u);
}

TEST_F(AccessTest, FilesThatCannotBeUsed) {
  const std::string garbage = join_path(directory_.path(), "garbage.db");
  ASSERT_TRUE(real_disk().replace(garbage, std::string(4096, 'x')).ok());
  auto opened = Access::open(garbage, clock_);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().kind, ErrorKind::disk);
  EXPECT_FALSE(opened.error().remedy.empty());

  auto file = sqlite::Database::open(path(), kAccessFile);
  ASSERT_TRUE(file->change("PRAGMA user_version = 99").ok());
  opened = Access::open(path(), clock_);
  ASSERT_FALSE(opened.ok());
  EXPECT_THAT(opened.error().message, HasSubstr("newer version"));

  opened = Access::open(join_path(directory_.path(), "no/such/access.db"), clock_);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().kind, ErrorKind::disk);
}

TEST_F(AccessTest, RandomnessIsHandedIn) {
  AccessOptions options = cheap();
  options.random_bytes = [](size_t bytes) { return std::string(bytes, '\x01'); };
  access_ = reopened(options);
  EXPECT_EQ(new_token({.name = "ci"}), "pst_AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE");
}

// Of unknown users and known ones, with the real costs.
TEST_F(AccessTest, WhoIsNotThereCostsTheSame) {
  access_ = reopened({});
  add("anna", Role::editor);
  const auto seconds = [&](const std::string& user) {
    std::vector<double> times;
    for (int i = 0; i < 4; ++i) {
      const auto begin = std::chrono::steady_clock::now();
      (void)login(user, "wrong", fmt::format("10.7.{}.1", i));
      times.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    }
    return *std::min_element(times.begin(), times.end());
  };
  const double known = seconds("anna"), unknown = seconds("nobody");
  EXPECT_GT(known, 0.02) << "a hash is slow";
  EXPECT_LT(std::abs(known - unknown), 0.5 * std::max(known, unknown));
}

}  // namespace
}  // namespace penstock::access
