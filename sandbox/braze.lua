-- Braze REST API. braze.com/docs/api: users/track, users/delete, subscription groups, catalogs, rate limits (2026).
local users = records("users", { fold = { "email" } })
local events, purchases = records("events"), records("purchases")
local subscriptions = records("subscriptions")

local function refusal(status, why)
  local texts = { [401] = "Invalid API Key", [404] = "Not Found", [413] = "Payload Too Large",
    [429] = "You have exceeded your rate limit" }
  return { message = texts[status] or why or "The request was refused" }
end
vendor {
  refusal = refusal,
  limits = { "others" },
  login = function(request)
    if token_problem(bearer(request)) then refuse_with(401) end
  end,
}

local function headers(admission)
  return { ["x-ratelimit-limit"] = admission.limit, ["x-ratelimit-remaining"] = admission.remaining,
    ["x-ratelimit-reset"] = admission.reset }
end
local function too_many() return 429, refusal(429), {} end
limit("track", { rate = "3000/3s", headers = headers, refuse = too_many })
limit("others", { rate = "250000/1h", headers = headers, refuse = too_many })
limit("identities", { rate = "20000/1m", headers = headers, refuse = too_many })
limit("export", { rate = "250/1m", headers = headers, refuse = too_many })
limit("subscription", { rate = "5000/1m", headers = headers, refuse = too_many })

local function array(body, name, most)
  local rows = body[name]
  if rows == nil then return list {} end
  if type(rows) ~= "table" then refuse_with(400, ("'%s' must be an array"):format(name)) end
  if #rows > most then refuse_with(400, ("'%s' is limited to %d objects"):format(name, most)) end
  return rows
end

-- A user is named in exactly one way; of an e-mail address and a phone number the address counts.
local function find(row)
  local alias = row.user_alias
  if is_text(row.external_id) then return users:find("external_id", row.external_id), true end
  if is_text(row.braze_id) then return users:get(row.braze_id), true end
  if type(alias) == "table" and is_text(alias.alias_name) and is_text(alias.alias_label) then
    return users:find("alias", alias.alias_label .. ":" .. alias.alias_name), true
  end
  if is_text(row.email) then return users:find("email", row.email), true end
  if is_text(row.phone) then return users:find("phone", row.phone), true end
  return nil, false
end

