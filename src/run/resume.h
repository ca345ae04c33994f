// Jobs that an earlier run left at its destination: found again, and brought to their end.
#pragma once

#include <functional>

#include "deliver/accounts.h"
#include "deliver/deliver.h"
#include "run/workspace.h"

namespace penstock {

struct ResumeParts {
  Loop& loop;
  HttpClient& client;
  Workspace& workspace;
  Random& random;
  // Told of the delivery while it goes on, so that it can be watched and stopped; null when it is over.
  std::function<void(Delivery*)> watch;
  Accounts* accounts = nullptr;
};

// Asks the destination until every job has ended, and adds the outcomes of their rows to the journal. The
// plan file says which rows these are, whatever the model and the mapping are by now. Errors leave the jobs
// where they are: the next run asks again. Of kind interrupted: delivery.stop() was called.
Task<Result<void>> resume_jobs(ResumeParts parts, const config::Sync& sync, LeftJobs left);

// "job 750xx of run 20261125-..., begun 12:00", for people.
std::string name_of(const UnfinishedJob& job, const RunFacts& facts);

}  // namespace penstock
