-- Salesforce REST API (sObject rows and collections, query, describe), Bulk API 2.0 ingest, OAuth token.
-- developer.salesforce.com: REST API and Bulk API 2.0 developer guides (2026).
local prefixes = { Account = "001", Contact = "003", Opportunity = "006", Lead = "00Q", Case = "500", User = "005" }
local required = { Account = { "Name" }, Contact = { "LastName" }, Lead = { "LastName", "Company" },
  Opportunity = { "Name", "StageName", "CloseDate" } }
local standard = { Account = { "Name", "Website", "Industry", "Phone", "NumberOfEmployees" },
  Contact = { "FirstName", "LastName", "Email", "Phone", "Title", "Department", "AccountId", "Birthdate" },
  Lead = { "FirstName", "LastName", "Company", "Email", "Phone", "Status" },
  Opportunity = { "Name", "StageName", "CloseDate", "Amount", "AccountId" } }
local text_max = 255

local function refusal(status, why)
  local codes = { [401] = "INVALID_SESSION_ID", [403] = "REQUEST_LIMIT_EXCEEDED", [404] = "NOT_FOUND",
    [405] = "METHOD_NOT_ALLOWED", [429] = "REQUEST_LIMIT_EXCEEDED", [500] = "UNKNOWN_EXCEPTION", [503] = "SERVER_UNAVAILABLE" }
  local texts = { [401] = "Session expired or invalid", [404] = "The requested resource does not exist",
    [403] = "TotalRequests Limit exceeded." }
  return list { { errorCode = codes[status] or "JSON_PARSER_ERROR", message = texts[status] or why or "refused" } }
end
local function bad(code, message) refuse(400, list { { errorCode = code, message = message } }) end

vendor {
  refusal = refusal,
  limits = { "daily" },
  login = function(request) if token_problem(bearer(request)) then refuse_with(401) end end,
}
limit("daily", {
  rate = "100000/24h", daily = true,
  headers = function(a) return { ["Sforce-Limit-Info"] = ("api-usage=%d/%d"):format(a.limit - a.remaining, a.limit) } end,
  refuse = function() return 403, refusal(403) end,
})

-- ---- Records

local custom = {}
local function objects(kind)
  if not kind:match("^%a[%w_]*$") then refuse_with(404) end
  if not prefixes[kind] then custom[kind] = true end
  local store = records(kind, { fold = { "Email" } })
  if not store.known then
    store.known = {}
    for _, name in ipairs(standard[kind] or { "Name" }) do store.known[name] = true end
  end
  return store
