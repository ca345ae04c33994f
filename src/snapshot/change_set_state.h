// What a change set holds until its commit. Private to this folder.
#pragma once

#include <memory>
#include <string>

#include "snapshot/change_set.h"
#include "snapshot/entry_buffer.h"
#include "snapshot/table_writer.h"

namespace penstock::snapshot {

struct Changes {
  Disk* disk;
  std::string directory;
  FileWriter file;  // changes.tmp: preamble and records, in the order of their arrival
  EntryBuffer entries;
};

}  // namespace penstock::snapshot
