// A journal as settling needs it. Private to this folder.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "duck/duck.h"
#include "ledger/images.h"
#include "ledger/ledger.h"
#include "ledger/outcomes.h"

namespace penstock {

struct LoadedJournal {
  std::unique_ptr<MappedFile> file;  // that the outcomes are read from
  Settled settled;
  Outcomes outcomes;
  std::unordered_map<uint64_t, std::string> whereabouts;  // of rows: the last word about each
  Images images;
};

// Reads the journal of a run; its requests fill the table `requests`. Rows that a crash left in doubt get
// that outcome here.
Result<LoadedJournal> load_journal(duck::Connection& connection, Disk& disk, const std::string& journal,
                                   const std::string& plan, Time now);

}  // namespace penstock
