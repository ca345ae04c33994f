-- Load for the sandbox: batches of 100 contacts of 10 properties, upserted by email.
--
--     penstock sandbox --listen 127.0.0.1:8080 --limit none
--     wrk -t1 -c4 -d10s -s bench/sandbox_upsert.lua http://127.0.0.1:8080 [ROWS]
--
-- Sends the keys 0..ROWS-1 over and over (a million unless told otherwise): the first round creates, later
-- ones update. Multiply the requests a second that wrk prints by 100 to get rows a second.

local kRowsOfBatch = 100
local bodies = {}
local next_body = 0

local function row(key)
  return string.format(
    '{"id":"person%d@example.com","idProperty":"email","objectWriteTraceId":"%d","properties":{' ..
    '"firstname":"First%d","lastname":"Last%d","phone":"+49301234%d","company":"Company %d","city":"Berlin",' ..
    '"country":"Germany","jobtitle":"Engineer","ltv":"%d.50","tier":"gold","signup_date":"2026-01-%02d"}}',
    key, key, key, key, key, key % 1000, key % 5000, key % 28 + 1)
end

local function body(first)
  local rows = {}
  for i = 0, kRowsOfBatch - 1 do rows[#rows + 1] = row(first + i) end
  return '{"inputs":[' .. table.concat(rows, ",") .. "]}"
end

-- Bodies are made before the clock starts, so that the load costs wrk next to nothing.
function init(args)
  local rows = tonumber(args[1]) or 1000000
  local headers = {["Content-Type"] = "application/json", ["Authorization"] = "Bearer bench"}
  for first = 0, rows - kRowsOfBatch, kRowsOfBatch do
    bodies[#bodies + 1] = wrk.format("POST", "/crm/v3/objects/contacts/batch/upsert", headers, body(first))
  end
end

function request()
  next_body = next_body % #bodies + 1
  return bodies[next_body]
end
