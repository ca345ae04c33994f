// A sync made ready with rows that do not come from its model's source, which is left alone.
#pragma once

#include <functional>

#include "run/prepare.h"

namespace penstock {

// Its connection must have our payload functions; empty: the model's own rows.
using OpenRows = std::function<Result<OpenedModel>()>;

Task<Result<PreparedSync>> prepare_sync_with(Loop& loop, HttpClient& client, Workspace& workspace,
                                             const config::Sync& sync, Login login,
                                             declare::Diagnostics& diagnostics, OpenRows rows,
                                             Purpose purpose = Purpose::run);

}  // namespace penstock
