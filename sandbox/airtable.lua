-- Airtable Web API: records of a table, upsert on fields, all or nothing. airtable.com/developers/web/api (2026).
local rows_max = 10
local quiet_until = 0  -- after a 429 nothing is answered for 30 s

local function error_of(kind, message) return { error = { type = kind, message = message } } end
vendor {
  refusal = function(status, why)
    local kinds = { [401] = "AUTHENTICATION_REQUIRED", [404] = "NOT_FOUND", [413] = "REQUEST_TOO_LARGE", [429] = "RATE_LIMIT_REACHED" }
    return error_of(kinds[status] or (status >= 500 and "SERVER_ERROR" or "INVALID_REQUEST_UNKNOWN"), why or "The request was refused")
  end,
  login = function(request)
    if token_problem(bearer(request)) then refuse_with(401, "Authentication required") end
  end,
  limits = { "quiet", "base" },
}
local function too_many()
  quiet_until = math.max(quiet_until, now() + 30000)
  return 429, error_of("RATE_LIMIT_REACHED", "Rate limit exceeded. Please try again later")
end
limit("base", { rate = "5/1s", key = function(r) return r.path:match("^/v0/([^/]+)") or "" end, refuse = too_many })
limit("quiet", { rate = "1000000/1s", key = function() if now() < quiet_until then refuse(too_many()) end return "" end })

local function bad(kind, message) refuse(422, error_of(kind, message)) end
local function store_of(base, name) return records(base .. "/" .. name) end
local function shown(record) return { id = record.id, createdTime = iso(record.created), fields = record.fields } end
local function blank(value) return value == "" or value == false or type(value) == "table" and next(value) == nil end
local function fields_of(row)
  local fields = {}
  for name, value in pairs(row.fields or bad("INVALID_REQUEST_MISSING_FIELDS", "Could not find field 'fields' in the request body")) do
    if strict and name:find("^unknown") then bad("UNKNOWN_FIELD_NAME", ('Unknown field name: "%s"'):format(name)) end
    if name:lower():find("email") and present(value) and value ~= "" and not is_email(value) then
      bad("INVALID_VALUE_FOR_COLUMN", ('Field "%s" cannot accept the provided value'):format(name))
    end
    if chosen(tostring(value)) then bad("INVALID_VALUE_FOR_COLUMN", "refused by the sandbox") end
    fields[name] = blank(value) and null or value
  end
  return fields
end
local function rows_of(body)
  local rows = body.records
  if type(rows) ~= "table" or #rows == 0 then bad("INVALID_REQUEST_MISSING_FIELDS", "records is missing") end
  if #rows > rows_max then bad("INVALID_RECORDS", "You can only submit up to 10 records per request") end
  return rows
end
local path = "/v0/{base}/{table}"

