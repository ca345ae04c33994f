-- Microsoft Teams: the address of a workflow that takes an Adaptive Card (or a plain text) and answers 202.
-- learn.microsoft.com: incoming webhooks, workflows (2026). Four messages a second; 28 KB each.
local messages = records("messages")

vendor {
  refusal = function(status, why) return { error = { code = status == 401 and "Unauthorized" or status == 429 and "TooManyRequests" or "BadRequest", message = why or "refused" } } end,
  limits = { "webhook" },
}
limit("webhook", { rate = "4/1s", key = function(r) return r.path end })
route("POST /{path*}", { bytes = 28 << 10 }, function(request, path)
  local body = request:json()
  request.rows, request.rejected = 1, 1
  if request.params.sig and token_problem(request.params.sig) then refuse_with(401, "The signature is not valid") end
  local card = type(body.attachments) == "table" and body.attachments[1]
  if not is_text(body.text) and not (card and card.contentType == "application/vnd.microsoft.card.adaptive" and type(card.content) == "table") then
    refuse_with(400, "a text or an adaptive card is needed")
  end
  if chosen(json(body)) then refuse_with(400, "refused by the sandbox") end
  request.rejected = 0
  messages:create(merge(body, { path = "/" .. path }))
  return 202
end)
