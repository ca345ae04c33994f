// Replies made from a connector's own rules: what a destination says when a rule is to hold. Whoever uses one
// has read it back first, so that a rule which cannot be reached is seen.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "connector/connector.h"
#include "rehearse/json.h"

namespace penstock::rehearse {

struct MadeReply {
  int status = 200;
  std::string body{};
};

// What the reply says of one row.
struct RowWish {
  const connector::RowRule* rule = nullptr;  // the entry that it gets; null: it is not mentioned
  std::string code{};                        // of a refusal; empty: one that has no meaning of its own
  std::string record_id{};                   // that a good entry names
};

// Statuses that fit a rule, the most likely first.
std::vector<int> statuses_of(const connector::ReplyRule& rule);

// A body to which a rule's conditions apply, with its code (or `code`) and its message. `rows`: one wish for
// each row that was sent, empty: the reply does not speak of rows.
std::string body_by(const connector::ReplyRule& rule, const connector::SentRows& sent,
                    const std::vector<RowWish>& rows, const std::string& code = "");
// Entries of a job's list of results, as they are written there.
void add_entries(Json& root, const std::vector<connector::RowRule>& rules, const connector::SentRows& sent,
                 const std::vector<RowWish>& rows, std::string_view match_field);

// The reply that accepts every row; nullopt: no rule can say that.
std::optional<MadeReply> accepting_reply(const connector::Target& target,
                                         const connector::BoundOperation& operation,
                                         const connector::SentRows& sent);
// The reply that says so of the whole request; nullopt: no rule says that.
std::optional<MadeReply> reply_saying(const connector::Target& target,
                                      const connector::BoundOperation& operation, connector::Verdict verdict,
                                      const connector::SentRows& sent);
// Whether a look-up's reply can name one record for each row only.
bool names_one(const connector::Operation& look_up);
// What the record of a row holds in a mapped field, as JSON; empty: the reply says nothing of it.
using HeldValue = std::function<std::string(size_t row, size_t field)>;
// The reply of a look-up that found a record for each of these rows (`times` of them), and none for others.
std::optional<MadeReply> finding_reply(const connector::Target& target,
                                       const connector::BoundOperation& operation,
                                       const connector::SentRows& sent, const std::vector<size_t>& found,
                                       size_t times = 1, const HeldValue& held = {});

// Where the list of a look-up begins to have entries, if ids are places in it; the row's number is added.
inline constexpr size_t kMadePlaces = 20'000;
// What ids begin with: short, for some destinations tell ids by their first characters.
inline constexpr std::string_view kMadeId = "id-";
// The id that made replies give the record of a row.
std::string made_record_id(const std::string& match, size_t index);

// The message of every made refusal.
inline constexpr std::string_view kMadeMessage = "refused by the rehearsal";
inline constexpr std::string_view kMadeCode = "REHEARSED";

}  // namespace penstock::rehearse
