-- Zendesk Support API. developer.zendesk.com: users, organizations, tickets, custom objects, job statuses, rate limits (2026).
local first_id = 1000001
local users = records("users", { fold = { "email", "external_id" }, first_id = first_id })
local organizations = records("organizations", { fold = { "external_id", "name" }, first_id = first_id })
local tickets = records("tickets", { fold = { "external_id" }, first_id = first_id })
local memberships = records("organization_memberships", { first_id = first_id })
local jobs_max, rows_max = 30, 100

local function refusal(status, why)
  local names = { [401] = "Couldn't authenticate you", [404] = "RecordNotFound", [429] = "TooManyRequests", [422] = "RecordInvalid" }
  return { error = names[status] or "BadRequest", description = why or "The request was refused" }
end
vendor {
  refusal = refusal, path_suffix = ".json", limits = { "account" },
  login = function(request)
    local user, token = basic(request)
    if token_problem(bearer(request) or (user and user:find("/token$") and token)) then refuse_with(401) end
  end,
}
limit("account", { rate = "400/1m",
  headers = function(a)
    return { ["X-Rate-Limit"] = a.limit, ["X-Rate-Limit-Remaining"] = a.remaining, ["ratelimit-limit"] = a.limit,
      ["ratelimit-remaining"] = a.remaining, ["ratelimit-reset"] = math.ceil(a.admitted and 60 or a.wait) }
  end,
  refuse = function(a)
    return 429, refusal(429, "You have exceeded the rate limit"), { ["Retry-After"] = math.ceil(a.wait) }
  end })

-- ---- Rows. Each kind says what must hold to create or change a record; a problem is error, details.

local function duplicate(store, field, value, own)
  local held = present(value) and store:find(field, value)
  return held and held ~= own and ("%s: %s is already being used"):format(field, tostring(value))
end
local function check_user(row, known)
  if not known and not is_text(row.name) then return "Name: can't be blank" end
  if present(row.email) and not is_email(row.email) then return ("Email: %s is not properly formatted"):format(tostring(row.email)) end
  return duplicate(users, "external_id", row.external_id, known) or duplicate(users, "email", row.email, known)
end
local function check_organization(row, known)
  if not known and not is_text(row.name) then return "Name: can't be blank" end
  return duplicate(organizations, "name", row.name, known) or duplicate(organizations, "external_id", row.external_id, known)
end
local function check_ticket(row, known)
  if not known and type(row.comment) ~= "table" and not is_text(row.description) then return "Description: cannot be blank" end
end
local kinds = {
  users = { store = users, one = "user", Name = "User", check = check_user, nested = "user_fields" },
  organizations = { store = organizations, one = "organization", Name = "Organization", check = check_organization, nested = "organization_fields" },
  tickets = { store = tickets, one = "ticket", Name = "Ticket", check = check_ticket, nested = "fields", always = { requester_id = first_id } },
}

local function find(kind, row)
  local store = kind.store
  if present(row.id) then return store:get(row.id) end
  if present(row.external_id) then
    local found = store:find("external_id", row.external_id)
    if found then return found end
  end
  if kind.store == users and present(row.email) then return users:find("email", row.email) end
end
local function shown(record, fields)
  return merge(fields or record.fields, { id = record.id, created_at = iso(record.created), updated_at = iso(record.updated) })
end
local function refused(row) return chosen(tostring(row.external_id or row.email or row.name or row.id or "")) and "refused by the sandbox" end

-- Lays a row over a record: custom fields one by one; a new address of a user is a secondary one.
local function change(kind, record, row)
  local fields = merge(row)
  fields.id = nil
  if type(row[kind.nested]) == "table" and type(record.fields[kind.nested]) == "table" and #row[kind.nested] == 0 then
    fields[kind.nested] = merge(record.fields[kind.nested], row[kind.nested])
  end
  if kind.store == users and record.fields.email then fields.email = nil end
  kind.store:update(record, fields)
end
local function write(kind, row, mode)
  local known = mode ~= "create" and find(kind, row) or nil
  if mode == "update" and not known then return nil, "NotFound", "Couldn't find " .. kind.Name end
  local wrong = refused(row) or kind.check(row, known)
  if wrong then return nil, kind.Name .. (known and "UpdateError" or "CreateError"), wrong end
  if known then change(kind, known, row) return known, false end
  return kind.store:create(merge(kind.store == users and { role = "end-user", active = true } or {}, row)), true
