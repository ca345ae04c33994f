-- Google Customer Match: the Data Manager API, and the older offlineUserDataJobs of the Google Ads API.
-- developers.google.com/data-manager and /google-ads/api (2026). Members are kept as the hashed identifiers that came.
local members_max, identifiers_max, events_max = 10000, 10, 2000

local function error_of(code, status, message, details)
  return { error = { code = code, status = status, message = message, details = details } }
end
local function bad(message, field)
  refuse(400, error_of(400, "INVALID_ARGUMENT", message, field and list { { ["@type"] = "type.googleapis.com/google.rpc.BadRequest",
    fieldViolations = list { { field = field, description = message } } } } or nil))
end
vendor {
  refusal = function(status, why)
    local names = { [400] = "INVALID_ARGUMENT", [401] = "UNAUTHENTICATED", [403] = "PERMISSION_DENIED", [404] = "NOT_FOUND",
      [429] = "RESOURCE_EXHAUSTED", [503] = "UNAVAILABLE" }
    local details = status == 429 and list { { ["@type"] = "type.googleapis.com/google.rpc.ErrorInfo", metadata = { quota_limit = "RequestsPerMinutePerProject" } } } or nil
    return error_of(status, names[status] or "INTERNAL", why or "The request was refused", details)
  end,
  limits = { "minute", "day" },
  login = function(request) if token_problem(bearer(request)) then refuse_with(401, "Request had invalid authentication credentials.") end end,
}
local function exhausted() refuse_with(429, "Quota exceeded") end
limit("minute", { rate = "300/1m", key = function(r) return r.method == "GET" and "read" or "write" end, refuse = exhausted })
limit("day", { rate = "100000/24h", daily = true, refuse = exhausted })

