-- Slack Web API and incoming webhooks. docs.slack.dev: rate limits, chat.postMessage, incoming webhooks (2026).
-- HTTP 200 with ok=false is an error. Channels: #general C00000001, #random C00000002, #archived C00000003; users are made
-- by the first look-up of an address at x.example, others are not found.
local channels, users = records("channels"), records("users")
local messages, groups = records("messages"), records("usergroups")
for place, name in ipairs { "general", "random", "archived" } do
  channels:create({ name = name, is_channel = true, is_archived = name == "archived", is_member = true, is_private = false }, ("C%08d"):format(place))
end

local function error_of(code, more) return merge({ ok = false, error = code }, more or {}) end
vendor {
  refusal = function(status)
    local codes = { [401] = "invalid_auth", [404] = "unknown_method", [405] = "unknown_method", [429] = "ratelimited", [503] = "service_unavailable" }
    return error_of(codes[status] or (status >= 500 and "internal_error" or "invalid_arguments"))
  end,
  login = function(request)
    local problem = token_problem(bearer(request) or request.params.token)
    if problem then refuse(200, error_of(({ missing = "not_authed", revoked = "token_revoked", expired = "token_expired" })[problem])) end
  end,
}

-- JSON or form, as the method likes it.
local function arguments(request)
  local given = request.params
  if request.method == "POST" and request.body ~= "" then
    local is_json = (request.headers["content-type"] or ""):find("^application/json")
    given = merge(given, is_json and request:json() or (request:form()))
  end
  return given
end
local function too_many(a) return 429, error_of("ratelimited"), { ["Retry-After"] = math.max(1, math.ceil(a.wait)) } end
limit("workspace", { rate = "300/1m", refuse = too_many })
limit("channel", { rate = "1/1s", key = function(r) return tostring(arguments(r).channel or r.path) end, refuse = too_many })
limit("tier 2", { rate = "20/1m", key = function(r) return r.path end, refuse = too_many })
limit("tier 3", { rate = "50/1m", key = function(r) return r.path end, refuse = too_many })

local function method(name, limits, run)
  for _, verb in ipairs { "POST", "GET" } do
    route(verb .. " /api/" .. name, { limits = limits }, function(request)
      local reply = run(arguments(request), request)
      return 200, merge({ ok = reply.error == nil }, reply)
    end)
  end
end
local function blocks_of(given)
  local blocks = given.blocks
  if type(blocks) == "string" then blocks = parse_json(blocks) or "" end
  return present(blocks) and blocks or nil
end
local function find_channel(id) return channels:get(id or "") or channels:find("name", (id or ""):gsub("^#", "")) end
-- What is wrong with the content of a message.
local function problem(given)
  local blocks = blocks_of(given)
  if not blocks and not is_text(given.text) then return "no_text" end
  if blocks and (type(blocks) ~= "table" or #blocks > 50) then return "invalid_blocks" end
  for _, block in ipairs(blocks or {}) do if type(block) ~= "table" or not is_text(block.type) then return "invalid_blocks" end end
  if is_text(given.text) and #given.text > 40000 then return "msg_too_long" end
  if chosen(tostring(given.text)) then return "restricted_action" end
end
local function stamp() return ("%d.%06d"):format(seconds(), next_id("ts")) end

method("chat.postMessage", { "workspace", "channel" }, function(given, request)
  request.rows = 1
  local channel = find_channel(given.channel)
  local user = not channel and users:get(given.channel or "")
  local wrong = not channel and not user and "channel_not_found" or channel and channel.fields.is_archived and "is_archived" or problem(given)
  if wrong then request.rejected = 1 return error_of(wrong) end
  local id = channel and channel.id or "D" .. user.id:sub(2)
  local message = { channel = id, text = given.text or "", ts = stamp(), blocks = blocks_of(given), thread_ts = given.thread_ts, metadata = given.metadata,
    type = "message", user = "U00000000", bot_id = "B00000001" }
  messages:create(message, message.ts)
  local shown = merge(message, {})
  shown.channel = nil
  return { channel = id, ts = message.ts, message = shown }
end)
method("chat.update", { "tier 3" }, function(given, request)
  request.rows = 1
  local message = messages:get(given.ts or "")
  local wrong = not message and "message_not_found" or problem(given)
  if wrong then request.rejected = 1 return error_of(wrong) end
  messages:update(message, { text = given.text, blocks = blocks_of(given) })
  return { channel = message.fields.channel, ts = message.id, text = message.fields.text, message = { text = message.fields.text } }
end)
method("chat.delete", { "tier 3" }, function(given, request)
  request.rows = 1
  local message = messages:get(given.ts or "")
  if not message then return error_of("message_not_found") end
  messages:delete(message)
  return { channel = message.fields.channel, ts = message.id }
end)
method("users.lookupByEmail", { "tier 3" }, function(given)
  local email = given.email or ""
  if not is_email(email) or not email:lower():find("@x%.example$") then return error_of("users_not_found") end
  local user = users:find("email", email:lower())
    or users:create({ email = email:lower(), name = email:match("^[^@]+") }, ("U%08d"):format(next_id("users")))
  local profile = { email = user.fields.email, real_name = user.fields.name, display_name = user.fields.name }
  return { user = { id = user.id, team_id = "T00000001", name = user.fields.name, deleted = false, is_bot = false, profile = profile } }
end)
method("conversations.list", { "tier 2" }, function(given)
  local from, most, page = tonumber(given.cursor) or 1, tonumber(given.limit) or 100, list {}
  local all = {}
  for channel in channels:each() do
    if not (tostring(given.exclude_archived) == "true" and channel.fields.is_archived) then all[#all + 1] = channel end
  end
  for place = from, math.min(#all, from + most - 1) do page[#page + 1] = merge(all[place].fields, { id = all[place].id }) end
  return { channels = page, response_metadata = { next_cursor = from + most <= #all and tostring(from + most) or "" } }
end)
method("conversations.history", { "tier 3" }, function(given)
  local found = list {}
  for message in messages:each() do if message.fields.channel == given.channel then table.insert(found, 1, message.fields) end end
  return { messages = found, has_more = false }
end)
method("usergroups.users.update", { "tier 2" }, function(given, request)
  if not is_text(given.usergroup) or not is_text(given.users) then return error_of("invalid_arguments") end
  local members = split(given.users, ",")
  request.rows = #members
  local group = groups:get(given.usergroup)
  if group then groups:update(group, { users = members }) else groups:create({ users = members }, given.usergroup) end
  return { usergroup = { id = given.usergroup, users = members, user_count = #members } }
end)
method("auth.test", {}, function() return { url = "https://example.slack.com/", team = "Example", user = "penstock", team_id = "T00000001", user_id = "U00000000" } end)

route("POST /services/{secret*}", { login = false, limits = { "channel" } }, function(request, secret)
  request.rows = 1
  local plain = { ["Content-Type"] = "text/plain" }
  if token_problem(secret) then return 404, "no_service", plain end
  local given = parse_json(request.body)
  if type(given) ~= "table" then return 400, "invalid_payload", plain end
  local wrong = problem(given)
  if wrong then request.rejected = 1 return 400, wrong, plain end
  messages:create(merge(given, { channel = "webhook", ts = stamp() }))
  return 200, "ok", plain
end)
