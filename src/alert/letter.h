// What a message says to people, before a receiver gives it its form. Pure.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "alert/outages.h"

namespace penstock::alert {

// Where a letter comes from.
struct Origin {
  std::string project;
  std::string public_url;  // empty: no links
};

// About one outage. Texts are plain, of one line each; a receiver escapes them.
struct Section {
  std::string id;  // of the outage
  Saying saying = Saying::broke;
  Severity severity = Severity::error;
  std::string event;  // of the leading notice
  std::string title;  // "customers_to_crm: the destination 'crm' refuses the login"
  std::vector<std::pair<std::string, std::string>> facts;  // "Since", "2026-11-27 07:00:12 UTC (5 min)"
  std::string said;                                        // the likely cause, in the words of who refused
  std::string remedy;                                      // what to do about it
  std::string command;                                     // what to type next
  std::string link;                                        // to the run or sync
};

struct Letter {
  std::string title;
  std::vector<Section> sections;
  std::string note;  // of the whole; may be empty
  Time at{};
  bool is_test = false;
};

Letter letter_of(const Message& message, const Origin& origin);
// To see whether an alert arrives.
Letter test_letter(const std::string& alert, const Origin& origin, Time now);

// "120 rejected, 3 invalid"; "no row was sent" where nothing else is to be said.
std::string rows_text(const RowCounts& rows);
// "2026-11-27 07:00:12 UTC".
std::string time_text(Time time);
// "40 s", "5 min", "2 h 5 min", "3 days".
std::string span_text(Duration span);

}  // namespace penstock::alert
