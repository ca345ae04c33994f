// How often somebody may try a password. Private to access/.
//
// A try counts as a failure before it is looked at, so that many at once gain nothing; a success takes it
// back. Kept in the file: a restart forgives nothing, and all processes count together.
#pragma once

#include <string>

#include "access/access.h"
#include "access/access_file.h"

namespace penstock::access {

class Tries {
 public:
  Tries(sqlite::Database& file, const AccessOptions& options) : file_(file), options_(options) {}

  // How long this account, or this address, has to wait.
  Result<Duration> wait(const std::string& user, const std::string& address, Time now);
  Result<Duration> wait_of_address(const std::string& address, Time now);
  // Inside in_one_step().
  Result<void> count(const std::string& user, const std::string& address, Time now);
  // Inside in_one_step(). Without an account: whoever came was none of ours.
  Result<void> count_address(const std::string& address, Time now);
  // Inside in_one_step(). The account begins anew; the address only gets this try back, or whoever knows one
  // password could try all others.
  Result<void> succeeded(const std::string& user, const std::string& address);
  // It was not looked at after all.
  Result<void> take_back(const std::string& user, const std::string& address);
  Result<void> forget_account(const std::string& user);

 private:
  Result<Duration> wait_of(const std::string& one, const std::string& other, Time now);
  Result<void> make_room(Time now);
  Result<void> count_one(const std::string& who, uint32_t free, Time now);
  Result<void> take_back_one(const std::string& who, uint32_t free);

  sqlite::Database& file_;
  const AccessOptions& options_;
};

// What counts as one address: of IPv6 a network of 64 bits, which one customer has.
std::string network_of(const std::string& address);

}  // namespace penstock::access