local function is_hash(value) return type(value) == "string" and (value:match("^%x+$") == value and #value == 64 or #value == 44) end
local hashed = { emailAddress = true, phoneNumber = true, givenName = true, familyName = true,
  hashedEmail = true, hashedPhoneNumber = true, hashedFirstName = true, hashedLastName = true }

-- The text of one identifier, or what is wrong with it.
local function identifier(one)
  local kinds = {}
  for kind in sorted(one) do if kind ~= "userIdentifierSource" then kinds[#kinds + 1] = kind end end
  if #kinds ~= 1 then return nil, "exactly one identifier must be set" end
  local kind, value = kinds[1], one[kinds[1]]
  if type(value) ~= "table" then value = { [kind] = value } end
  local parts = {}
  for name, text in sorted(value) do
    if hashed[name] and not is_hash(text) then return nil, name .. " is not a SHA-256 hash" end
    parts[#parts + 1] = name .. "=" .. tostring(text)
  end
  if value ~= one[kind] and not hashed[kind] and kind ~= "mobileId" and kind ~= "thirdPartyUserId" then return nil, kind .. " is not an identifier" end
  return table.concat(parts, "&")
end
local function identifiers(all, most)
  if type(all) ~= "table" or #all == 0 then return nil, "userIdentifiers is missing" end
  if #all > most then return nil, "too many identifiers" end
  local keys = list {}
  for place, one in ipairs(all) do
    local key, wrong = identifier(one)
    if not key then return nil, wrong end
    keys[place] = key
  end
  return keys
end
local function add(id, keys)
  local store = records("list_" .. id)
  local key = table.concat(keys, " ")
  if not store:find("key", key) then store:create { key = key, identifiers = keys } end
end
local function remove(id, keys)
  local store = records("list_" .. id)
  local member = store:find("key", table.concat(keys, " "))
  if member then store:delete(member) end
end

-- ---- Data Manager

local function lists_of(body)
  if type(body.destinations) ~= "table" or #body.destinations == 0 or #body.destinations > 10 then bad("1 to 10 destinations", "destinations") end
  local lists = {}
  for place, one in ipairs(body.destinations) do
    local account = one.operatingAccount
    if type(account) ~= "table" or not tostring(account.accountId):match("^%d+$") then
      bad("the account id has digits only", ("destinations[%d].operating_account"):format(place - 1))
    end
    lists[place] = tostring(one.productDestinationId or bad("no product destination", ("destinations[%d].product_destination_id"):format(place - 1)))
  end
  return lists
end
local function keys_of(member, encoding)
  if member.mobileData then return list { json(member.mobileData) } end
  if member.userIdData then return list { json(member.userIdData) } end
  if type(member.userData) ~= "table" then return nil, "a member needs data" end
  if encoding == nil then return nil, "encoding is missing" end
  return identifiers(member.userData.userIdentifiers, identifiers_max)
end
local function change(request, take, adding)
  local body = request:json()
  local lists, rows, keys = lists_of(body), body.audienceMembers, {}
  if type(rows) ~= "table" or #rows == 0 or #rows > members_max then bad("1 to 10000 audience members", "audience_members") end
  if adding and not (body.termsOfService and body.termsOfService.customerMatchTermsOfServiceStatus == "ACCEPTED") then
    bad("the terms of service must be accepted", "terms_of_service")
  end
  request.rows = #rows
  for place, member in ipairs(rows) do
    local found, wrong = keys_of(member, body.encoding)
    if not found then bad(wrong, ("audience_members[%d].user_data"):format(place - 1)) end
    keys[place] = found
  end
  local refused = 0
  for _, one in ipairs(keys) do refused = refused + (chosen(one[1]) and 1 or 0) end
  local work = job { kind = "ingest", id = uuid(), destinations = body.destinations, adding = adding, count = #rows, refused = refused }
  work.run = function()
    for _, one in ipairs(body.validateOnly and {} or keys) do
      for _, id in ipairs(lists) do if not chosen(one[1]) then take(id, one) end end
    end
  end
  return 200, { requestId = work.id }
end
route("POST /v1/audienceMembers:ingest", function(request) return change(request, add, true) end)
route("POST /v1/audienceMembers:remove", function(request) return change(request, remove, false) end)
route("POST /v1/events:ingest", function(request)
  local body = request:json()
  lists_of(body)
  if type(body.events) ~= "table" or #body.events == 0 or #body.events > events_max then bad("1 to 2000 events", "events") end
  request.rows = #body.events
  for _, event in ipairs(body.events) do records("events"):create(event) end
  return 200, { requestId = job({ kind = "ingest", id = uuid(), destinations = body.destinations, count = #body.events, refused = 0, run = function() end }).id }
end)
route("GET /v1/requestStatus:retrieve", function(request)
  local work = find_job(request.params.requestId or "") or refuse_with(404, "no such request")
  local all = list {}
  for place, destination in ipairs(work.destinations) do
    local done = work:stage() == "done"
    local status = not done and "PROCESSING" or work.refused == 0 and "SUCCESS" or work.refused < work.count and "PARTIAL_SUCCESS" or "FAILED"
    all[place] = { destination = destination, requestStatus = status }
    if done and work.refused > 0 then
      all[place].errorInfo = { errorCounts = list { { recordCount = tostring(work.refused), reason = "PROCESSING_ERROR_REASON_INTERNAL_ERROR" } } }
    end
    if work.adding ~= nil then
      all[place][work.adding and "audienceMembersIngestionStatus" or "audienceMembersRemovalStatus"] =
        { [work.adding and "userDataIngestionStatus" or "userDataRemovalStatus"] = { recordCount = tostring(work.count) } }
    end
  end
  return 200, { requestStatusPerDestination = all }
end)

-- ---- Google Ads: a job is made, filled, run, and asked for

local ads = {}
local ads_login = function(request)
  if token_problem(bearer(request)) then refuse_with(401) end
  if not is_text(request.headers["developer-token"]) then refuse_with(403, "developer-token is missing") end
end
local function failure(rows)
  local errors = list {}
  for _, row in ipairs(rows) do
    errors[#errors + 1] = { errorCode = { offlineUserDataJobError = "INVALID_SHA256_FORMAT" }, message = row[2],
      location = { fieldPathElements = list { { fieldName = "operations", index = row[1] }, { fieldName = "create" } } } }
  end
  return { code = 3, message = "Multiple errors in 'details'.", details = list { { ["@type"] = "type.googleapis.com/google.ads.googleads.v24.errors.GoogleAdsFailure", errors = errors } } }
end
local function user_list(metadata)
  local name = type(metadata) == "table" and metadata.userList or bad("userList is missing")
  return name:match("userLists/(%d+)$") or bad("userList is no resource name")
end
-- Operations as {add or remove, keys}; those that are wrong by their index.
local function operations_of(rows, held)
  local good, wrong = held or {}, {}
  for place, operation in ipairs(rows) do
    local adding = operation.create ~= nil
    local keys, why = identifiers((operation.create or operation.remove or {}).userIdentifiers, 20)
    if operation.removeAll then
      good[#good + 1] = { all = true }
    elseif not keys or chosen(keys[1]) then
      wrong[#wrong + 1] = { place - 1, why or "refused by the sandbox" }
    else
      if #good > 0 and good[1].adding ~= nil and good[1].adding ~= adding then bad("CONFLICTING_OPERATION") end
      good[#good + 1] = { adding = adding, keys = keys }
    end
  end
  return good, wrong
end
local function carry_out(id, operations)
  for _, one in ipairs(operations) do
    if one.all then
      for member in records("list_" .. id):each() do records("list_" .. id):delete(member) end
    elseif one.adding then
      add(id, one.keys)
    else
      remove(id, one.keys)
    end
  end
end
route("POST /{version}/customers/{customer}/offlineUserDataJobs:create", function(request, _, customer)
  ads_login(request)
  local body = request:json().job or bad("job is missing")
  local one = { list = user_list(body.customerMatchUserListMetadata), operations = {}, name = ("customers/%s/offlineUserDataJobs/%d"):format(customer, next_id("ads", 5001)) }
  ads[one.name] = one
  return 200, { resourceName = one.name }
end)
local function ads_job(customer, id) return ads[("customers/%s/offlineUserDataJobs/%s"):format(customer, id)] or refuse_with(404, "no such job") end
route("POST /{version}/customers/{customer}/offlineUserDataJobs/{id}:addOperations", function(request, _, customer, id)
  ads_login(request)
  local one, body = ads_job(customer, id), request:json()
  if one.work then bad("the job runs already") end
  local rows = body.operations or bad("operations is missing")
  request.rows = #rows
  if #rows > 100000 then bad("too many operations") end
  local _, wrong = operations_of(rows, one.operations)
  request.rejected = #wrong
  if #wrong == 0 then return 200, {} end
  if not body.enablePartialFailure then bad(wrong[1][2], ("operations[%d]"):format(wrong[1][1])) end
  return 200, { partialFailureError = failure(wrong) }
end)
route("POST /{version}/customers/{customer}/offlineUserDataJobs/{id}:run", function(request, _, customer, id)
  ads_login(request)
  local one = ads_job(customer, id)
  if one.work then bad("the job runs already") end
  one.work = job { kind = "ads", run = function() carry_out(one.list, one.operations) end }
  return 200, { name = one.name, done = false }
end)
route("POST /{version}/customers/{customer}/googleAds:search", function(request)
  ads_login(request)
  local name = (request:json().query or ""):match("resource_name%s*=%s*'([^']+)'")
  local one = name and ads[name]
  if not one then return 200, { results = list {} } end
  local states = { queued = "PENDING", working = "RUNNING", done = "SUCCESS" }
  local state = one.work and states[one.work:stage()] or "PENDING"
  return 200, { fieldMask = "offlineUserDataJob.status", results = list { { offlineUserDataJob = { resourceName = name, status = state, type = "CUSTOMER_MATCH_USER_LIST" } } } }
end)
route("POST /{version}/customers/{customer}:uploadUserData", function(request)
  ads_login(request)
  local body = request:json()
  local rows = body.operations or bad("operations is missing")
  request.rows = #rows
  if #rows > 10 then bad("at most 10 operations") end
  local good, wrong = operations_of(rows)
  if #wrong > 0 then bad(wrong[1][2], ("operations[%d]"):format(wrong[1][1])) end
  carry_out(user_list(body.customerMatchUserListMetadata), good)
  return 200, { uploadDateTime = iso(now()), receivedOperationsCount = #rows }
end)

route("POST /token", { login = false, limits = {} }, function(request)
  local form = request:form()
  local held = form.assertion or form.refresh_token
  if not is_text(held) or token_problem(held) then return 400, { error = "invalid_grant", error_description = "Bad Request" } end
  return 200, { access_token = issue_token(3600), expires_in = 3599, token_type = "Bearer", scope = form.scope or "https://www.googleapis.com/auth/datamanager" }
end)
