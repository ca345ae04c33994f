// What a model's columns were when its sync last ran. A column that became another type, or a key that became
// another one, changes what every row means: that is a person's to say, not a night run's to guess.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "plan/guards.h"
#include "run/prepare.h"

namespace penstock {

struct ModelColumns {
  std::string run;  // that found them so first
  std::vector<std::string> key;
  std::vector<std::pair<std::string, std::string>> columns;  // name and type
  bool operator==(const ModelColumns& other) const { return key == other.key && columns == other.columns; }
};

ModelColumns columns_of(const PreparedSync& prepared, std::string run);

// Nullopt: no run has left any.
Result<std::optional<ModelColumns>> known_columns(const Workspace& workspace, const std::string& sync);
// What they were, and what they are.
struct SeenColumns {
  std::optional<ModelColumns> known;  // nullopt: not known
  ModelColumns now;
};

// For the next run; nothing is written when nothing has changed.
Result<void> remember_columns(const Workspace& workspace, const std::string& sync, const SeenColumns& seen);

// Whether values of a column may have changed their meaning with its type: INTEGER to BIGINT has not.
bool is_widened(const std::string& before, const std::string& now);

// Nullopt: what the sync reads is what it was, or was passed by --confirm model_columns. What has changed
// harmlessly goes to `notes`.
Result<std::optional<GuardStop>> check_columns(const Workspace& workspace, const PreparedSync& prepared,
                                               const SeenColumns& seen,
                                               const std::vector<std::string>& confirmed,
                                               std::vector<std::string>& notes);

// Says of columns that the model had, and has not any longer, when it had them: beside the errors of fields
// that name them.
void explain_lost_columns(const Workspace& workspace, const PreparedSync& prepared,
                          declare::Diagnostics& diagnostics);

}  // namespace penstock
