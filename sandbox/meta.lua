-- Meta Custom Audiences (Marketing API). developers.facebook.com: customer file custom audiences, replace users, limits (2026).
-- Members are kept as the hashed rows that came; the vendor tells counts and samples only.
local audiences = records("audiences")
local rows_max = 10000
local hashed = { EMAIL = true, PHONE = true, FN = true, LN = true, FI = true, GEN = true, DOBY = true, DOBM = true, DOBD = true,
  CT = true, ST = true, ZIP = true, COUNTRY = true, EMAIL_SHA256 = true, PHONE_SHA256 = true }
local plain = { EXTERN_ID = true, MADID = true, LOOKALIKE_VALUE = true, MOBILE_ADVERTISER_ID = true }

local function error_of(code, message, kind, subcode)
  return { error = { message = message, type = kind or "OAuthException", code = code, error_subcode = subcode, fbtrace_id = hex(11),
    is_transient = code == 1 or code == 2 or code == 80003 } }
end
local function bad(message, subcode) refuse(400, error_of(100, "(#100) " .. message, "OAuthException", subcode)) end
vendor {
  refusal = function(status, why)
    if status == 401 then return error_of(190, "Invalid OAuth access token.") end
    if status == 429 then return error_of(80003, "There have been too many calls to this ad-account.") end
    return error_of(status >= 500 and 2 or 100, why or "Unsupported request")
  end,
  limits = { "account" },
}
limit("account", { rate = "190000/1h",
  headers = function(a)
    local share = a.limit == 0 and 0 or math.floor(100 * (a.limit - a.remaining) / a.limit)
    return { ["X-Business-Use-Case-Usage"] = json { ["1"] = list { { type = "custom_audience", call_count = share, total_cputime = share, total_time = share,
      estimated_time_to_regain_access = a.admitted and 0 or math.ceil(a.wait / 60) } } } }
  end,
  refuse = function() return 400, error_of(80003, "There have been too many calls to this ad-account. Wait a bit and try again.") end })

-- The body as JSON or form; the token in it, in the query or in the header.
local function arguments(request)
  local given = request.params
  if request.body ~= "" then
    local is_json = (request.headers["content-type"] or ""):find("^application/json")
    given = merge(given, is_json and request:json() or (request:form()))
  end
  for _, name in ipairs { "payload", "session" } do
    if type(given[name]) == "string" then given[name] = parse_json(given[name]) or bad("Invalid parameter: " .. name) end
  end
  if token_problem(given.access_token or bearer(request)) then refuse(400, error_of(190, "Invalid OAuth access token.")) end
  return given
end
local function is_hash(value) return value == "" or (type(value) == "string" and #value == 64 and value:match("^%x+$") == value:lower():match("^%x+$")) end

-- The rows of a payload, and which of them are no members.
local function members(payload)
  if type(payload) ~= "table" or type(payload.data) ~= "table" then bad("Invalid parameter: payload", 1713230) end
  local schema = payload.schema
  local single = type(schema) == "string"
  if single then schema = { schema } end
  if type(schema) ~= "table" or #schema == 0 then bad("payload.schema is missing", 1713230) end
  for _, key in ipairs(schema) do if not hashed[key] and not plain[key] then bad("payload.schema: unknown key " .. tostring(key), 1713230) end end
  if #payload.data > rows_max then bad("payload.data may have at most 10000 rows", 1713230) end
  local good, invalid, samples = {}, 0, list {}
  for _, row in ipairs(payload.data) do
    local values, fine, filled = single and { row } or row, true, false
    if type(values) ~= "table" or #values ~= #schema then bad("payload.data: a row has not the columns of the schema", 1713230) end
    for place, key in ipairs(schema) do
      if hashed[key] and not payload.is_raw and not is_hash(values[place]) then fine = false end
      if values[place] ~= "" and values[place] ~= null then filled = true end
    end
    local text = table.concat({ table.unpack(values) }, "|")
    if fine and filled and not chosen(text) then
      good[#good + 1] = { key = text, values = list { table.unpack(values) }, schema = list { table.unpack(schema) } }
    else
      invalid = invalid + 1
      if #samples < 10 then samples[#samples + 1] = text end
    end
  end
  return good, invalid, samples
end
local function store_of(id) return records("audience_" .. id) end
local function reply(request, id, given, invalid, samples)
  request.rows = #given.payload.data
  return 200, { audience_id = id, session_id = given.session and tostring(given.session.session_id) or "0", num_received = request.rows,
    num_invalid_entries = invalid, invalid_entry_samples = samples }
end
local function add(store, rows)
  for _, row in ipairs(rows) do if not store:find("key", row.key) then store:create(row) end end
end

route("POST /{version}/{audience}/users", function(request, _, id)
  local given = arguments(request)
  local good, invalid, samples = members(given.payload)
  add(store_of(id), good)
  return reply(request, id, given, invalid, samples)
end)
route("DELETE /{version}/{audience}/users", function(request, _, id)
  local given = arguments(request)
  local good, invalid, samples = members(given.payload)
  for _, row in ipairs(good) do
    local member = store_of(id):find("key", row.key)
    if member then store_of(id):delete(member) end
  end
  return reply(request, id, given, invalid, samples)
end)
-- All batches of a session together replace what was there, when the last one has come.
local sessions = {}
route("POST /{version}/{audience}/usersreplace", function(request, _, id)
  local given = arguments(request)
  local session = given.session
  if type(session) ~= "table" or not present(session.session_id) then bad("Invalid parameter: session") end
  local good, invalid, samples = members(given.payload)
  local held = sessions[id]
  if held and held.id ~= session.session_id and held.open then refuse(400, error_of(2650, "The audience is being replaced")) end
  if not held or held.id ~= session.session_id then held = { id = session.session_id, rows = {}, open = true, batches = 0 } end
  sessions[id] = held
  held.batches = held.batches + 1
  for _, row in ipairs(good) do held.rows[#held.rows + 1] = row end
  if session.last_batch_flag == true then
    held.open = false
    for member in store_of(id):each() do store_of(id):delete(member) end
    add(store_of(id), held.rows)
  end
  return reply(request, id, given, invalid, samples)
end)
route("GET /{version}/{audience}/sessions", function(request, _, id)
  arguments(request)
  local held = sessions[id]
  return 200, { data = list { held and { session_id = tostring(held.id), num_received = tostring(#held.rows), stage = held.open and "uploading" or "completed" } or nil } }
end)
route("POST /{version}/act_{account}/customaudiences", function(request)
  local given = arguments(request)
  if not is_text(given.name) then bad("name is missing") end
  return 200, { id = tostring(audiences:create({ name = given.name, subtype = given.subtype }, 120200000000000 + next_id("audience")).id) }
end)
route("GET /{version}/act_{account}/customaudiences", function(request)
  arguments(request)
  local all = list {}
  for one in audiences:each() do all[#all + 1] = { id = tostring(one.id), name = one.fields.name } end
  return 200, { data = all }
end)
route("GET /{version}/{audience}", function(request, _, id)
  arguments(request)
  local count = store_of(id).live
  return 200, { id = id, approximate_count_lower_bound = count, approximate_count_upper_bound = count, operation_status = { code = 200, description = "Normal" } }
end)
