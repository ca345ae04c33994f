// Shapes of a declaration's parts that several files need.
#pragma once

#include "connector/declaration.h"

namespace penstock::connector {

declare::Of<Verdict> verdict_shape();
const declare::Of<RowRule>& row_rule_shape();
const declare::Of<ReplyRule>& reply_rule_shape();
const declare::Of<JobRule>& job_shape();
const declare::Of<SessionRule>& session_shape();

}  // namespace penstock::connector
