-- Iterable API. support.iterable.com, api.iterable.com/api/docs (2026). A project matched by e-mail address or user id.
local users = records("users", { fold = { "email" } })
local events = records("events")
local rows_max = 1000

vendor {
  refusal = function(status, why)
    local codes = { [401] = "BadApiKey", [404] = "NotFound", [429] = "RateLimitExceeded" }
    return { code = codes[status] or (status >= 500 and "InternalServerError" or "BadParams"), msg = why or "The request was refused", params = {} }
  end,
  limits = { "project" },
  login = function(request) if token_problem(request.headers["api-key"]) then refuse_with(401, "Invalid API key") end end,
}
limit("project", { rate = "500/1s", refuse = function() return 429, { code = "RateLimitExceeded", msg = "Rate limit exceeded", params = {} } end })
limit("bulk", { rate = "5/1s" })

local function find(row)
  if present(row.email) then return users:find("email", row.email) end
  if present(row.userId) then return users:find("userId", row.userId) end
end
local types = {}  -- a field keeps the type of its first value
-- Whether a row was taken, else the list of failedUpdates that its identifier goes to.
local function take(row)
  local kind = present(row.email) and "Email" or "UserId"
  if not present(row.email) and not is_text(row.userId) then return nil, "invalidUserIds", "" end
  local id = row.email or row.userId
  if present(row.email) and not is_email(row.email) then return nil, "invalidEmails", id end
  if chosen(id) then return nil, "invalidData" .. kind .. "s", id end
  for name, value in pairs(row.dataFields or {}) do
    if value ~= null then
      types[name] = types[name] or type(value)
      if types[name] ~= type(value) then return nil, "invalidData" .. kind .. "s", id end
    end
  end
  local known = find(row)
  local fields = merge(row.dataFields or {}, { email = row.email, userId = row.userId })
  if row.mergeNestedObjects and known then
    for name, value in pairs(fields) do
      local old = known.fields[name]
      if type(value) == "table" and type(old) == "table" and #value == 0 and #old == 0 then fields[name] = merge(old, value) end
    end
  end
  if known then users:update(known, fields, id) else users:create(fields, nil, id) end
  return true
end
local lists = { "invalidEmails", "invalidUserIds", "notFoundEmails", "notFoundUserIds", "invalidDataEmails", "invalidDataUserIds",
  "conflictEmails", "conflictUserIds", "forgottenEmails", "forgottenUserIds" }
local function outcome(request, rows, run)
  request.rows = #rows
  if #rows == 0 or #rows > rows_max then refuse_with(400, ("between 1 and %d entries are needed"):format(rows_max)) end
  local failed, good = {}, 0
  for _, name in ipairs(lists) do failed[name] = list {} end
  for _, row in ipairs(rows) do
    local fine, name, id = run(row)
    if fine then good = good + 1 else failed[name][#failed[name] + 1] = id end
  end
  request.rejected = #rows - good
  return 200, { successCount = good, failCount = #rows - good, invalidEmails = failed.invalidEmails, invalidUserIds = failed.invalidUserIds,
    filteredOutFields = list {}, createdFields = list {}, failedUpdates = failed }
end
local function rows_of(request, name)
  local rows = request:json()[name]
  if type(rows) ~= "table" then refuse_with(400, name .. " is missing") end
  return rows
end
local function success() return 200, { code = "Success", msg = "", params = {} } end

route("POST /api/users/bulkUpdate", { limits = { "bulk" }, bytes = 4 << 20 }, function(request) return outcome(request, rows_of(request, "users"), take) end)
route("POST /api/users/update", function(request)
  request.rows = 1
  local fine, name, id = take(request:json())
  if fine then return success() end
  request.rejected = 1
  refuse(400, { code = "InvalidEmailAddressError", msg = ("%s: %s"):format(name, id), params = {} })
end)
route("POST /api/users/updateEmail", function(request)
  local body = request:json()
  local known = users:find("email", body.currentEmail)
  request.rows = 1
  if not known then refuse_with(400, "no user with that address") end
  if not is_email(body.newEmail) or users:find("email", body.newEmail) then refuse_with(400, "newEmail cannot be taken") end
  users:update(known, { email = body.newEmail })
  return success()
end)
local function get(record) return 200, record and { user = { email = record.fields.email, userId = record.fields.userId, dataFields = record.fields } } or {} end
route("GET /api/users/getFields", function()
  local fields = {}
  for name, kind in pairs(types) do fields[name] = kind end
  return 200, { fields = merge({ email = "string" }, fields) }
end)
route("GET /api/users/byUserId/{id}", function(_, id) return get(users:find("userId", id)) end)
route("GET /api/users/{email}", function(_, email) return get(users:find("email", email)) end)
local function delete(request, record)
  request.rows = 1
  if not record then refuse_with(404, "no such user") end
  users:delete(record)
  return success()
end
route("DELETE /api/users/byUserId/{id}", function(request, id) return delete(request, users:find("userId", id)) end)
route("DELETE /api/users/{email}", function(request, email) return delete(request, users:find("email", email)) end)

local function take_event(row)
  if not is_text(row.eventName) then return nil, "invalidEmails", row.email or row.userId or "" end
  if present(row.email) and not is_email(row.email) then return nil, "invalidEmails", row.email end
  local known = row.id and events:get(row.id)
  if known then events:update(known, row) else events:create(row, row.id) end
  return true
end
route("POST /api/events/trackBulk", { bytes = 4 << 20 }, function(request) return outcome(request, rows_of(request, "events"), take_event) end)
route("POST /api/events/track", function(request)
  request.rows = 1
  if not take_event(request:json()) then refuse_with(400, "eventName is missing") end
  return success()
end)
local function change_list(adding)
  return function(request)
    local body = request:json()
    local members = records("list_" .. tostring(body.listId or refuse_with(400, "listId is missing")))
    return outcome(request, body.subscribers or {}, function(row)
      local key = row.email or row.userId
      if present(row.email) and not is_email(row.email) then return nil, "invalidEmails", row.email end
      local member = members:find("key", key)
      if adding and not member then members:create { key = key } end
      if member and not adding then members:delete(member) end
      return true
    end)
  end
end
route("POST /api/lists/subscribe", { limits = { "bulk" } }, change_list(true))
route("POST /api/lists/unsubscribe", { limits = { "bulk" } }, change_list(false))
route("POST /api/catalogs/{name}/items", function(request, name)
  local store = records("catalog_" .. name)
  for id, document in pairs(request:json().documents or refuse_with(400, "documents is missing")) do
    local known = store:get(id)
    request.rows = request.rows + 1
    if known then store:update(known, document) else store:create(document, id) end
  end
  return 202, { code = "Success", msg = "", params = {} }
end)
route("DELETE /api/catalogs/{name}/items", function(request, name)
  local store = records("catalog_" .. name)
  for _, id in ipairs(request:json().itemIds or refuse_with(400, "itemIds is missing")) do
    local known = store:get(id)
    if known then store:delete(known) end
  end
  return 202, { code = "Success", msg = "", params = {} }
end)