end

-- ---- Jobs

local function status_of(one)
  local stage = one:stage()
  local names = { queued = "queued", working = "working", done = "completed" }
  return { id = one.id, url = "https://example.zendesk.com/api/v2/job_statuses/" .. one.id .. ".json", job_type = one.type, status = names[stage],
    total = one.total, progress = stage == "done" and one.total or 0, message = stage == "done" and "Completed" or null,
    results = stage == "done" and one.results or null }
end
local function start(request, status, kind, rows, run)
  request.rows = #rows
  if #rows == 0 or #rows > rows_max then refuse_with(400, ("between 1 and %d records are needed"):format(rows_max)) end
  if unfinished("zendesk") >= jobs_max then
    refuse(429, { error = "TooManyJobs", description = "Only 30 jobs may be queued or running" }, { ["Retry-After"] = 5 })
  end
  local one = job { kind = "zendesk", id = hex(32), type = kind, total = #rows, results = list {} }
  one.run = function()
    for place, row in ipairs(rows) do one.results[place] = run(row, place - 1) end
  end
  return status, { job_status = status_of(one) }
end
-- What was created has an index; what was updated or refused stands at its row's place only.
local function failed(error, details, id)
  return { id = tonumber(id) or 0, action = "update", success = false, error = error, details = details }
end
local function write_job(kind, mode)
  return function(row, place)
    local record, made, details = write(kind, row, mode)
    if not record then return failed(made, details, row.id) end
    if made then return { index = place, id = record.id, status = "Created", external_id = row.external_id } end
    return { id = record.id, action = "update", status = "Updated", success = true }
  end
end
local function rows_of(request, name)
  local rows = request:json()[name]
  if type(rows) ~= "table" then refuse_with(400, name .. " must be an array") end
  return rows
end
-- Records named in the query, as rows: ?ids=1,2 or ?external_ids=a,b
local function named(request)
  local rows = {}
  for name, field in pairs { ids = "id", external_ids = "external_id" } do
    for _, value in ipairs(is_text(request.params[name]) and split(request.params[name], ",") or {}) do rows[#rows + 1] = { [field] = value } end
  end
  return rows
end

local api = "/api/v2/"
route("GET " .. api .. "job_statuses/show_many", function(request)
  local all = list {}
  for _, id in ipairs(split(request.params.ids or "", ",")) do
    local one = find_job(id)
    if one then all[#all + 1] = status_of(one) end
  end
  return 200, { job_statuses = all }
end)
route("GET " .. api .. "job_statuses/{id}", function(_, id) return 200, { job_status = status_of(find_job(id) or refuse_with(404)) } end)

for name, kind in sorted(kinds) do
  local path, store = api .. name, kind.store
  local function many(records)
    local all = list {}
    for _, record in ipairs(records) do all[#all + 1] = merge(kind.always or {}, shown(record)) end
    return 200, { [name] = all, count = #all, next_page = null, previous_page = null }
  end
  local function single(request, mode, id)
    local body = request:json()[kind.one]
    if type(body) ~= "table" then refuse_with(400, kind.one .. " is missing") end
    request.rows = 1
    local record, made, details = write(kind, id and merge(body, { id = id }) or body, mode)
    if not record then
      request.rejected = 1
      if made == "NotFound" then refuse_with(404, "Not found") end
      refuse(422, { error = "RecordInvalid", description = "Record validation errors", details = { base = list { { description = details, error = "InvalidValue" } } } })
    end
    return made and 201 or 200, { [kind.one] = shown(record) }
  end
  route("POST " .. path .. "/create_many", function(request) return start(request, 200, "Bulk Create " .. kind.Name, rows_of(request, name), write_job(kind, "create")) end)
  route("PUT " .. path .. "/update_many", function(request)
    local same = request.query ~= "" and request:json()[kind.one]
    local rows = same and named(request) or rows_of(request, name)
    for place, row in ipairs(same and rows or {}) do rows[place] = merge(same, row) end
    return start(request, 200, "Bulk Update " .. kind.Name, rows, write_job(kind, "update"))
  end)
  route("DELETE " .. path .. "/destroy_many", function(request)
    return start(request, 200, "Bulk Delete " .. kind.Name, named(request), function(row)
      local record = find(kind, row)
      if not record then return failed(kind.Name .. "DestroyError", "Couldn't find " .. kind.Name, tonumber(row.id)) end
      store:delete(record)
      return { id = record.id, action = "delete", status = "Deleted", success = true }
    end)
  end)
  route("GET " .. path .. "/show_many", function(request)
    local found, asked = {}, named(request)
    if #asked > rows_max then refuse_with(400, "at most 100 ids") end
    for _, row in ipairs(asked) do
      -- Users who were deleted are still told of, as ones who are not active.
      local gone = name == "users" and row.id and users:gone(row.id)
      if gone then gone.fields.active = false end
      found[#found + 1] = find(kind, row) or gone or nil
    end
    return many(found)
  end)
  route("GET " .. path .. "/search", function(request)
    local field, value = (request.params.query or ""):match('^(%w+):"?([^"]+)"?$')
    if is_text(request.params.external_id) then field, value = "external_id", request.params.external_id end
    if is_text(request.params.name) then field, value = "name", request.params.name end
    if not field then refuse_with(400, "query, external_id or name is needed") end
    return many(store:search(field, value))
  end)
  if name ~= "tickets" then
    route("POST " .. path .. "/create_or_update", function(request) return single(request, "upsert") end)
  end
  route("POST " .. path, function(request) return single(request, "create") end)
  route("PUT " .. path .. "/{id}", function(request, id) return single(request, "update", id) end)
  route("GET " .. path .. "/{id}", function(_, id) return 200, { [kind.one] = shown(store:get(id) or refuse_with(404, "Not found")) } end)
  route("DELETE " .. path .. "/{id}", function(request, id)
    local record = store:get(id) or refuse_with(404, "Not found")
    request.rows = 1
    store:delete(record)
    if name == "users" then return 200, { user = shown(record) } end
    return 204
  end)
  local fields = kind.one .. "_fields"
  route("GET " .. api .. fields, function() return 200, { [fields] = list { { id = 1, key = "tier", title = "Tier", type = "text", active = true, raw_title = "Tier" } }, count = 1 } end)
end
route("POST " .. api .. "users/create_or_update_many", function(request)
  return start(request, 200, "Bulk Create User", rows_of(request, "users"), write_job(kinds.users, "upsert"))
end)
route("POST " .. api .. "imports/tickets/create_many", function(request)
  return start(request, 200, "Bulk Import Ticket", rows_of(request, "tickets"), write_job(kinds.tickets, "create"))
end)
route("POST " .. api .. "organization_memberships/create_many", function(request)
  return start(request, 200, "Bulk Create OrganizationMembership", rows_of(request, "organization_memberships"), function(row, place)
    if not (users:get(row.user_id) and organizations:get(row.organization_id)) then return failed("OrganizationMembershipCreateError", "no such user or organization") end
    return { index = place, id = memberships:create(row).id, status = "Created" }
  end)
end)

-- ---- Custom objects: records of a key's own object, by id, external id or name

route("POST " .. api .. "custom_objects/{key}/jobs", function(request, key)
  local body = request:json().job or refuse_with(400, "job is missing")
  local kind = { store = records("custom_" .. key, { fold = { "external_id", "name" } }), Name = "CustomObjectRecord", nested = "custom_object_fields",
    check = function(row, known) if not known and not is_text(row.name) then return "Name: can't be blank" end end }
  local modes = { create = "create", update = "update", create_or_update_by_external_id = "upsert", create_or_update_by_name = "upsert" }
  if modes[body.action] then return start(request, 201, body.action, body.items or {}, write_job(kind, modes[body.action])) end
  if body.action ~= "delete" and body.action ~= "delete_by_external_id" then refuse_with(400, "action: " .. tostring(body.action)) end
  return start(request, 201, body.action, body.items or {}, function(item)
    local record = find(kind, body.action == "delete" and { id = item } or { external_id = item })
    if not record then return failed("RecordNotFound", "no such record") end
    kind.store:delete(record)
    return { id = record.id, action = "delete", status = "Deleted", success = true }
  end)
end)
