// Access over the SQLite file. Private to access/.
#pragma once

#include <mutex>

#include "access/access.h"
#include "access/access_file.h"
#include "access/passwords.h"
#include "access/tries.h"

namespace penstock::access {

class FileAccess final : public Access {
 public:
  FileAccess(sqlite::Database file, const Clock& clock, AccessOptions options);

  Result<Identity> authenticate(const Credentials& credentials) override;
  Result<bool> has_users() override;
  Result<Session> login(const std::string& user, const declare::Secret& password,
                        const std::string& address) override;
  Result<Session> login_external(const ExternalUser& user, const std::string& address) override;
  Result<void> refuse_external(const std::string& why, const std::string& address) override;
  Result<Duration> login_wait(const std::string& user, const std::string& address) override;
  Result<void> logout(const std::string& session, const std::string& address) override;

  Result<std::vector<User>> users() override;
  Result<User> add_user(const Actor& actor, const std::string& name, Role role,
                        const declare::Secret& password) override;
  Result<User> set_password(const Actor& actor, const std::string& name,
                            const declare::Secret& password) override;
  Result<User> set_role(const Actor& actor, const std::string& name, Role role) override;
  Result<void> remove_user(const Actor& actor, const std::string& name, LastUser last) override;

  Result<std::vector<Token>> tokens() override;
  Result<AddedToken> add_token(const Actor& actor, const NewToken& token) override;
  Result<void> remove_token(const Actor& actor, const std::string& name) override;

  Result<void> note(const AuditEntry& entry) override;
  Result<std::vector<AuditEntry>> audit(const AuditQuestion& question) override;

 private:
  // What the file says of somebody who tries to log in.
  struct Account {
    std::string name, password_hash;
    Role role = Role::viewer;
  };

  // All below: with the mutex held.
  Result<Identity> identify_token(const std::string& token);
  Result<Identity> identify_session(const std::string& session);
  Result<std::optional<Account>> find_account(const std::string& user);
  Result<void> begin_try(const std::string& user, const std::string& address);
  Result<Session> begin_session(const Account& account, const std::string& address);
  Result<Account> external_account(const ExternalUser& user, const std::string& address);
  Result<User> find_user(const std::string& name);
  Result<std::vector<User>> users_where(const char* sql, const std::string& name);
  Result<void> check_not_last_admin(const User& user, std::string_view doing);
  Result<void> write_audit(const AuditEntry& entry);
  Result<void> write_audit(const Actor& actor, std::string action, std::string target,
                           std::string result = "ok");

  std::string random_text(size_t bytes) const;

  const Clock& clock_;
  const AccessOptions options_;
  Passwords passwords_;
  std::mutex mutex_;  // of the file, not held while a password is hashed
  sqlite::Database file_;
  Tries tries_;
};

// A text of others as it may stand in the log: of bounded length, without control characters.
std::string for_the_log(std::string_view text);
// Whether a user or token may be called so.
Result<void> check_name(std::string_view name, std::string_view whose);

}  // namespace penstock::access