route("POST " .. path, function(request, base, name)
  local body, all = request:json(), list {}
  local rows = body.fields and { body } or rows_of(body)
  request.rows, request.rejected = #rows, #rows
  for place, row in ipairs(rows) do all[place] = fields_of(row) end
  request.rejected = 0
  for place, fields in ipairs(all) do all[place] = shown(store_of(base, name):create(fields, "rec" .. hex(14))) end
  return 200, body.fields and all[1] or { records = all }
end)
-- What each row of an update or upsert means: the record, or none for one to create.
local function target(store, row, merge_on)
  if row.id then return store:get(row.id) or bad("ROW_DOES_NOT_EXIST", "Record ID " .. tostring(row.id) .. " does not exist in this table") end
  if not merge_on then bad("INVALID_RECORDS", "a record has no id") end
  local found = {}
  for _, record in ipairs(store:all(merge_on[1], row.fields[merge_on[1]])) do
    local same = true
    for _, field in ipairs(merge_on) do same = same and record.fields[field] == row.fields[field] end
    if same then found[#found + 1] = record end
  end
  if #found > 1 then bad("INVALID_RECORDS", "Cannot update more than one record: the fields to merge on match several") end
  return found[1]
end
local function update_many(request, base, name)
  local body, store, steps = request:json(), store_of(base, name), {}
  local rows, upsert = rows_of(body), body.performUpsert
  local merge_on = type(upsert) == "table" and upsert.fieldsToMergeOn
  request.rows, request.rejected = #rows, #rows
  if merge_on and (#merge_on < 1 or #merge_on > 3) then bad("INVALID_REQUEST_UNKNOWN", "fieldsToMergeOn takes 1 to 3 fields") end
  for place, row in ipairs(rows) do steps[place] = { fields = fields_of(row), record = target(store, row, merge_on) } end
  request.rejected = 0
  local all, made, updated = list {}, list {}, list {}
  for place, step in ipairs(steps) do
    -- An earlier row of the request may have made the record by now.
    local known = step.record or target(store, rows[place], merge_on)
    if known and request.method == "PUT" then
      for field in pairs(known.fields) do if step.fields[field] == nil then step.fields[field] = null end end
    end
    local record = known and store:update(known, step.fields) or store:create(step.fields, "rec" .. hex(14))
    local into = known and updated or made
    into[#into + 1] = record.id
    all[place] = shown(record)
  end
  return 200, merge({ records = all }, merge_on and { createdRecords = made, updatedRecords = updated } or {})
end
route("PATCH " .. path, update_many)
route("PUT " .. path, update_many)
route("DELETE " .. path, function(request, base, name)
  local ids, store, all = request.lists["records[]"] or request.lists.records or {}, store_of(base, name), list {}
  if #ids == 0 or #ids > rows_max then bad("INVALID_RECORDS", "1 to 10 records") end
  request.rows = #ids
  for _, id in ipairs(ids) do if not store:get(id) then bad("ROW_DOES_NOT_EXIST", "Record ID " .. id .. " does not exist in this table") end end
  for place, id in ipairs(ids) do
    store:delete(store:get(id))
    all[place] = { id = id, deleted = true }
  end
  return 200, { records = all }
end)
-- filterByFormula: {Field}='value', OR of these, or none; or FIND(RECORD_ID(),'rec1,rec2')>0.
local function find(given, base, name)
  local store, found, seen, formula = store_of(base, name), {}, {}, given.filterByFormula or ""
  for field, value in formula:gmatch("{([^}]+)}%s*=%s*['\"](.-)['\"]%s*[,)]") do
    for _, record in ipairs(store:search(field, value:gsub("\\(.)", "%1") .. "")) do
      if not seen[record] then found[#found + 1] = record end
      seen[record] = true
    end
  end
  local field, value = formula:match("^{([^}]+)}%s*=%s*['\"](.*)['\"]$")
  if field then found = store:search(field, (value:gsub("\\(.)", "%1"))) end
  local ids = formula:match("^FIND%(RECORD_ID%(%),%s*['\"]([%w,]*)['\"]%)%s*>%s*0$")
  if ids then for record in store:each() do if ids:find(record.id, 1, true) then found[#found + 1] = record end end end
  if formula == "" then for record in store:each() do found[#found + 1] = record end end
  local size, from, all = math.min(tonumber(given.pageSize) or 100, 100), tonumber(given.offset) or 1, list {}
  for place = from, math.min(#found, from + size - 1) do all[#all + 1] = shown(found[place]) end
  return 200, { records = all, offset = from + size <= #found and tostring(from + size) or nil }
end
route("GET /v0/meta/bases/{base}/tables", function()
  local field = { id = "fld1", name = "Email", type = "email" }
  return 200, { tables = list { { id = "tbl1", name = "Table 1", primaryFieldId = "fld1", fields = list { field }, views = list {} } } }
end)
route("GET " .. path, function(request, base, name)
  if #request.query > 16000 then refuse(414, error_of("URI_TOO_LONG", "URL too long")) end
  return find(request.params, base, name)
end)
route("POST " .. path .. "/listRecords", function(request, base, name) return find(request:json(), base, name) end)
route("GET " .. path .. "/{id}", function(_, base, name, id) return 200, shown(store_of(base, name):get(id) or refuse_with(404)) end)
route("PATCH " .. path .. "/{id}", function(request, base, name, id)
  local store = store_of(base, name)
  request.rows = 1
  return 200, shown(store:update(store:get(id) or refuse_with(404), fields_of(request:json())))
end)
route("DELETE " .. path .. "/{id}", function(request, base, name, id)
  request.rows = 1
  store_of(base, name):delete(store_of(base, name):get(id) or refuse_with(404))
  return 200, { id = id, deleted = true }
end)
