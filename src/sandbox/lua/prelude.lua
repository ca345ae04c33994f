-- What every dialect finds around it: docs/sandbox.md lists it, under "A dialect". The functions of `host` are C++
-- (host.cpp); this file returns what C++ calls.
local host = host
_G.host = nil

null, list, iso = host.null, host.list, host.iso
json, parse_json = host.json_text, host.json_value
md5, sha256, base64, unbase64 = host.md5, host.sha256, host.base64, host.unbase64
now, chosen, random = host.now, host.chosen, host.random
strict = host.options.strict

function print(...) host.print(table.concat({ ... }, "\t")) end

-- ---- Values and texts

function present(value) return value ~= nil and value ~= null end
function is_text(value) return type(value) == "string" and value ~= "" end
function is_email(value) return type(value) == "string" and value:find("^[^@%s]+@[^@%s]+%.?[^@%s]*$") ~= nil end
function seconds() return now() // 1000 end
function trim(text) return text:match("^%s*(.-)%s*$") end

-- The names of a table in order, with their values: what a loop over pairs() would do in any order.
function sorted(values)
  local names, place = {}, 0
  for name in pairs(values) do names[#names + 1] = name end
  table.sort(names)
  return function()
    place = place + 1
    return names[place], values[names[place]]
  end
end

function split(text, mark)
  local parts = list {}
  for part in (text .. mark):gmatch("(.-)" .. mark:gsub("%p", "%%%0")) do parts[#parts + 1] = part end
  return parts
end

-- A copy of a table with the members of others laid over it.
function merge(...)
  local all = {}
  for _, one in ipairs { ... } do
    for name, value in pairs(one) do all[name] = value end
  end
  return all
end

function hex(digits)
  local text = {}
  for place = 1, digits do text[place] = ("%x"):format(random(16)) end
  return table.concat(text)
end
function uuid() return ("%s-%s-4%s-8%s-%s"):format(hex(8), hex(4), hex(3), hex(3), hex(12)) end

local last_ids = {}
-- 1, 2, 3, ... for each kind; or on from `first`.
function next_id(kind, first)
  last_ids[kind] = (last_ids[kind] or (first or 1) - 1) + 1
  return last_ids[kind]
end

-- ---- Replies

local Refusal = {}
local script = { login = function() end, limits = {}, refusal = function(status) return { error = status } end }
-- Answers at once, from anywhere inside a handler.
function refuse(status, body, headers) error(setmetatable({ status, body, headers }, Refusal), 0) end
-- The same in the vendor's own words for that status.
function refuse_with(status, why) refuse(status, script.refusal(status, why)) end
function vendor(words) script = merge(script, words) end

local Request = {}
Request.__index = Request
function Request:json()
  local value = host.json_value(self.body)
  if type(value) ~= "table" then refuse_with(400, "the body is not JSON") end
  return value
end
function Request:form() return host.form(self.body) end
function Request:lines()
  local values = list {}
  for line in self.body:gmatch("[^\n]+") do
    values[#values + 1] = host.json_value(line) or refuse_with(400, "a line of the body is not JSON")
  end
  return values
end
-- The names in the first line, and the other lines as tables of texts by those names.
function Request:csv(mark)
  local rows = host.csv(self.body, mark or ",")
  return csv_rows(rows)
end
function csv_rows(rows)
  local names, named = rows[1] or list {}, list {}
  for place = 2, #rows do
    local row = {}
    for column, name in ipairs(names) do row[name] = rows[place][column] end
    named[#named + 1] = row
  end
  return names, named
end
function parse_csv(text, mark) return csv_rows(host.csv(text, mark or ",")) end
function csv_text(rows)
  local lines = {}
  for place, row in ipairs(rows) do
    local cells = {}
    for column, cell in ipairs(row) do cells[column] = '"' .. tostring(cell):gsub('"', '""') .. '"' end
    lines[place] = table.concat(cells, ",") .. "\n"
  end
  return table.concat(lines)
end
function Request:parts()
  local boundary = (self.headers["content-type"] or ""):match('boundary="?([^";]+)')
  return host.multipart(self.body, boundary or "none")
end

-- ---- Login

function bearer(request) return (request.headers.authorization or ""):match("^Bearer (.+)$") end
-- User and password, or nothing.
function basic(request)
  local encoded = (request.headers.authorization or ""):match("^Basic (.+)$")
  return ((encoded and unbase64(encoded)) or ""):match("^(.-):(.*)$")
end
local expiries = {}
function issue_token(seconds_to_live)
  local token = "token-" .. hex(24)
  expiries[token] = now() + seconds_to_live * 1000
  return token
end
-- nil: the token is good; else "missing", "revoked" or "expired".
function token_problem(token)
  if not is_text(token) then return "missing" end
  local state = host.token_state(token)
  if state ~= "valid" then return state end
  if expiries[token] and expiries[token] <= now() then return "expired" end
end

-- ---- Limits

local limits, limits_count = {}, 0
-- words: rate = "100/20s" (the first that a dialect declares is the one that --limit replaces) or at_once = 10;
-- daily = true: the one that --daily-limit replaces; key(request): what is counted apart; headers(admission);
-- refuse(admission): status, body, headers.
function limit(name, words)
  local one = merge(words)
  limits_count = limits_count + 1
  if one.rate then one.requests, one.seconds = host.rate(one.rate) end
  local given = host.options.limit
  if limits_count == 1 and given then one.requests, one.seconds = given[1], given[2] end
  if one.daily and host.options.daily_limit > 0 then one.requests = host.options.daily_limit end
  one.name, one.ends = name, {}
  limits[name] = one
end

-- {admitted, limit, remaining, wait (seconds), reset (Unix seconds)} of one more under a limit of any key.
function admit(key, requests, per_seconds)
  if host.options.unlimited then return { admitted = true, limit = requests, remaining = requests, wait = 0, reset = seconds() } end
  local admitted, remaining, wait = host.admit(key, requests, per_seconds)
  local reset = seconds() + math.ceil(admitted and per_seconds or wait)
  return { admitted = admitted, limit = requests, remaining = remaining, wait = wait, reset = reset }
end

local function admit_at_once(one)
  local still = {}
  for _, finish in ipairs(one.ends) do
    if finish > now() then still[#still + 1] = finish end
  end
  one.ends = still
  local admitted = #still < one.at_once
  if admitted then still[#still + 1] = now() + host.options.latency end
  return { admitted = admitted, limit = one.at_once, remaining = one.at_once - #still, wait = 1, reset = seconds() + 1 }
end

function pass_limit(name, request, headers)
  local one = limits[name]
  if host.options.unlimited then return end
  local key = name .. " " .. (one.key and one.key(request) or "")
  local admission = one.at_once and admit_at_once(one) or admit(key, one.requests, one.seconds)
  if one.headers and headers then
    for header, value in pairs(one.headers(admission)) do headers[header] = value end
  end
  if admission.admitted then return end
  if one.refuse then refuse(one.refuse(admission)) end
  refuse(429, script.refusal(429, "too many requests"), { ["Retry-After"] = math.ceil(admission.wait) })
end

-- ---- Records

local tables = {}
local Records = {}
Records.__index = Records

-- words: fold = {"email"}, fields whose values are looked up without regard to case; first_id, where next_id starts;
-- plain_id = true: a field `id` is one of the record's fields, and not the id that the sandbox gave it.
function records(name, words)
  if tables[name] then return tables[name] end
  local one = setmetatable(merge({ name = name, rows = {}, by_id = {}, index = {}, live = 0 }, words or {}), Records)
  one.folds = {}
  for _, field in ipairs(one.fold or {}) do one.folds[field] = true end
  tables[name] = one
  return one
end

function Records:key(field, value)
  return self.folds[field] and type(value) == "string" and value:lower() or value
end
function Records:enter(record, field, value)
  local entries = self.index[field]
  local key = self:key(field, value)
  if not entries or key == nil then return end
  local entry = entries[key]
  if entry == nil then entries[key] = { record } else entry[#entry + 1] = record end
end
function Records:lay(record, fields)
  for name, value in pairs(fields) do
    if value == null then value = nil end
    if value ~= nil and value ~= record.fields[name] then self:enter(record, name, value) end
    record.fields[name] = value
  end
end
function Records:note(operation, record, fields, match)
  if host.options.history then host.note(self.name, operation, tostring(record.id), match or "", fields) end
end

function Records:create(fields, id, match)
  local at = now()
  local record = { id = id or next_id(self.name, self.first_id), fields = {}, created = at, updated = at }
  self.rows[#self.rows + 1] = record
  self.by_id[tostring(record.id)] = record
  self.live = self.live + 1
  self:lay(record, fields)
  self:note("create", record, fields, match)
  return record
end
-- null takes a field away; what is left out stays.
function Records:update(record, fields, match)
  self:lay(record, fields)
  record.updated = now()
  self:note("update", record, fields, match)
  return record
end
function Records:delete(record)
  if record.archived then return end
  record.archived, record.updated = true, now()
  self.live = self.live - 1
  self:note("delete", record, {})
end
function Records:get(id)
  local record = self.by_id[tostring(id)]
  if record and not record.archived then return record end
end
-- One that was deleted.
function Records:gone(id)
  local record = self.by_id[tostring(id)]
  if record and record.archived then return record end
end
-- Every live record with this value, in the order in which they got it.
function Records:all(field, value)
  if value == nil or value == null then return list {} end
  if field == "id" and not self.plain_id then return list { self:get(value) } end
  if not self.index[field] then
    self.index[field] = {}
    for _, record in ipairs(self.rows) do self:enter(record, field, record.fields[field]) end
  end
  local key, found, seen = self:key(field, value), list {}, {}
  for _, record in ipairs(self.index[field][key] or {}) do
    -- The index only grows: what moved on or came back is sorted out here.
    if not record.archived and not seen[record] and self:key(field, record.fields[field]) == key then
      seen[record] = true
      found[#found + 1] = record
    end
  end
  return found
end
function Records:find(field, value) return self:all(field, value)[1] end
-- As all(), but what was written less than --search-lag ago is not seen.
function Records:search(field, value)
  local seen = list {}
  for _, record in ipairs(self:all(field, value)) do
    if record.updated + host.options.search_lag <= now() then seen[#seen + 1] = record end
  end
  return seen
end
function Records:each()
  local place = 0
  return function()
    repeat place = place + 1 until self.rows[place] == nil or not self.rows[place].archived
    return self.rows[place]
  end
end

-- ---- Jobs: half of --job-time queued, half of it working; then run() takes effect

local Job = {}
Job.__index = Job
local waiting, jobs = {}, {}

function job(words)
  local one = setmetatable(merge({ kind = "job" }, words), Job)
  one.id = tostring(one.id or next_id("jobs"))
  one.created = now()
  one.works_at = one.created + host.options.job_time // 2
  one.done_at = one.created + host.options.job_time
  jobs[one.id] = one
  waiting[#waiting + 1] = one
  return one
end
function find_job(id) return jobs[tostring(id)] end
function Job:stage()
  if now() < self.works_at then return "queued" end
  return self.finished and "done" or "working"
end
-- How many of a kind are not done yet.
function unfinished(kind)
  local count = 0
  for _, one in ipairs(waiting) do count = count + (one.kind == kind and 1 or 0) end
  return count
end
local function run_due()
  if #waiting == 0 then return end
  local due, later = {}, {}
  for _, one in ipairs(waiting) do table.insert(one.done_at <= now() and due or later, one) end
  waiting = later
  for _, one in ipairs(due) do
    one.finished = true
    one:run()
  end
end

-- ---- Requests

local handlers = {}
-- options: login = false; limits = {...} instead of the vendor's; bytes: what a body may have at most.
function route(pattern, options, handler)
  if not handler then options, handler = {}, options end
  host.add_route(pattern)
  handlers[#handlers + 1] = { options = options, handler = handler }
end

local function carry_out(request, headers, place, ...)
  local found = handlers[place]
  local options = found and found.options or {}
  if options.login ~= false then script.login(request) end
  for _, name in ipairs(options.limits or script.limits) do pass_limit(name, request, headers) end
  if not found then refuse_with(place == 0 and 404 or 405, "there is no such path or method") end
  if options.bytes and #request.body > options.bytes then refuse_with(413, "the body is too large") end
  return found.handler(request, ...)
end

local function answer(request, place, ...)
  run_due()
  setmetatable(request, Request)
  request.params, request.lists = host.form(request.query)
  request.rows, request.rejected = 0, 0
  local headers = {}
  local fine, status, body, own = pcall(carry_out, request, headers, place, ...)
  if not fine then
    if getmetatable(status) ~= Refusal then error(status, 0) end
    status, body, own = status[1], status[2], status[3]
  end
  for name, value in pairs(own or {}) do headers[name] = value end
  if type(body) == "table" then body = json(body) end
  if script.after then script.after(request, status, headers, body) end
  return status, body, headers, request.rows, request.rejected
end

return {
  answer = answer,
  refusal = function(status)
    local body, headers = script.refusal(status)
    return type(body) == "table" and json(body) or body, headers
  end,
  run_due = run_due,
  tables = tables,
  path_suffix = function() return script.path_suffix or "" end,
}
