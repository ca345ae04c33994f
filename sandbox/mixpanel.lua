-- Mixpanel ingestion: import, engage (profiles), groups. developer.mixpanel.com (2026).
local events, profiles = records("events"), records("profiles")
local rows_max = 2000

vendor {
  refusal = function(status, why) return { code = status, error = why or "The request was refused", status = status == 429 and "rate limited" or "Bad Request" } end,
  limits = { "project" },
}
limit("project", { rate = "1000/1s" })
local function check_login(request) if token_problem(select(2, basic(request)) or bearer(request)) then refuse_with(401, "Invalid service account") end end

route("POST /import", { bytes = 10 << 20 }, function(request)
  check_login(request)
  local rows, failed, good = parse_json(request.body), list {}, 0
  if type(rows) ~= "table" then rows = request:lines() end
  request.rows = #rows
  if not is_text(request.params.project_id) then refuse_with(400, "project_id is missing") end
  if #rows == 0 or #rows > rows_max then refuse_with(#rows == 0 and 400 or 413, "between 1 and 2000 events are needed") end
  for place, row in ipairs(rows) do
    local given, field, message = row.properties or {}, nil, nil
    if not is_text(row.event) then field, message = "event", "event is required" end
    if type(given.time) ~= "number" then field, message = "properties.time", "'properties.time' is invalid: must be specified" end
    if not is_text(given["$insert_id"]) then field, message = "properties.$insert_id", "'properties.$insert_id' is invalid: must not be missing" end
    if not field and chosen(given["$insert_id"]) then field, message = "event", "refused by the sandbox" end
    if field then
      failed[#failed + 1] = { index = place - 1, ["$insert_id"] = given["$insert_id"], field = field, message = message }
    else
      local key = ("%s %s"):format(given["$insert_id"], given.distinct_id)
      if not events:find("key", key) then events:create(merge(given, { event = row.event, key = key })) end
      good = good + 1
    end
  end
  request.rejected = #failed
  if #failed > 0 and request.params.strict ~= "0" then
    return 400, { code = 400, error = "some data points in the request failed validation", status = "Bad Request", num_records_imported = good, failed_records = failed }
  end
  return 200, { code = 200, status = "OK", num_records_imported = good }
end)

local words = {
  ["$set"] = function(_, value) return value end,
  ["$set_once"] = function(old, value) if old == nil then return value end return old end,
  ["$add"] = function(old, value) return (old or 0) + value end,
  ["$append"] = function(old, value)
    local all = list { table.unpack(old or {}) }
    all[#all + 1] = value
    return all
  end,
}
local function change(request, store, key_of)
  local rows = parse_json(request.body) or parse_json(request:form().data or "")
  if type(rows) ~= "table" then refuse_with(400, "the body is not JSON") end
  if #rows == 0 then rows = { rows } end
  request.rows = #rows
  if #rows > rows_max then refuse_with(413, "at most 2000 profiles") end
  for _, row in ipairs(rows) do
    if token_problem(row["$token"]) then refuse_with(401, "'$token' is missing or invalid") end
    local key = key_of(row)
    if not is_text(key) then return 400, { status = 0, error = "'$distinct_id' is missing or blank" } end
    local known = store:get(key)
    if row["$delete"] ~= nil then
      if known then store:delete(known) end
    else
      known = known or store:create({}, key)
      local fields = {}
      for word, run in pairs(words) do
        for name, value in pairs(row[word] or {}) do fields[name] = run(known.fields[name], value) end
      end
      for _, name in ipairs(row["$unset"] or {}) do fields[name] = null end
      store:update(known, fields)
    end
  end
  if request.params.verbose == "1" then return 200, { status = 1, error = null } end
  return 200, "1", { ["Content-Type"] = "text/plain" }
end
route("POST /engage", function(request) return change(request, profiles, function(row) return row["$distinct_id"] end) end)
route("POST /groups", function(request)
  return change(request, records("groups"), function(row) return row["$group_key"] and row["$group_key"] .. ":" .. tostring(row["$group_id"]) end)
end)
