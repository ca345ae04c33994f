// What ties records together: memberships of lists, and associations between objects.
#pragma once

#include <string>
#include <vector>

#include "sandbox/hubspot/records.h"

namespace penstock::sandbox::hubspot {

// /crm/v3/lists/{id}/memberships and …/add, …/remove, …/add-and-remove; `rest` is what follows lists/. Lists
// are of contacts, and made on first use; the sandbox shows them as the records of list_{id}.
Answer answer_lists(Desk desk, const ServerRequest& request, const std::vector<std::string>& rest);

// /crm/v4/associations/{from}/{to}/batch/create, …/archive, …/associate/default; `rest` is what follows
// associations/. The sandbox shows them as the records of {from}_to_{to}.
Answer answer_associations(Desk desk, const ServerRequest& request, const std::vector<std::string>& rest);

}  // namespace penstock::sandbox::hubspot
