-- Amplitude HTTP V2, batch, identify, group identify, cohorts, user deletion.
-- amplitude.com/docs/apis/analytics (2026). The API key travels in the body.
local events, users, groups = records("events"), records("users"), records("groups")
local cohorts, deletions = records("cohorts"), records("deletions")
local rows_max, updates_an_hour = 2000, 1800

vendor {
  refusal = function(status, why)
    local texts = { [413] = "Payload too large", [429] = "Too many requests for some devices and users", [503] = "Service Unavailable" }
    return { code = status, error = texts[status] or why or "Invalid request" }
  end,
}
local function bad(error, more) refuse(400, merge({ code = 400, error = error }, more or {})) end
local function check_key(key) if token_problem(key) then bad("Invalid API key: " .. tostring(key)) end end

local function add(into, name, index)
  into[name] = into[name] or list {}
  into[name][#into[name] + 1] = index
end
-- What keeps events out: by field, the indexes of the events. Nothing is taken unless all are good.
local function check_events(body)
  local missing, invalid, short = {}, {}, {}
  local length = body.options and body.options.min_id_length or 5
  for place, event in ipairs(body.events) do
    local index = place - 1
    if not is_text(event.event_type) then add(missing, "event_type", index) end
    if not present(event.user_id) and not present(event.device_id) then add(missing, "user_id", index) end
    if present(event.time) and (type(event.time) ~= "number" or event.time < 0) then add(invalid, "time", index) end
    for _, name in ipairs { "user_id", "device_id" } do
      if present(event[name]) and #tostring(event[name]) < length then add(short, name, index) end
    end
    for _, name in ipairs { "event_properties", "user_properties" } do
      if event[name] ~= nil and type(event[name]) ~= "table" then add(invalid, name, index) end
    end
    if chosen(tostring(event.insert_id or event.user_id or "")) then add(invalid, "insert_id", index) end
  end
  if next(missing) or next(invalid) or next(short) then
    bad("Request contains missing or invalid fields", { missing_field = next(missing) and sorted(missing)() or null,
      events_with_missing_fields = missing, events_with_invalid_fields = invalid, events_with_invalid_id_lengths = short, silenced_events = list {} })
  end
end
-- Users with more events a second than the endpoint takes.
local function throttle(body, per_second)
  local throttled, indexes = {}, list {}
  for place, event in ipairs(body.events) do
    local user = tostring(event.user_id or event.device_id)
    if throttled[user] or not admit("events of " .. user, per_second * 30, 30).admitted then
      throttled[user] = per_second + 1
      indexes[#indexes + 1] = place - 1
    end
  end
  if #indexes > 0 then
    refuse(429, { code = 429, error = "Too many requests for some devices and users", eps_threshold = per_second, throttled_devices = {},
      throttled_users = throttled, throttled_events = indexes, exceeded_daily_quota_users = {}, exceeded_daily_quota_devices = {} })
  end
end
local function upload(per_second)
  return function(request)
    local body = request:json()
    check_key(body.api_key)
    if type(body.events) ~= "table" or #body.events == 0 then bad("Request missing required field", { missing_field = "events" }) end
    request.rows = #body.events
    if #body.events > rows_max then refuse_with(413) end
    check_events(body)
    throttle(body, per_second)
    local taken = 0
    for _, event in ipairs(body.events) do
      local key = event.insert_id and tostring(event.user_id or event.device_id) .. " " .. event.insert_id
      if not (key and events:find("key", key)) then
        events:create(merge(event, { key = key }))
        taken = taken + 1
      end
    end
    return 200, { code = 200, events_ingested = taken, payload_size_bytes = #request.body, server_upload_time = now() }
  end
end
limit("requests", { rate = "100/1s" })
route("POST /2/httpapi", { limits = { "requests" }, bytes = 1 << 20 }, upload(30))
route("POST /batch", { limits = { "requests" }, bytes = 20 << 20 }, upload(1000))

-- ---- Properties of users and groups

local words = {
  ["$set"] = function(_, value) return value end,
  ["$setOnce"] = function(old, value) if old == nil then return value end return old end,
  ["$add"] = function(old, value) return (tonumber(old) or 0) + value end,
  ["$unset"] = function() return null end,
  ["$append"] = function(old, value)
    local all = list {}
    for _, one in ipairs(type(old) == "table" and old or { old }) do all[#all + 1] = one end
    for _, one in ipairs(type(value) == "table" and value or { value }) do all[#all + 1] = one end
    return all
  end,
  ["$remove"] = function(old, value)
    local all = list {}
    for _, one in ipairs(type(old) == "table" and old or {}) do if one ~= value then all[#all + 1] = one end end
    return all
  end,
}
words["$postInsert"] = words["$append"]
local function apply(record, store, properties)
  local fields, plain = {}, {}
  for name, value in pairs(properties or {}) do
    if not words[name] then
      plain[name] = value
    else
      for property, given in pairs(value) do fields[property] = words[name](record.fields[property], given) end
    end
  end
  store:update(record, merge(plain, fields))
end
local function identify(request, store, key_of, member)
  local form = request.headers["content-type"] == "application/json" and request:json() or (request:form())
  check_key(form.api_key)
  local rows = form.identification
  if type(rows) == "string" then rows = parse_json(rows) end
  if type(rows) ~= "table" then bad("missing identification") end
  if #rows == 0 then rows = { rows } end
  request.rows = #rows
  for _, row in ipairs(rows) do if not is_text(key_of(row)) then bad("missing an id in identification") end end
  for _, row in ipairs(rows) do
    local key = key_of(row)
    -- More changes of one user in an hour are dropped in silence.
    if admit("updates of " .. key, updates_an_hour, 3600).admitted then
      apply(store:get(key) or store:create({}, key), store, row[member])
    end
  end
  return 200, { code = 200, server_upload_time = now(), events_ingested = #rows }
end
route("POST /identify", { bytes = 1 << 20 }, function(request)
  return identify(request, users, function(row) return row.user_id or row.device_id end, "user_properties")
end)
route("POST /groupidentify", { bytes = 1 << 20 }, function(request)
  return identify(request, groups, function(row)
    return row.group_type and row.group_value and row.group_type .. ":" .. row.group_value
  end, "group_properties")
end)

-- ---- With key and secret

local function check_login(request) if token_problem(select(2, basic(request)) or "") then refuse(401, { error = "Invalid API key or secret" }) end end
route("POST /api/3/cohorts/upload", function(request)
  check_login(request)
  local body = request:json()
  if not is_text(body.name) or type(body.ids) ~= "table" then refuse(400, { error = "name and ids are needed" }) end
  request.rows = #body.ids
  local known = body.existing_cohort_id and cohorts:get(body.existing_cohort_id)
  local cohort = known and cohorts:update(known, body) or cohorts:create(body, hex(8))
  return 200, { cohortId = cohort.id }
end)
route("POST /api/2/deletions/users", function(request)
  check_login(request)
  local ids = request:json().user_ids
  if type(ids) ~= "table" or #ids == 0 or #ids > 100 then refuse(400, { error = "1 to 100 user_ids" }) end
  request.rows = #ids
  for _, id in ipairs(ids) do deletions:create({ user_id = id }) end
  return 200, list { { day = iso(now()):sub(1, 10), status = "staging", amplitude_ids = list {} } }
end)