local function value_of(old, value)
  if type(value) ~= "table" then return value end
  if value.inc then return (type(old) == "number" and old or 0) + value.inc end
  if value.add or value.remove then
    local kept, gone = list {}, {}
    for _, one in ipairs(value.remove or {}) do gone[one] = true end
    for _, one in ipairs(type(old) == "table" and old or {}) do if not gone[one] then kept[#kept + 1] = one end end
    for _, one in ipairs(value.add or {}) do kept[#kept + 1] = one end
    return kept
  end
  return value
end

local function take_attributes(row)
  local user, named = find(row)
  if not named then return "'external_id', 'user_alias', 'braze_id', 'email' or 'phone' is required" end
  if present(row.email) and not is_email(row.email) then return "'email' is not valid" end
  if chosen(row.external_id or row.email or row.phone or "") then return "refused by the sandbox" end
  local only_existing = row._update_existing_only
  if only_existing == nil then only_existing = row.user_alias ~= nil end
  if not user and only_existing then return nil end
  local fields = {}
  for name, value in pairs(row) do
    if name:sub(1, 1) ~= "_" and name ~= "user_alias" and name ~= "braze_id" then
      local old = user and user.fields[name]
      local merged = row._merge_objects and type(old) == "table" and type(value) == "table" and not (value.add or value.remove)
      fields[name] = merged and merge(old, value) or value_of(old, value)
    end
  end
  if row.user_alias then fields.alias = row.user_alias.alias_label .. ":" .. row.user_alias.alias_name end
  if user then users:update(user, fields, row.external_id) else users:create(fields, hex(24), row.external_id) end
end

local function take_event(row)
  local _, named = find(row)
  if not named then return "'external_id', 'user_alias', 'braze_id', 'email' or 'phone' is required" end
  if not is_text(row.name) then return "'name' is required" end
  if not is_text(row.time) then return "'time' is required" end
  events:create(row)
end

local function take_purchase(row)
  local _, named = find(row)
  if not named then return "'external_id', 'user_alias', 'braze_id', 'email' or 'phone' is required" end
  for _, name in ipairs { "product_id", "currency", "time" } do
    if not is_text(row[name]) then return ("'%s' is required"):format(name) end
  end
  if type(row.price) ~= "number" then return "'price' is not a number" end
  purchases:create(row)
end

local function track(request, most)
  local body = request:json()
  local reply, errors = { message = "success" }, list {}
  for _, kind in ipairs { { "attributes", take_attributes }, { "events", take_event }, { "purchases", take_purchase } } do
    local name, take = kind[1], kind[2]
    local rows, done = array(body, name, most), 0
    request.rows = request.rows + #rows
    for place, row in ipairs(rows) do
      local problem = take(row)
      if problem then
        errors[#errors + 1] = { type = problem, input_array = name, index = place - 1 }
      else
        done = done + 1
      end
    end
    if #rows > 0 then reply[name .. "_processed"] = done end
  end
  if request.rows == 0 then refuse_with(400, "'attributes', 'events' or 'purchases' must be given") end
  request.rejected = #errors
  if #errors > 0 then reply.errors = errors end
  return 201, reply
end
route("POST /users/track", { limits = { "track" }, bytes = 4 << 20 }, function(request) return track(request, 75) end)
route("POST /users/track/bulk", { limits = { "track" }, bytes = 2 << 20 }, function(request) return track(request, 1000) end)

route("POST /users/delete", { limits = { "identities" } }, function(request)
  local body, deleted, kinds = request:json(), 0, 0
  for _, kind in ipairs { "external_ids", "braze_ids", "user_aliases" } do
    local ids = array(body, kind, 50)
    kinds = kinds + (#ids > 0 and 1 or 0)
    request.rows = request.rows + #ids
    for _, id in ipairs(ids) do
      local user = find(type(id) == "table" and { user_alias = id } or { [kind:sub(1, -2)] = id })
      if user then users:delete(user) deleted = deleted + 1 end
    end
  end
  if kinds ~= 1 then refuse_with(400, "one of external_ids, braze_ids and user_aliases must be given") end
  return 201, { message = "success", deleted = deleted }
end)

route("POST /users/alias/new", { limits = { "identities" } }, function(request)
  local rows = array(request:json(), "user_aliases", 50)
  request.rows = #rows
  for _, row in ipairs(rows) do
    local fields = { alias = ("%s:%s"):format(row.alias_label, row.alias_name) }
    local user = find(row)
    if user then users:update(user, fields) else users:create(merge(fields, { external_id = row.external_id }), hex(24)) end
  end
  return 201, { message = "success", aliases_processed = #rows }
end)

route("POST /users/identify", { limits = { "identities" } }, function(request)
  local rows = array(request:json(), "aliases_to_identify", 50)
  request.rows = #rows
  for _, row in ipairs(rows) do
    local user = find { user_alias = row.user_alias }
    if user then users:update(user, { external_id = row.external_id }) end
  end
  return 201, { message = "success", aliases_processed = #rows }
end)

-- What is told of a profile: what the service knows by name, and custom attributes in an object of their own.
local known_fields = {}
for _, name in ipairs { "external_id", "email", "phone", "first_name", "last_name", "gender", "dob", "country", "home_city", "language", "time_zone",
  "user_aliases", "braze_id", "created_at", "custom_attributes", "custom_events", "purchases", "devices", "apps", "random_bucket", "total_revenue" } do
  known_fields[name] = true
end
local function exported(user, wanted)
  local all, names = { braze_id = user.id, custom_attributes = {} }, nil
  for name, value in pairs(user.fields) do
    if known_fields[name] then all[name] = value elseif name ~= "alias" then all.custom_attributes[name] = value end
  end
  if type(wanted) ~= "table" then return all end
  local told = {}
  for _, name in ipairs(wanted) do
    if not known_fields[name] then refuse_with(400, ("'%s' is not a valid field to export"):format(tostring(name))) end
    told[name] = all[name]
  end
  return told
end
route("POST /users/export/ids", { limits = { "export" } }, function(request)
  local body, found, missing = request:json(), list {}, list {}
  for _, id in ipairs(array(body, "external_ids", 50)) do
    local user = users:find("external_id", id)
    if user then found[#found + 1] = exported(user, body.fields_to_export) else missing[#missing + 1] = id end
  end
  if is_text(body.email_address) then
    for _, user in ipairs(users:all("email", body.email_address)) do
      found[#found + 1] = exported(user, body.fields_to_export)
    end
  end
  return 201, { message = "success", users = found, invalid_user_ids = missing }
end)

route("POST /v2/subscription/status/set", { limits = { "subscription" } }, function(request)
  for _, group in ipairs(array(request:json(), "subscription_groups", 50)) do
    if not is_text(group.subscription_group_id) then refuse_with(400, "'subscription_group_id' is required") end
    if group.subscription_state ~= "subscribed" and group.subscription_state ~= "unsubscribed" then
      refuse_with(400, "'subscription_state' is not valid")
    end
    for _, kind in ipairs { "external_ids", "emails", "phones" } do
      for _, id in ipairs(array(group, kind, 50)) do
        local key = group.subscription_group_id .. " " .. id
        local fields = { key = key, group = group.subscription_group_id, user = id, state = group.subscription_state }
        local known = subscriptions:find("key", key)
        request.rows = request.rows + 1
        if known then subscriptions:update(known, fields) else subscriptions:create(fields) end
      end
    end
  end
  return 201, { message = "success" }
end)

local function items(request, catalog, take)
  local rows = array(request:json(), "items", 50)
  request.rows = #rows
  for _, row in ipairs(rows) do
    if not is_text(row.id) then refuse_with(400, "items: 'id' is required") end
    take(records("catalog_" .. catalog), row)
  end
  return 202, { message = "success" }
end
local function upsert_item(catalog, row)
  local known = catalog:get(row.id)
  if known then catalog:update(known, row) else catalog:create(row, row.id) end
end
for _, method in ipairs { "POST", "PUT", "PATCH" } do
  route(method .. " /catalogs/{name}/items", function(request, name) return items(request, name, upsert_item) end)
end
route("DELETE /catalogs/{name}/items", function(request, name)
  return items(request, name, function(catalog, row)
    local known = catalog:get(row.id)
    if known then catalog:delete(known) end
  end)
end)
