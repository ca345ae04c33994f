-- Twilio messages. twilio.com/docs/sms/api (2026). Form-encoded; nothing makes a repeat harmless.
local messages = records("messages")

local function error_of(status, code, message) return { code = code, message = message, more_info = "https://www.twilio.com/docs/errors/" .. code, status = status } end
vendor {
  refusal = function(status, why)
    local codes = { [401] = 20003, [404] = 20404, [429] = 20429 }
    return error_of(status, codes[status] or 20001, why or "The request was refused")
  end,
  limits = { "account" },
  login = function(request)
    local sid, token = basic(request)
    if not is_text(sid) or token_problem(token) then refuse_with(401, "Authenticate") end
  end,
}
limit("account", { rate = "100/1s" })

local function shown(message, account)
  local f = message.fields
  local path = ("/2010-04-01/Accounts/%s/Messages/%s"):format(account, message.id)
  return { sid = message.id, account_sid = account, api_version = "2010-04-01", to = f.To, from = f.From or null, body = f.Body, status = "queued", direction = "outbound-api",
    date_created = f.at, date_updated = f.at, date_sent = null, error_code = null, error_message = null, messaging_service_sid = f.MessagingServiceSid or null,
    num_media = "0", num_segments = "1", price = null, price_unit = "USD", uri = path .. ".json", subresource_uris = { media = path .. "/Media.json" } }
end
route("POST /2010-04-01/Accounts/{account}/Messages.json", function(request, account)
  local form = request:form()
  request.rows, request.rejected = 1, 1
  if not is_text(form.To) then refuse(400, error_of(400, 21604, "A 'To' phone number is required.")) end
  if not form.To:match("^%+%d%d%d%d%d%d%d+$") or chosen(form.To) then refuse(400, error_of(400, 21211, "Invalid 'To' Phone Number: " .. form.To)) end
  if not is_text(form.From) and not is_text(form.MessagingServiceSid) then refuse(400, error_of(400, 21603, "A 'From' phone number is required.")) end
  if not is_text(form.Body) and not is_text(form.MediaUrl) then refuse(400, error_of(400, 21602, "Message body is required.")) end
  if #(form.Body or "") > 1600 then refuse(400, error_of(400, 21617, "The concatenated message body exceeds the 1600 character limit.")) end
  request.rejected = 0
  local at = iso(now())
  return 201, shown(messages:create(merge(form, { at = at }), "SM" .. hex(32)), account)
end)
route("GET /2010-04-01/Accounts/{account}/Messages/{sid}.json", function(_, account, sid) return 200, shown(messages:get(sid) or refuse_with(404), account) end)
route("GET /2010-04-01/Accounts/{account}/Messages.json", function(_, account)
  local all = list {}
  for message in messages:each() do all[#all + 1] = shown(message, account) end
  return 200, { messages = all, page = 0, page_size = 50 }
end)