end
local function make_id(kind) return ("%s%012dAAA"):format(prefixes[kind] or "a00", next_id("salesforce")) end
-- Ids have 15 characters, and 18 with a check of their case.
local function by_id(kind, id)
  local fits = type(id) == "string" and (#id == 15 or #id == 18) and id:match("^%w+$")
  return fits and objects(kind):get(id:sub(1, 15) .. "AAA")
end
local function problem(code, message, fields)
  return { statusCode = code, message = message, fields = list(fields or {}) }
end

-- The parent that {"Ext__c": "A1"} names, as the field that holds its id.
local function parent(relation, named)
  local custom = relation:match("^(.*)__r$")
  local kind = named.attributes and named.attributes.type or (custom and custom .. "__c") or relation
  for field, value in pairs(named) do
    if field ~= "attributes" then
      local found = objects(kind):find(field, value)
      if found then return custom and custom .. "__c" or relation .. "Id", found.id end
      return nil, problem("INVALID_FIELD", ("Foreign key external ID: %s not found for field %s in entity %s")
        :format(tostring(value), field, kind))
    end
  end
end

-- The fields to write, or what is wrong with a row.
local function check(kind, row, creating)
  local fields = {}
  for name, value in pairs(row) do
    if name == "attributes" or name == "id" or name == "Id" then goto next end
    if not name:match("^%a[%w_.]*$") or (strict and not objects(kind).known[name]) then
      bad("INVALID_FIELD", ("No such column '%s' on sobject of type %s"):format(name, kind))
    end
    if type(value) == "table" then
      local field, found = parent(name, value)
      if not field then return nil, found end
      fields[field] = found
      goto next
    end
    if type(value) == "string" and #value > text_max and not name:find("Description") then
      return nil, problem("STRING_TOO_LONG", ("%s: data value too large"):format(name), { name })
    end
    if name:find("Email") and present(value) and value ~= "" and not is_email(value) then
      return nil, problem("INVALID_EMAIL_ADDRESS", ("%s: invalid email address: %s"):format(name, value), { name })
    end
    if value == "" then value = null end
    fields[name] = value
    ::next::
  end
  local missing = {}
  for _, name in ipairs(required[kind] or {}) do
    if fields[name] == null or (creating and fields[name] == nil) then missing[#missing + 1] = name end
  end
  if #missing > 0 then
    return nil, problem("REQUIRED_FIELD_MISSING", ("Required fields are missing: [%s]"):format(table.concat(missing, ", ")), missing)
  end
  if chosen(tostring(row.Email or row.Name or row.id or row.LastName or "")) then
    return nil, problem("FIELD_CUSTOM_VALIDATION_EXCEPTION", "refused by the sandbox")
  end
  return fields
end

-- External ids called so (`Key__c`) are set to be unique.
local function taken(kind, fields)
  for name, value in pairs(fields) do
    local holder = name:match("^Key[%w_]*__c$") and present(value) and objects(kind):find(name, value)
    if holder then
      return problem("DUPLICATE_VALUE", ("duplicate value found: %s duplicates value on record with id: %s"):format(name, holder.id), { name })
    end
  end
end

-- What one row does: {record=, fields=} or a problem. `field` is the external id of an upsert.
local function plan_row(operation, kind, row, field)
  if operation == "insert" then
    local fields, wrong = check(kind, row, true)
    if fields then wrong = taken(kind, fields) end
    return not wrong and { fields = fields } or nil, wrong
  end
  if operation == "upsert" and field ~= "Id" then
    local value = row[field]
    if not present(value) or value == "" then
      return nil, problem("MISSING_ARGUMENT", ("%s not specified"):format(field), { field })
    end
    local found = objects(kind):all(field, value)
    if #found > 1 then return nil, problem("DUPLICATE_EXTERNAL_ID", "Duplicate external id: more than one record found", { field }) end
    local fields, wrong = check(kind, row, #found == 0)
    return fields and { record = found[1], fields = fields }, wrong
  end
  local id = row.id or row.Id
  if operation == "upsert" and not present(id) then return plan_row("insert", kind, row) end
  if not present(id) then return nil, problem("MISSING_ARGUMENT", "Id not specified in an update call", { "Id" }) end
  local record = by_id(kind, id)
  if not record then
    local fits = type(id) == "string" and (#id == 15 or #id == 18)
    return nil, fits and problem("ENTITY_IS_DELETED", "entity is deleted") or problem("MALFORMED_ID", "Bad id " .. tostring(id), { "Id" })
  end
  if operation == "delete" then return { record = record, delete = true } end
  local fields, wrong = check(kind, row, false)
  return fields and { record = record, fields = fields }, wrong
end
local function carry_out(kind, step)
  local store = objects(kind)
  if step.delete then store:delete(step.record) return step.record.id, false end
  if step.record then store:update(step.record, step.fields) return step.record.id, false end
  return store:create(step.fields, make_id(kind)).id, true
end

-- Puts a field of the record into a row, as it is told: by its own name, whatever the case it is asked for in.
local function tell(kind, record, row, name)
  local relation, field = name:match("^(.-)%.(.*)$")
  if relation then
    local custom_relation = relation:match("^(.*)__r$")
    local parent_kind = custom_relation and custom_relation .. "__c" or relation
    local id = record.fields[custom_relation and custom_relation .. "__c" or relation .. "Id"]
    local held = is_text(id) and objects(parent_kind):get(id)
    if not held then row[relation] = null return end
    row[relation] = type(row[relation]) == "table" and row[relation] ~= null and row[relation] or { attributes = { type = parent_kind } }
    tell(parent_kind, held, row[relation], field)
  elseif name:lower() == "id" then
    row.Id = record.id
  else
    local own = name
    for known in pairs(record.fields) do if known:lower() == name:lower() then own = known end end
    row[own] = record.fields[own]
    if row[own] == nil then row[own] = null end
  end
end

-- ---- Collections

local function collection(request, operation, rows, all_or_none, kind_of, field)
  request.rows = #rows
  if #rows == 0 or #rows > 200 then bad("EXCEEDED_ID_LIMIT", "record limit reached. cannot submit more than 200 records in this call") end
  local steps, failed, seen = {}, 0, {}
  for place, row in ipairs(rows) do
    local step, wrong = plan_row(operation, kind_of(row), row, field)
    if field and step then
      local key = tostring(row[field])
      local twin = seen[key]
      if twin then
        wrong = problem("DUPLICATE_VALUE", "Duplicate external id specified: " .. key, { field })
        if steps[twin].step then steps[twin], failed = { wrong = wrong }, failed + 1 end
        step = nil
      end
      seen[key] = place
    end
    steps[place] = { step = step, wrong = wrong }
    if not step then failed = failed + 1 end
  end
  local results = list {}
  for place, one in ipairs(steps) do
    if one.step and not (all_or_none and failed > 0) then
      local id, created = carry_out(kind_of(rows[place]), one.step)
      results[place] = { id = id, success = true, errors = list {} }
      if operation == "upsert" then results[place].created = created end
    else
      request.rejected = request.rejected + 1
      local wrong = one.wrong or problem("ALL_OR_NONE_OPERATION_ROLLED_BACK", "Record rolled back because not all records were valid")
      results[place] = { success = false, errors = list { wrong } }
    end
  end
  return 200, results
end
local function typed(row)
  local kind = type(row.attributes) == "table" and row.attributes.type
  if not is_text(kind) then bad("INVALID_INPUT", "each record must have attributes.type") end
  return kind
end
local function records_of(request)
  local body = request:json()
  if type(body.records) ~= "table" then bad("MISSING_ARGUMENT", "records is missing") end
  return body.records, body.allOrNone == true
end
local base = "/services/data/{version}"
local function external(field)
  if field ~= "Id" and not field:match("__c$") then
    refuse(404, list { { errorCode = "NOT_FOUND", message = "Provided external ID field does not exist or is not accessible: " .. field } })
  end
end

route("POST " .. base .. "/composite/sobjects", function(request)
  local rows, all_or_none = records_of(request)
  return collection(request, "insert", rows, all_or_none, typed)
end)
route("PATCH " .. base .. "/composite/sobjects", function(request)
  local rows, all_or_none = records_of(request)
  return collection(request, "update", rows, all_or_none, typed)
end)
-- An id tells its object by its first three characters; custom objects share one prefix here.
local function kind_of_id(row)
  for kind, prefix in pairs(prefixes) do if row.id:sub(1, 3) == prefix then return kind end end
  for kind in sorted(custom) do if by_id(kind, row.id) then return kind end end
  return "Account"
end
route("DELETE " .. base .. "/composite/sobjects", function(request)
  local rows = {}
  for _, id in ipairs(split(request.params.ids or "", ",")) do rows[#rows + 1] = { id = id } end
  return collection(request, "delete", rows, request.params.allOrNone == "true", kind_of_id)
end)
route("PATCH " .. base .. "/composite/sobjects/{kind}/{field}", function(request, _, kind, field)
  external(field)
  local rows, all_or_none = records_of(request)
  for _, row in ipairs(rows) do
    if typed(row) ~= kind then bad("INVALID_TYPE", "the records must be of type " .. kind) end
    if field ~= "Id" and (row.id or row.Id) then bad("INVALID_FIELD", "The Id field should not be specified in the sobject data.") end
  end
  return collection(request, "upsert", rows, all_or_none, typed, field)
end)
route("POST " .. base .. "/composite/sobjects/{kind}", function(request, _, kind)
  local body, found = request:json(), list {}
  if #(body.ids or {}) == 0 or #(body.fields or {}) == 0 then bad("MISSING_ARGUMENT", "ids and fields are needed") end
  if #body.ids > 2000 then bad("EXCEEDED_ID_LIMIT", "at most 2000 ids") end
  for place, id in ipairs(body.ids) do
    local record = by_id(kind, id)
    local row = record and { attributes = { type = kind, url = ("/services/data/v62.0/sobjects/%s/%s"):format(kind, record.id) } } or null
    for _, field in ipairs(record and body.fields or {}) do tell(kind, record, row, field) end
    found[place] = row
  end
  return 200, found
end)

-- ---- Single rows

local function single(request, status, kind, step, wrong)
  request.rows = 1
  if wrong then
    request.rejected = 1
    refuse(400, list { { errorCode = wrong.statusCode, message = wrong.message, fields = wrong.fields } })
  end
  local id, created = carry_out(kind, step)
  if status == 204 then return 204 end
  return created and 201 or 200, { id = id, success = true, errors = list {}, created = created }
end
route("GET " .. base .. "/sobjects/{kind}/describe", function(_, _, kind)
  local names, fields = { Id = true }, list {}
  local store = objects(kind)
  for name in pairs(store.known) do names[name] = true end
  for record in store:each() do for name in pairs(record.fields) do names[name] = true end end
  for name in sorted(names) do
    local own = name ~= "Id"
    fields[#fields + 1] = { name = name, label = name, type = own and (name:find("Email") and "email" or "string") or "id",
      createable = own, updateable = own, nillable = own and name ~= "LastName", custom = name:match("__c$") ~= nil,
      externalId = name:match("__c$") ~= nil, idLookup = name == "Id" or name == "Email" or name:match("__c$") ~= nil,
      unique = name:match("__c$") ~= nil, length = text_max, picklistValues = list {}, referenceTo = list {}, relationshipName = null }
  end
  return 200, { name = kind, label = kind, createable = true, updateable = true, deletable = true, fields = fields }
end)
route("POST " .. base .. "/sobjects/{kind}", function(request, _, kind)
  return single(request, 201, kind, plan_row("insert", kind, request:json()))
end)
route("PATCH " .. base .. "/sobjects/{kind}/{id}", function(request, _, kind, id)
  if not by_id(kind, id) then refuse_with(404) end
  return single(request, 204, kind, plan_row("update", kind, merge(request:json(), { id = id })))
end)
route("DELETE " .. base .. "/sobjects/{kind}/{id}", function(request, _, kind, id)
  if not by_id(kind, id) then refuse_with(404) end
  return single(request, 204, kind, plan_row("delete", kind, { id = id }))
end)
route("PATCH " .. base .. "/sobjects/{kind}/{field}/{value}", function(request, version, kind, field, value)
  external(field)
  local found = objects(kind):all(field, value)
  if #found > 1 then
    local urls = list {}
    for place, one in ipairs(found) do urls[place] = ("/services/data/%s/sobjects/%s/%s"):format(version, kind, one.id) end
    return 300, urls
  end
  if #found == 0 and request.params.updateOnly == "true" then refuse_with(404) end
  return single(request, 200, kind, plan_row("upsert", kind, merge(request:json(), { [field] = value }), field))
end)
route("GET " .. base .. "/sobjects", function()
  local all = list {}
  for kind in sorted(merge(prefixes, custom)) do
    all[#all + 1] = { name = kind, label = kind, createable = true, updateable = true, deletable = true, queryable = true,
      custom = kind:match("__c$") ~= nil }
  end
  return 200, { sobjects = all }
end)
route("GET " .. base .. "/limits", function() return 200, { DailyApiRequests = { Max = 100000, Remaining = 100000 } } end)
route("GET /services/data", { login = false }, function()
  return 200, list { { label = "Summer '26", url = "/services/data/v62.0", version = "62.0" } }
end)

-- ---- Query: SELECT fields FROM object WHERE field IN ('a', 'b')  or  field = 'a'

local page_size = 2000
local cursors = {}
local function page(version, rows, from)
  local records = list {}
  for place = from, math.min(from + page_size - 1, #rows) do records[#records + 1] = rows[place] end
  local reply = { totalSize = #rows, done = from + page_size > #rows, records = records }
  if not reply.done then
    local cursor = "01g" .. next_id("cursors", 100000000000) .. "-" .. (from + page_size)
    cursors[cursor] = { rows = rows, from = from + page_size }
    reply.nextRecordsUrl = ("/services/data/%s/query/%s"):format(version, cursor)
  end
  return 200, reply
end
local function values_of(text)
  local values, rest = list {}, text
  while rest do
    local value, after = nil, nil
    if rest:find("^%s*'") then
      local place = rest:find("'") + 1
      local from = place
      while rest:sub(place, place) ~= "'" do
        if place > #rest then bad("MALFORMED_QUERY", "a text is not closed") end
        place = place + (rest:sub(place, place) == "\\" and 2 or 1)
      end
      value, after = rest:sub(from, place - 1):gsub("\\(.)", "%1"), rest:sub(place + 1)
    else
      local bare, left = rest:match("^%s*([%w.+-]+)(.*)$")
      value, after = bare == "null" and null or tonumber(bare) or bare, left
    end
    if value == nil then bad("MALFORMED_QUERY", "unexpected token: " .. rest:sub(1, 20)) end
    values[#values + 1] = value
    rest = after:match("^%s*,(.*)$")
  end
  return values
end
route("GET " .. base .. "/query", function(request, version)
  local soql = request.params.q or bad("MALFORMED_QUERY", "q is missing")
  if #request.query > 16000 then refuse(414, refusal(414, "URI Too Long")) end
  local names, kind, rest = soql:match("^%s*[Ss][Ee][Ll][Ee][Cc][Tt]%s+(.-)%s+[Ff][Rr][Oo][Mm]%s+([%w_]+)%s*(.*)$")
  if not names then bad("MALFORMED_QUERY", "unexpected token: " .. soql:sub(1, 30)) end
  local chosen_names = {}
  for _, name in ipairs(split(names, ",")) do
    local folded = trim(name):lower()
    if chosen_names[folded] then bad("INVALID_FIELD", "duplicate field selected: " .. trim(name)) end
    chosen_names[folded] = true
  end
  local found = {}
  local field, wanted = rest:match("^[Ww][Hh][Ee][Rr][Ee]%s+([%w_.]+)%s+[Ii][Nn]%s*%((.*)%)")
  if not field then field, wanted = rest:match("^[Ww][Hh][Ee][Rr][Ee]%s+([%w_.]+)%s*=%s*(.*)$") end
  if field then
    local seen = {}
    for _, value in ipairs(values_of(wanted)) do
      local hits = field == "Id" and { by_id(kind, value) or nil } or objects(kind):all(field, value)
      for _, record in ipairs(hits) do
        if not seen[record] then found[#found + 1] = record end
        seen[record] = true
      end
    end
  elseif rest == "" or rest:find("^[Ll][Ii][Mm][Ii][Tt]") then
    for record in objects(kind):each() do found[#found + 1] = record end
  else
    bad("MALFORMED_QUERY", "the sandbox reads WHERE field IN (...) and WHERE field = ...: " .. rest:sub(1, 40))
  end
  local rows = {}
  for place, record in ipairs(found) do
    local row = { attributes = { type = kind, url = ("/services/data/%s/sobjects/%s/%s"):format(version, kind, record.id) } }
    for _, name in ipairs(split(names, ",")) do tell(kind, record, row, trim(name)) end
    rows[place] = row
  end
  return page(version, rows, 1)
end)
route("GET " .. base .. "/query/{cursor}", function(_, version, cursor)
  local held = cursors[cursor] or bad("INVALID_QUERY_LOCATOR", "invalid query locator")
  return page(version, held.rows, held.from)
end)

-- ---- Bulk API 2.0 ingest

local operations = { insert = true, update = true, upsert = true, delete = true, hardDelete = true }
local marks = { COMMA = ",", TAB = "\t", PIPE = "|", SEMICOLON = ";", CARET = "^", BACKQUOTE = "`" }
local ingests = {}
local function ingest(id) return ingests[id] or refuse_with(404) end
local function shown(one)
  if one.work and one.state ~= "Aborted" and one.state ~= "Failed" then
    one.state = ({ queued = "UploadComplete", working = "InProgress", done = "JobComplete" })[one.work:stage()]
  end
  return { id = one.id, object = one.object, operation = one.operation, state = one.state, externalIdFieldName = one.field,
    contentType = "CSV", lineEnding = one.line_ending, columnDelimiter = one.delimiter,
    createdDate = iso(one.created), systemModstamp = iso(now()), jobType = "V2Ingest",
    contentUrl = ("services/data/v62.0/jobs/ingest/%s/batches"):format(one.id),
    numberRecordsProcessed = #one.succeeded + #one.failed, numberRecordsFailed = #one.failed, errorMessage = one.message }
end
local function cells(one, first, second, row)
  local line = { first, second }
  for _, name in ipairs(one.names) do line[#line + 1] = row[name] end
  return line
end
-- An empty cell leaves a field as it is, #N/A clears it, Account.Ext__c names a parent.
local function bulk_row(row)
  local fields = {}
  for name, value in pairs(row) do
    local relation, field = name:match("^(.-)%.(.*)$")
    if value == "#N/A" then
      fields[name] = null
    elseif value ~= "" and relation then
      fields[relation] = { [field] = value }
    elseif value ~= "" then
      fields[name] = value
    end
  end
  return fields
end
local function run_ingest(one)
  if one.state == "Aborted" then return end
  local names, rows = parse_csv(one.data, marks[one.delimiter])
  one.names = names
  local operation = one.operation == "hardDelete" and "delete" or one.operation
  for _, row in ipairs(rows) do
    local fine, step, wrong = pcall(plan_row, operation, one.object, bulk_row(row), one.field)
    if not fine then step, wrong = nil, problem("InvalidBatch", "Field name not found") end
    if step then
      local id, created = carry_out(one.object, step)
      one.succeeded[#one.succeeded + 1] = cells(one, id, tostring(created), row)
    else
      local text = ("%s:%s:%s --"):format(wrong.statusCode, wrong.message, table.concat(wrong.fields, ","))
      one.failed[#one.failed + 1] = cells(one, row.Id or "", text, row)
    end
  end
end
local function results(rows, one, second)
  local all = { { "sf__Id", second, table.unpack(one.names) } }
  for _, row in ipairs(rows) do all[#all + 1] = row end
  return 200, csv_text(all), { ["Content-Type"] = "text/csv" }
end

route("POST " .. base .. "/jobs/ingest", function(request)
  local body = request:json()
  if not operations[body.operation] then bad("INVALIDJOB", "Invalid operation: " .. tostring(body.operation)) end
  if not is_text(body.object) then bad("INVALIDJOB", "object is missing") end
  if body.operation == "upsert" and not is_text(body.externalIdFieldName) then bad("INVALIDJOB", "externalIdFieldName is missing") end
  if body.columnDelimiter and not marks[body.columnDelimiter] then bad("INVALIDJOB", "columnDelimiter") end
  local one = { id = ("750%012dAAA"):format(next_id("ingests")), object = body.object, operation = body.operation,
    field = body.externalIdFieldName, delimiter = body.columnDelimiter or "COMMA", line_ending = body.lineEnding or "LF",
    state = "Open", created = now(), succeeded = {}, failed = {}, names = {} }
  ingests[one.id] = one
  return 200, shown(one)
end)
route("GET " .. base .. "/jobs/ingest", function()
  local all = list {}
  for _, one in sorted(ingests) do all[#all + 1] = shown(one) end
  return 200, { done = true, records = all }
end)
route("GET " .. base .. "/jobs/ingest/{id}", function(_, _, id) return 200, shown(ingest(id)) end)
route("PUT " .. base .. "/jobs/ingest/{id}/batches", { bytes = 150 << 20 }, function(request, _, id)
  local one = ingest(id)
  if one.state ~= "Open" or one.data then bad("INVALIDJOBSTATE", "the job takes no data") end
  if not (request.headers["content-type"] or ""):find("^text/csv") then bad("INVALIDJOB", "Content-Type must be text/csv") end
  one.data = request.body
  return 201
end)
route("PATCH " .. base .. "/jobs/ingest/{id}", function(request, _, id)
  local one, state = ingest(id), request:json().state
  if state == "Aborted" then
    one.state = "Aborted"
  elseif state == "UploadComplete" and one.state == "Open" and one.data then
    one.work = job { kind = "ingest", run = function() run_ingest(one) end }
    request.rows = select(2, one.data:gsub("\n", "\n")) - 1
  else
    bad("INVALIDJOBSTATE", ("the job cannot become %s"):format(tostring(state)))
  end
  return 200, shown(one)
end)
route("DELETE " .. base .. "/jobs/ingest/{id}", function(_, _, id)
  if ingest(id).state == "Open" then bad("INVALIDJOBSTATE", "the job is open") end
  ingests[id] = nil
  return 204
end)
route("GET " .. base .. "/jobs/ingest/{id}/successfulResults", function(_, _, id)
  local one = ingest(id)
  return results(one.succeeded, one, "sf__Created")
end)
route("GET " .. base .. "/jobs/ingest/{id}/failedResults", function(_, _, id)
  local one = ingest(id)
  return results(one.failed, one, "sf__Error")
end)
route("GET " .. base .. "/jobs/ingest/{id}/unprocessedrecords", function(_, _, id)
  local one = ingest(id)
  return 200, one.state == "Aborted" and one.data or "", { ["Content-Type"] = "text/csv" }
end)

-- ---- OAuth: no expires_in; the life of a session is a setting of the org

local grants = { refresh_token = "refresh_token", client_credentials = "client_secret",
  ["urn:ietf:params:oauth:grant-type:jwt-bearer"] = "assertion", password = "password" }
route("POST /services/oauth2/token", { login = false, limits = {} }, function(request)
  local form = request:form()
  local needed = grants[form.grant_type]
  if not needed then return 400, { error = "unsupported_grant_type", error_description = "grant type not supported" } end
  local held = form[needed]
  if not is_text(held) or token_problem(held) then
    return 400, { error = "invalid_grant", error_description = "expired access/refresh token" }
  end
  if needed == "assertion" and not held:match("^[%w_-]+%.[%w_-]+%.[%w_-]+$") then
    return 400, { error = "invalid_grant", error_description = "invalid assertion" }
  end
  if needed ~= "assertion" and not is_text(form.client_id) then return 400, { error = "invalid_client_id", error_description = "client identifier invalid" } end
  local host = "http://" .. (request.headers.host or "localhost")
  return 200, { access_token = issue_token(7200), instance_url = host, id = host .. "/id/00D/005", token_type = "Bearer",
    issued_at = tostring(now()), signature = hex(32) }
end)
