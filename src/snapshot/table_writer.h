// Writes the part of a table file that follows the records of texts. Private to this folder.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/disk.h"
#include "base/result.h"
#include "snapshot/manifest.h"
#include "snapshot/merge.h"
#include "snapshot/table_format.h"

namespace penstock::snapshot {

// Appends in pieces of 2 MB, each from a multiple of 2 MB on. After an error it is broken.
class FileWriter {
 public:
  explicit FileWriter(std::unique_ptr<AppendFile> file) : file_(std::move(file)) {}
  Result<void> append(std::string_view bytes);
  Result<void> pad_to(uint64_t position);
  Result<void> flush();
  uint64_t position() const { return file_->size() + buffer_.size(); }

 private:
  std::unique_ptr<AppendFile> file_;
  std::string buffer_;
};

struct Written {
  uint64_t size_bytes = 0, checksum = 0, entries = 0;
  KeyCounts counts;  // of the entries that are no tombstones
};

// The entries are walked over once for each section: nothing but the section's current block is in memory.
class TableWriter {
 public:
  // Each call begins the same walk anew.
  using Source = std::function<std::unique_ptr<Merge>()>;
  // The fingerprint to store for an accepted entry that comes out of an older table.
  using Refingerprint = std::function<Fingerprint(uint64_t slot, Fingerprint accepted)>;

  // `file` holds the preamble and the records of those entries that come without a table.
  TableWriter(FileWriter& file, Source source, const Refingerprint& refingerprint)
      : file_(file), source_(std::move(source)), refingerprint_(refingerprint) {}
  // All but making it durable. No entries at all: writes nothing.
  Result<Written> write();

 private:
  Result<void> count();
  Result<void> copy_records();
  Result<void> write_slots();
  Result<void> write_flags();
  Result<void> write_refs();
  Result<void> write_footer();
  uint64_t stored_of(const Merge& merge) const;

  FileWriter& file_;
  Source source_;
  const Refingerprint& refingerprint_;
  Footer footer_;
  Written written_;
  uint64_t copies_at_ = 0;  // where the records that were copied out of older tables begin
  std::string sums_;        // chunk checksums
};

void count_in(KeyCounts& counts, uint8_t flags);
void count_out(KeyCounts& counts, uint8_t flags);

}  // namespace penstock::snapshot
