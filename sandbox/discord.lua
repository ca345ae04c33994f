-- Discord: webhooks and channel messages. docs.discord.com (2026). Five messages in two seconds for each webhook.
local messages = records("messages")

local function error_of(code, message, errors) return { code = code, message = message, errors = errors } end
vendor {
  refusal = function(status, why)
    if status == 401 then return error_of(0, "401: Unauthorized") end
    if status == 429 then return { message = "You are being rate limited.", retry_after = 1, global = false } end
    return error_of(status == 404 and 10015 or 50035, why or "Invalid Form Body")
  end,
  limits = { "webhook" },
}
limit("webhook", { rate = "5/2s", key = function(r) return r.path end,
  headers = function(a)
    return { ["X-RateLimit-Limit"] = a.limit, ["X-RateLimit-Remaining"] = a.remaining, ["X-RateLimit-Reset"] = a.reset, ["X-RateLimit-Reset-After"] = a.admitted and 2 or a.wait }
  end,
  refuse = function(a) return 429, { message = "You are being rate limited.", retry_after = a.wait, global = false }, { ["Retry-After"] = math.ceil(a.wait) } end })

local function post(request, channel, status)
  local body = request:json()
  request.rows, request.rejected = 1, 1
  if not is_text(body.content) and not (type(body.embeds) == "table" and #body.embeds > 0) then refuse(400, error_of(50006, "Cannot send an empty message")) end
  if #(body.content or "") > 2000 or #(body.embeds or {}) > 10 then
    refuse(400, error_of(50035, "Invalid Form Body", { content = { _errors = list { { code = "BASE_TYPE_MAX_LENGTH", message = "Must be 2000 or fewer in length." } } } }))
  end
  if chosen(tostring(body.content)) then refuse_with(400, "refused by the sandbox") end
  request.rejected = 0
  -- With enforce_nonce a message of the same nonce is made once.
  local known = body.enforce_nonce and body.nonce and messages:find("nonce", body.nonce)
  local message = known or messages:create(merge(body, { channel_id = channel }), ("1%018d"):format(next_id("snowflakes")))
  if status == 204 then return 204 end
  return 200, merge({ id = message.id, timestamp = iso(message.created), type = 0, embeds = list {} }, message.fields)
end
route("POST /api/webhooks/{id}/{token}", function(request, id, token)
  if token_problem(token) then refuse(401, error_of(50027, "Invalid Webhook Token")) end
  return post(request, id, request.params.wait == "true" and 200 or 204)
end)
route("POST /api/{version}/channels/{id}/messages", function(request, _, id)
  if token_problem((request.headers.authorization or ""):match("^Bot (.+)$")) then refuse_with(401) end
  return post(request, id, 200)
end)
