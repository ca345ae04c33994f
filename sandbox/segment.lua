-- Segment HTTP tracking API. segment.com/docs (2026). Answers 200 even for events that are dropped later.
local events, people = records("events"), records("people")
local kinds = { identify = true, track = true, page = true, screen = true, group = true, alias = true }

vendor {
  refusal = function(status, why) return { success = false, message = why or ("refused with status %d"):format(status) } end,
  login = function(request) if token_problem((basic(request)) or bearer(request)) then refuse_with(401, "Invalid write key") end end,
  limits = { "source" },
}
limit("source", { rate = "1000/1s" })

local function take(row)
  if not kinds[row.type] or not (present(row.userId) or present(row.anonymousId)) then return end
  if row.type == "track" and not is_text(row.event) then return end
  if #json(row) > 32 << 10 or chosen(tostring(row.userId or row.anonymousId)) then return end
  if row.messageId and events:find("messageId", row.messageId) then return end
  events:create(row)
  if row.type == "identify" then
    local known = people:get(row.userId or row.anonymousId)
    if known then people:update(known, row.traits or {}) else people:create(row.traits or {}, row.userId or row.anonymousId) end
  end
end
route("POST /v1/batch", { bytes = 500 << 10 }, function(request)
  local rows = request:json().batch
  if type(rows) ~= "table" then refuse_with(400, "batch is missing") end
  request.rows = #rows
  for _, row in ipairs(rows) do take(row) end
  return 200, { success = true }
end)
for kind in pairs(kinds) do
  route("POST /v1/" .. kind, { bytes = 32 << 10 }, function(request)
    request.rows = 1
    take(merge(request:json(), { type = kind }))
    return 200, { success = true }
  end)
end
